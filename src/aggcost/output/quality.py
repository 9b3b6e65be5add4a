"""Outcomes on the page: how good the models are, and what a coin or an oracle would reach with them."""

from __future__ import annotations

from aggcost.output.blocks import Facts
from aggcost.output.clean import clean
from aggcost.output.figures import count, dollars, percentage, share
from aggcost.report_compare import Comparison
from aggcost.report_quality import Quality

_MODELS_SHOWN = 4


def quality_facts(comparison: Comparison) -> Facts | None:
    """Return what a file of outcomes says of a policy, or None where it names none."""
    found = comparison.quality
    if found is None:
        return None
    words = [("quality", _models(found)), ("", _floor(found)), ("", _cheapest(found)), ("", _requests(found))]
    return Facts(tuple((name, text) for name, text in words if text))


def _models(found: Quality) -> str:
    shown = [f"{clean(one.model)} {share(one.correct_percent)}" for one in found.models[:_MODELS_SHOWN]]
    more = f" and {len(found.models) - _MODELS_SHOWN} more" if len(found.models) > _MODELS_SHOWN else ""
    oracle = f"{share(found.oracle_percent)} with the right model for each"
    return f"of {count(found.questions)} questions right: {', '.join(shown)}{more}, {oracle} (assumed)"


def _floor(found: Quality) -> str:
    if found.floor_random_percent is None:
        return ""
    wanted = f"{percentage(found.floor_percent)} of the best needs it for {share(found.floor_random_percent)} at random"
    if found.floor_oracle_percent is None:
        return wanted
    return f"{wanted}, for {share(found.floor_oracle_percent)} by an oracle"


def _cheapest(found: Quality) -> str:
    if found.cheapest_at_floor is None:
        return ""
    return (
        f"cheapest route that is as good: {dollars(found.cheapest_at_floor_cost)} to {clean(found.cheapest_at_floor)}"
    )


def _requests(found: Quality) -> str:
    if found.after_percent is None:
        return "no request has a model of these"
    changed = f"requests right: {share(found.before_percent)} today, {share(found.after_percent)} with these rules"
    coin = "" if found.random_percent is None else f"; as a coin with the best for {share(found.random_percent)}"
    return f"{changed} ({percentage(found.known_percent)} of them known){coin}"
