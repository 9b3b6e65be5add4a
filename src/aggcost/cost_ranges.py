"""What a policy costs at the ends of what it assumes: the whole policy is decided and rated anew at each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from aggcost.baseline import Baseline, monthly_usd
from aggcost.candidates import candidate
from aggcost.levers import Pair, Ranged
from aggcost.money import plain, settle
from aggcost.policy import Policy
from aggcost.rating import Rates
from aggcost.sensitivity import CostRange
from aggcost.units import Usd


def cost_ranges(base: Baseline, policy: Policy, own: Rates) -> tuple[CostRange, ...]:
    """Return the assumptions of a policy that have a range, with what a month costs more or less at either end.

    Limits and response caches, which look at requests in their order, are left out on both sides of that difference.
    """
    ranged, found = list(_ranged(policy)), []
    stated = _cost(base, policy, own) if ranged else None
    if stated is None:
        return ()
    for place, pair, what, ratio in ranged:
        costs = [_cost(base, _with(policy, place, what, end), own) for end in ratio.ends]
        known = [cost - stated for cost in costs if cost is not None]
        if len(known) == len(ratio.ends):
            name = "token_ratio" if what == "tokens" else "answer_ratio"
            source = "any other model" if pair.source is None else str(pair.source)
            ends = [f"{plain(settle(end))}" for end in ratio.ends]
            text = f"{what} of {pair.target} for one of {source}"
            found.append(
                CostRange(f"{name}: {source} to {pair.target}", text, (ends[0], ends[1]), (known[0], known[1]))
            )
    return tuple(found)


def _ranged(policy: Policy) -> Iterator[tuple[int, Pair, str, Ranged]]:
    for place, pair in enumerate(policy.levers.pairs):
        for what, ratio in (("tokens", pair.tokens), ("answers", pair.answer)):
            if ratio.ends:
                yield place, pair, what, ratio


def _with(policy: Policy, place: int, what: str, value: Fraction) -> Policy:
    """Return the policy that assumes another value in one place."""
    pairs = list(policy.levers.pairs)
    changed, ratio = pairs[place], Ranged(value)
    pairs[place] = replace(changed, tokens=ratio) if what == "tokens" else replace(changed, answer=ratio)
    return replace(policy, levers=replace(policy.levers, pairs=tuple(pairs)))


def _cost(base: Baseline, policy: Policy, own: Rates) -> Usd | None:
    return monthly_usd(base.month, candidate(policy, base.ledgers, base.truths, own, base.dims).after)
