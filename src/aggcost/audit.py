"""The audit of recorded cost: what a log says that requests cost, held against the prices, request by request."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction

from aggcost import origin, scanning
from aggcost.baseline import Baseline, Options, baseline
from aggcost.engine import open_engine
from aggcost.errors import DataQualityError, UsageError
from aggcost.implied import implied_price, in_words
from aggcost.importers import again, read_usage
from aggcost.integers import total
from aggcost.ledger import USAGE
from aggcost.meters import EXTRA_KEYS, TOKEN_KEYS
from aggcost.money import percent, settle
from aggcost.report_arms import Tokens
from aggcost.report_audit import Audit, AuditedModel, Explained, OddRequest
from aggcost.single_rows import Found, OddRow, Rows

ODD_SHOWN = 20
_CACHE_WRITES = ("cache_write_5m", "cache_write_1h", "cache_write_other")


def audit(options: Options, tolerance_percent: Decimal = Decimal("0.1")) -> Audit:
    """Return recorded against rated cost; DataQualityError where the log records no cost of a priced request."""
    if not 0 <= tolerance_percent < 100:  # noqa: PLR2004
        raise UsageError(f"--tolerance {tolerance_percent}: expected a percentage of at least 0 and less than 100")
    with open_engine(
        options.engine, master=options.master, threads=options.threads, memory_limit=options.memory_limit
    ) as engine:
        usage = read_usage(engine, options.logs, options.read)
        base = baseline(engine, usage, options, (), detailed=False)
        wanted = scanning.for_prices(engine, usage.table, base.rates.card)
        rows = Rows(engine, usage.table, base.rates.card, wanted, Fraction(tolerance_percent) / 100)
        outcomes = rows.outcomes()
        odd = rows.odd(ODD_SHOWN)
    if not outcomes:
        raise DataQualityError(
            "nothing to audit: no request has both a recorded cost and a price",
            hint="name the column of the cost: --map cost_usd=COLUMN; aggcost analyze shows what has no price",
        )
    return _audit(options, base, outcomes, odd, tolerance_percent)


def _audit(
    options: Options, base: Baseline, outcomes: Sequence[Found], odd: Sequence[OddRow], tolerance_percent: Decimal
) -> Audit:
    models = sorted(_models(outcomes), key=lambda one: (-abs(one.difference), one.key))
    requests, agree = sum(one.requests for one in models), sum(one.agree for one in models)
    recorded, rated = _total(one.recorded for one in models), _total(one.rated for one in models)
    return Audit(
        inputs=origin.inputs(base.usage.inputs),
        prices=origin.prices(base.rates.card),
        period=origin.period(base.ledgers),
        coverage=base.coverage,
        tolerance_percent=tolerance_percent,
        requests=requests,
        without_recorded=_without_recorded(base),
        agree=agree,
        agree_percent=percent(agree, requests),
        recorded=recorded,
        rated=rated,
        difference=recorded - rated,
        difference_percent=percent(recorded - rated, rated),
        causes=_causes(outcomes),
        models=tuple(models),
        odd=tuple(map(_odd, odd)),
        issues=base.issues,
        next_commands=_next(options, models),
    )


def _without_recorded(base: Baseline) -> int:
    cells = base.ledgers.cells
    silent = cells.dims["outcome"].where(USAGE) & cells.dims["recorded"].where(value=False)
    return total(cells.sums["requests"][silent])


def _models(outcomes: Iterable[Found]) -> list[AuditedModel]:
    by_model: dict[tuple[str | None, str], list[Found]] = {}
    for one in outcomes:
        by_model.setdefault((one.priced.provider, one.priced.model), []).append(one)
    return [_model(provider, model, found) for (provider, model), found in by_model.items()]


def _model(provider: str | None, model: str, found: Sequence[Found]) -> AuditedModel:
    requests = sum(one.rows for one in found)
    agree = sum(one.rows for one in found if one.cause is None)
    recorded, rated = _usd(found, "recorded_usd"), _usd(found, "rated_usd")
    return AuditedModel(
        key=_who(provider, model),
        provider=provider,
        model=model,
        requests=requests,
        agree=agree,
        agree_percent=percent(agree, requests),
        recorded=recorded,
        rated=rated,
        difference=recorded - rated,
        causes=_causes(found),
    )


def _causes(found: Iterable[Found]) -> tuple[Explained, ...]:
    """Return what explains the requests that do not agree, the largest difference first."""
    by_cause: dict[tuple[str, str], list[Found]] = {}
    for one in found:
        if one.cause is not None:
            by_cause.setdefault((one.cause.name, one.cause.detail), []).append(one)
    explained = [_explained(name, detail, several) for (name, detail), several in by_cause.items()]
    return tuple(sorted(explained, key=lambda one: (-abs(one.difference), one.name, one.detail)))


def _explained(name: str, detail: str, found: Sequence[Found]) -> Explained:
    recorded, rated = _usd(found, "recorded_usd"), _usd(found, "rated_usd")
    return Explained(
        name=name,
        detail=detail,
        requests=sum(one.rows for one in found),
        recorded=recorded,
        rated=rated,
        difference=recorded - rated,
    )


def _odd(row: OddRow) -> OddRequest:
    units = {key: int(row.fields.get(key) or 0) for key in (*TOKEN_KEYS, *EXTRA_KEYS)}
    implied = implied_price(row.recorded_usd, units, row.priced.own.prices)
    recorded, rated = settle(row.recorded_usd), settle(row.rated_usd)
    moment = row.fields.get("ts")
    return OddRequest(
        key=_who(row.priced.provider, row.priced.model),
        file=row.fields.get("source_file"),
        line=row.fields.get("source_line"),
        time=None if moment is None else f"{moment.isoformat(timespec='seconds')}Z",
        request_id=row.fields.get("request_id"),
        provider=row.priced.provider,
        model=row.priced.model,
        tokens=Tokens(
            input=units["input"],
            cache_read=units["cache_read"],
            cache_write=sum(units[key] for key in _CACHE_WRITES),
            output=units["output"],
        ),
        recorded=recorded,
        rated=rated,
        difference=recorded - rated,
        explanation=None if implied is None else in_words(*implied),
    )


def _who(provider: str | None, model: str) -> str:
    return model if provider is None else f"{provider}/{model}"


def _usd(found: Iterable[Found], name: str) -> Decimal:
    return settle(sum((getattr(one, name) for one in found), Fraction(0)))


def _total(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))


def _next(options: Options, models: Sequence[AuditedModel]) -> tuple[str, ...]:
    odd = [one for one in models if one.agree < one.requests]
    logs = " ".join(shlex.quote(again(log)) for log in options.logs)
    shown = (f"aggcost prices show {shlex.quote(odd[0].model)}",) if odd else ()
    return (f"aggcost audit {logs} --detail", *shown)
