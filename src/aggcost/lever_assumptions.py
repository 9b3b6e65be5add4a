"""What a policy's levers take on trust, in lines of the report: measured on this log where the log can tell."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aggcost import answer_lengths, sticky
from aggcost.arm_rates import names_of
from aggcost.assumed import resting
from aggcost.candidates import Candidate
from aggcost.integers import Mask
from aggcost.levers import Pair, Ranged
from aggcost.money import plain, settle
from aggcost.policy import Rule, Split
from aggcost.replay import Routed
from aggcost.report import Assumption
from aggcost.routes import UNPAID, Balance, Cascade
from aggcost.units import Requests


def lever_assumptions(found: Candidate) -> tuple[Assumption, ...]:
    """Return what stands behind the figures of a policy without being in the log, a line for each assumption."""
    return (
        *_sticky(found),
        *_cut_answers(found),
        *_waiting(found),
        *_ratios(found),
        *_targets(found),
        *_not_assumed(found),
    )


def _targets(found: Candidate) -> Iterator[Assumption]:
    for index, rule in enumerate(found.policy.rules):
        requests = resting(found.cells, found.routed, found.routed.rule == index)
        source = f"{found.policy.path}:{rule.line}"
        match rule.target:
            case Cascade(_, escalate):
                value = ", ".join(f"{plain(percent)} %" for percent in escalate)
                yield Assumption(
                    name=f"answers that escalate in {rule.name}", value=value, source=source, requests=requests
                )
            case Balance():
                value = "by 1 / cost², all of them stable"
                yield Assumption(name=f"shares of routes in {rule.name}", value=value, source=source, requests=requests)
            case _:
                pass


def _ratios(found: Candidate) -> Iterator[Assumption]:
    for place, pair in enumerate(found.policy.levers.pairs, 1):
        source = "any other model" if pair.source is None else str(pair.source)
        requests = _scaled(found, place)
        for what, ratio in (("tokens", pair.tokens), ("answers", pair.answer)):
            if ratio != Ranged():
                yield Assumption(
                    name=f"{what} of {pair.target} for one of {source}",
                    value=plain(settle(ratio.value)),
                    source=_told_by(found, pair) if what == "answers" else f"{found.policy.path}:{pair.line}",
                    range=" to ".join(plain(settle(end)) for end in ratio.ends) or None,
                    requests=requests,
                )


def _told_by(found: Candidate, pair: Pair) -> str:
    where = f"{found.policy.path}:{pair.line}"
    return where if pair.answers is None else "{}, learned from {:,} and {:,} answers".format(where, *pair.answers)


def _not_assumed(found: Candidate) -> Iterator[Assumption]:
    """Yield where the log shows other lengths of answers, and the policy takes them to be as they were."""
    lengths = answer_lengths.of_cells(found.cells, found.rates.card)
    names = found.rates.scaling.names if found.policy.levers.pairs else names_of(found.rates.card)
    scale = found.parts[0].shares.scale
    plain_ones = np.ones(len(found.routed.cell), dtype=bool) if scale is None else scale == 0
    provider, model = found.cells.dims["provider"], found.cells.dims["model"]
    for position, route in enumerate(found.routed.routes):
        shares = (found.routed.route == position) & plain_ones
        if route is None or route in UNPAID or not shares.any():
            continue
        target = names(route.provider, route.model)
        codes = provider.codes.astype(np.int64) * len(model.values) + model.codes
        for code in np.unique(codes[found.routed.cell[shares]]).tolist():
            logged = provider.values[code // len(model.values)], model.values[code % len(model.values)]
            source = names(*logged)
            told = None if source == target else answer_lengths.ratio(lengths, source, target)
            if told is not None and told.ratio != 1:
                yield Assumption(
                    name=f"answers of {route} for one of {'/'.join(one or '?' for one in logged)}",
                    value="1",
                    source="the log has {} from {:,} and {:,} answers".format(plain(settle(told.ratio)), *told.answers),
                    requests=resting(found.cells, found.routed, shares & (codes == code)[found.routed.cell]),
                )


def _scaled(found: Candidate, place: int) -> Requests:
    """Return how many requests move by a pair of models."""
    scale = found.parts[0].shares.scale
    return 0 if scale is None else resting(found.cells, found.routed, scale == place)


def _cut_answers(found: Candidate) -> Iterator[Assumption]:
    for cut in found.cuts:
        yield Assumption(
            name=f"answers cut at {cut.cap.tokens:,} tokens, none asked again",
            value=f"{cut.answers:,} answers, {cut.saved_tokens:,} tokens less",
            source=f"{found.policy.path}:{cut.cap.line}",
        )


def _waiting(found: Candidate) -> Iterator[Assumption]:
    for one in found.policy.levers.waiting:
        yield Assumption(
            name=f"requests that may wait {one.delay}",
            value=f"{one.where.text}: {one.tier} tier, without effect on who waits",
            source=f"{found.policy.path}:{one.line}",
        )


def _sticky(found: Candidate) -> Iterator[Assumption]:
    for index, rule in enumerate(found.policy.rules):
        if isinstance(rule.target, Split) and rule.target.sticky:
            yield from _without_session(found, index, rule)


def _without_session(found: Candidate, index: int, rule: Rule) -> Iterator[Assumption]:
    """Yield how many requests of a sticky split have no session, and by what they were decided instead."""
    of_rule = _once(found.routed, found.routed.rule == index, len(found.cells))
    nameless = of_rule & found.cells.dims[sticky.key(rule.name)].where(None)
    alone = of_rule & found.cells.dims["session_id"].where(None) & ~nameless
    for mask, value in ((alone, "each decided by its own id"), (nameless, "split by weight, having no id either")):
        requests = int(found.cells.sums["requests"][mask].sum())
        if requests:
            yield Assumption(
                name=f"requests without a session in {rule.name}",
                value=f"{requests:,}, {value}",
                source=f"{found.policy.path}:{rule.line}",
            )


def _once(routed: Routed, shares: Mask, size: int) -> Mask:
    """Return which cells some of these shares are of."""
    cells = np.zeros(size, dtype=bool)
    cells[routed.cell[shares]] = True
    return cells
