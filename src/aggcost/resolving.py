"""How every name of a log was read, and by which source it was priced."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from aggcost.baseline import Options, baseline
from aggcost.engine import open_engine
from aggcost.importers import read_usage
from aggcost.ratecard import RateLine, Resolution, Unpriced
from aggcost.rating import Charge
from aggcost.report_names import ReadName

SUGGESTED = 3


def resolve(options: Options) -> list[ReadName]:
    """Return every logged (provider, model), the one with most tokens first."""
    with open_engine(
        options.engine, master=options.master, threads=options.threads, memory_limit=options.memory_limit
    ) as engine:
        base = baseline(engine, read_usage(engine, options.logs, options.read), options, (), detailed=False)
    groups: dict[tuple[Any, Any], list[Charge]] = {}
    for charge in base.charges.rows:
        groups.setdefault((charge.keys["provider"], charge.keys["model"]), []).append(charge)
    names = [
        _read_name(provider, model, base.rates.resolve(provider, model), charges, base.charges.whole)
        for (provider, model), charges in groups.items()
    ]
    return sorted(names, key=lambda name: (-name.tokens, -name.requests, name.provider or "", name.model or ""))


def _read_name(
    provider: str | None, model: str | None, found: Resolution, charges: Sequence[Charge], whole: int
) -> ReadName:
    unpriced = [charge for charge in charges if charge.cost is None]
    rates = found.rates
    return ReadName(
        provider=provider,
        model=model,
        requests=sum(charge.requests for charge in charges) // whole,
        tokens=sum(sum(charge.tokens) for charge in charges) // whole,
        how=found.how if model else "the log names no model",
        read_as=None if rates is None else f"{rates.provider}/{rates.model}",
        sources=_distinct(source for charge in charges if (source := _source(charge))),
        unpriced_requests=sum(charge.requests for charge in unpriced) // whole,
        unpriced=_distinct(_reason(charge) for charge in unpriced),
        suggestions=found.suggestions[:SUGGESTED] if model and rates is None else (),
    )


def _source(charge: Charge) -> str | None:
    """Return the name of the source that priced a group of requests."""
    if charge.cost is None or not isinstance(charge.line, RateLine):
        return None
    return charge.line.source.rpartition(": ")[0]


def _reason(charge: Charge) -> str:
    return charge.line.reason if isinstance(charge.line, Unpriced) else "unpriced_meter"


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(texts)))
