"""How long answers of one model are against those of another, where a log has both for the same tasks.

For each task the mean answers of both models are compared, and tasks count by the requests of the model that requests
move from. The two served different requests of a task, so the ratio is a hint, not a proof. It is one of tokens, each
model's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from aggcost import ledger
from aggcost.arm_rates import names_of
from aggcost.errors import ConfigError
from aggcost.integers import group_sums
from aggcost.ledger import USAGE, Cells
from aggcost.levers import Pair, Ranged
from aggcost.money import round_half_even
from aggcost.policy import Policy
from aggcost.scales import Key

if TYPE_CHECKING:
    import ibis

    from aggcost.engine import Engine
    from aggcost.ratecard import RateCard

FEWEST = 100  # answers of each model to a task
_PLACES = 3
Lengths = Mapping[tuple[str | None, Key], tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Learned:
    """How many tokens an answer of one model has for one of another, and how many answers of both say so."""

    ratio: Fraction
    answers: tuple[int, int]


def learned(engine: Engine, usage: ibis.Table, policies: Sequence[tuple[Policy, RateCard]]) -> list[Policy]:
    """Return the policies with the ratios that they want learned from the log; one scan more where one does.

    ConfigError where the log cannot tell.
    """
    if not any(pair.learned for policy, _ in policies for pair in policy.levers.pairs):
        return [policy for policy, _ in policies]
    rows = _scan(engine, usage)
    return [_told(policy, _by_name(rows, card), names_of(card)) for policy, card in policies]


def of_cells(cells: Cells, card: RateCard) -> Lengths:
    """Return the answers of each task and model in a ledger: how many, and their tokens."""
    dims = [cells.dims[name] for name in ("task", "provider", "model")]
    rows = np.flatnonzero(
        cells.dims["outcome"].where(USAGE) & cells.dims["status"].mask(lambda one: one in (None, "ok"))
    )
    taken = [dim.take(rows) for dim in dims]
    codes, members = ledger.group(taken, len(rows))
    sums = [group_sums(codes, len(members), cells.sums[name][rows]) for name in ("requests", "output")]
    found = [
        (*(dim.values[dim.codes[member]] for dim in taken), requests, tokens)
        for member, requests, tokens in zip(members.tolist(), *sums, strict=True)
    ]
    return _by_name(found, card)


def ratio(lengths: Lengths, source: Key, target: Key) -> Learned | None:
    """Return how long answers of `target` are against those of `source`, None without a task that both served."""
    tasks = sorted({task for task, key in lengths if key == source}, key=lambda task: task or "")
    both = [(lengths[task, source], lengths.get((task, target), (0, 0))) for task in tasks]
    both = [(one, other) for one, other in both if min(one[0], other[0]) >= FEWEST]
    before = sum(tokens for (_, tokens), _ in both)
    after = sum((Fraction(n * other_tokens, other_n) for (n, _), (other_n, other_tokens) in both), Fraction(0))
    if not before or not after:
        return None
    answers = (sum(n for (n, _), _ in both), sum(n for _, (n, _) in both))
    return Learned(Fraction(round_half_even(after / before, _PLACES)), answers)


_Row = tuple[str | None, str | None, str | None, int, int]


def _scan(engine: Engine, usage: ibis.Table) -> list[_Row]:
    served = usage.filter(
        ledger.accepted(usage), usage.billable.isnull() | usage.billable,
        usage.status.fill_null("ok") == "ok", usage.output.notnull(),
    )  # fmt: skip
    counted = served.group_by("task", "provider", "model").aggregate(
        requests=served.request_count.sum().cast("int64"), tokens=served.output.sum().cast("int64")
    )
    return [
        (row["task"], row["provider"], row["model"], int(row["requests"]), int(row["tokens"]))
        for row in engine.to_arrow(counted).to_pylist()
    ]


def _by_name(rows: Sequence[_Row], card: RateCard) -> Lengths:
    """Return the sums by task and model, names that the card reads as one model together."""
    names, found = names_of(card), dict[tuple[str | None, Key], tuple[int, int]]()
    for task, provider, model, requests, tokens in rows:
        key = (task, names(provider, model))
        n, sum_tokens = found.get(key, (0, 0))
        found[key] = (n + requests, sum_tokens + tokens)
    return found


def _told(policy: Policy, lengths: Lengths, names: Callable[[str | None, str | None], Key]) -> Policy:
    pairs = tuple(_pair(policy, pair, lengths, names) if pair.learned else pair for pair in policy.levers.pairs)
    return replace(policy, levers=replace(policy.levers, pairs=pairs))


def _pair(policy: Policy, pair: Pair, lengths: Lengths, names: Callable[[str | None, str | None], Key]) -> Pair:
    source, target = pair.source, pair.target
    found = source and ratio(lengths, names(source.provider, source.model), names(target.provider, target.model))
    if not found:
        raise ConfigError(
            f"{policy.path}:{pair.line}: answer_ratio: learned: the log has no task of which {source} and {target} "
            f"both answered {FEWEST} requests",
            hint="state a number, with a range: {value: 1.2, low: 1, high: 1.5}",
        )
    # What the log tells is in each model's own tokens: the ratio of the tokens is in it already.
    length = Fraction(round_half_even(found.ratio / pair.tokens.value, _PLACES))
    return replace(pair, answer=Ranged(length), learned=False, answers=found.answers)
