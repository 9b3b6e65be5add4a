"""The quality of the models of a policy, as a file of outcomes has it, and what a coin or an oracle would reach."""

from __future__ import annotations

from dataclasses import dataclass

from aggcost.units import Count, Label, Percent, Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelQuality:
    """The share of the questions that a model answered right."""

    model: str
    correct_percent: Percent


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """What outcomes say of a policy: all of the first part about `questions` of the file, the rest about requests.

    `oracle_percent` is the quality of asking for each question a model that answers it right. To reach
    `floor_percent` of the best model's quality, `floor_random_percent` of the calls must go to it at random, and
    `floor_oracle_percent` by an oracle; None where that does not reach it.

    `cheapest_at_floor` is the route that costs least (`cheapest_at_floor_cost`, of the bounds) if every request that
    may move went there, of those whose model reaches the floor.

    `before_percent` and `after_percent` are those of the requests as logged and under the policy, if requests are like
    the questions of their task, over the `known_percent` of the requests whose models the file has on both sides.
    `random_percent` is the share of calls to the best model at which a coin does as well as the policy.
    """

    source: str
    questions: Count
    left_out: Count
    models: tuple[ModelQuality, ...]
    best: str
    worst: str
    oracle_percent: Percent
    floor_percent: Percent
    floor_random_percent: Percent | None
    floor_oracle_percent: Percent | None
    cheapest_at_floor: str | None
    cheapest_at_floor_cost: Usd | None
    before_percent: Percent | None
    after_percent: Percent | None
    known_percent: Percent | None
    random_percent: Percent | None
    label: Label = "assumed"
