"""The quality that a policy may have, by outcomes of its models on questions that are not the log's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from aggcost.candidates import Candidate
from aggcost.money import percent, settle
from aggcost.outcomes import Option, Outcomes, cheapest_reaching, oracle_share, random_share
from aggcost.outcomes_file import read_outcomes
from aggcost.report_bounds import Bounds
from aggcost.report_quality import ModelQuality, Quality
from aggcost.routes import Route

_ONE = Fraction(1)


def quality(found: Candidate, bounded: Bounds | None) -> Quality | None:
    """Return what the outcomes that the policy names say of it and of its bounds, None where it names none."""
    asked = found.policy.evidence
    if asked is None:
        return None
    known = read_outcomes(asked.path)
    best, worst = known.strong, known.weak
    floor = known.quality(best) * Fraction(asked.floor_percent) / 100
    mix, cheapest = _mix(found, known), _cheapest(bounded, known, floor)
    return Quality(
        source=str(asked.path),
        questions=known.questions,
        left_out=known.left_out,
        models=_models(known),
        best=best,
        worst=worst,
        oracle_percent=_percent(known.oracle()) or Decimal(0),
        floor_percent=asked.floor_percent,
        floor_random_percent=_percent(random_share(floor, known.quality(worst), known.quality(best))),
        floor_oracle_percent=_percent(oracle_share(known, worst, best, floor)),
        cheapest_at_floor=None if cheapest is None else cheapest.name,
        cheapest_at_floor_cost=None if cheapest is None else settle(cheapest.cost_usd),
        before_percent=_percent(mix.before),
        after_percent=_percent(mix.after),
        known_percent=_percent(mix.known),
        random_percent=None if mix.after is None else _percent(random_share(mix.after, mix.worst, mix.best)),
    )


def _cheapest(bounded: Bounds | None, known: Outcomes, floor: Fraction) -> Option | None:
    """Return the route that costs least of those whose model reaches the floor."""
    routes = () if bounded is None else bounded.routes
    options = [
        Option(one.route, known.quality(model), Fraction(one.cost))
        for one in routes
        if one.route is not None and one.cost is not None and (model := _model(one.route, known)) is not None
    ]
    return cheapest_reaching(options, floor)


@dataclass(frozen=True, slots=True)
class _Mix:
    """Shares of requests that would be answered right, over those whose models are `known` on both sides."""

    known: Fraction | None
    before: Fraction | None = None
    after: Fraction | None = None
    best: Fraction = Fraction(0)
    worst: Fraction = Fraction(0)


def _mix(found: Candidate, known: Outcomes) -> _Mix:
    """Return the quality of the requests, each like the questions of its task, or like all where its task has none."""
    requests = _requests(found)
    everything = sum(requests.values(), Fraction(0))
    models = {name: _model(name, known) for key in requests for name in key[1:]}
    rated = {key: number for key, number in requests.items() if models[key[1]] and models[key[2]]}
    covered = sum(rated.values(), Fraction(0))
    if not covered:
        return _Mix(Fraction(0) if everything else None)

    def mean(of: Mapping[tuple[str | None, str, str], str]) -> Fraction:
        right = (known.quality(of[key], _task(key[0], known)) * number for key, number in rated.items())
        return sum(right, Fraction(0)) / covered

    return _Mix(
        known=covered / everything,
        before=mean({key: models[key[1]] or "" for key in rated}),
        after=mean({key: models[key[2]] or "" for key in rated}),
        best=mean(dict.fromkeys(rated, known.strong)),
        worst=mean(dict.fromkeys(rated, known.weak)),
    )


def _requests(found: Candidate) -> Mapping[tuple[str | None, str, str], Fraction]:
    """Return how many requests of each task go from which ``provider/model`` to which."""
    counted: dict[tuple[str | None, str, str], Fraction] = {}
    for (task, source, target), sums in found.served.by_all(["task", "from", "to"]).items():
        key = (task, source, source if target is None else target)
        counted[key] = counted.get(key, Fraction(0)) + sums.requests
    return counted


def _task(task: str | None, known: Outcomes) -> str | None:
    return task if task in known.tasks else None


def _model(name: str, known: Outcomes) -> str | None:
    """Return the model of the file that ``provider/model`` is: by its whole name, else by the model's alone."""
    plain = name.partition(" (")[0]
    for candidate in known.models:
        if candidate == plain or _canonical(candidate) == plain:
            return candidate
    bare = plain.partition("/")[2]
    return bare if bare in known.models else None


def _canonical(name: str) -> str:
    try:
        return str(Route.parse(name))
    except ValueError:
        return name


def _models(known: Outcomes) -> tuple[ModelQuality, ...]:
    ranked = sorted(known.models, key=lambda model: (-known.quality(model), model))
    return tuple(ModelQuality(model=one, correct_percent=_percent(known.quality(one)) or Decimal(0)) for one in ranked)


def _percent(share: Fraction | None) -> Decimal | None:
    return None if share is None else percent(share, _ONE)
