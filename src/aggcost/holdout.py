"""Back-test of modelled times on the log itself: fitted to its first days, they predict the requests of its last ones.

What a model cannot tell of the days that are known, it cannot tell of another month: where its p95 misses by more than
20 %, nothing is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from aggcost import latency_model, percentiles
from aggcost.money import percent
from aggcost.percentiles import UNIT

if TYPE_CHECKING:
    from aggcost.integers import IntArray
    from aggcost.period import Span
    from aggcost.policy import Route
    from aggcost.timing import Measure, Observed

MOST_ERROR_PERCENT = 20
FEWEST_DAYS = 5  # for a cut between days; a shorter log is cut at four fifths of its time
_FITTED, _ALL = 4, 5  # parts of the days
_NAMES = ("p50", "p95", "p99")
_PARTS = 1000


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a log is cut: rows from `at_s` (epoch seconds) on are predicted. `days` are those before and after.

    `days` is None where the time was cut, not the days.
    """

    at_s: int
    days: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class BackTest:
    """What a route's model says of its last requests, and what they were, by percentile (ms); None: too few of them.

    `fitted` and `n` count the requests before and after the cut.
    """

    route: Route
    measure: Measure
    cut: Cut
    fitted: int
    n: int
    predicted_ms: Mapping[str, Fraction | None]
    actual_ms: Mapping[str, Fraction | None]

    def error_percent(self, name: str) -> Decimal | None:
        """Return how far a predicted percentile lies above the actual one, None where there is none."""
        predicted, actual = self.predicted_ms[name], self.actual_ms[name]
        return None if predicted is None or not actual else percent(predicted - actual, actual)

    @property
    def failed(self) -> bool:
        """Whether the p95 is so far off that nothing may be said of the route."""
        error = self.error_percent("p95")
        return error is not None and abs(error) > MOST_ERROR_PERCENT


def cut_of(span: Span) -> Cut | None:
    """Return where a log is cut in days of its zone, None without times."""
    if span.first is None or span.last is None or span.last <= span.first:
        return None
    zone = span.first.tzinfo
    days = (span.last.date() - span.first.date()).days + 1
    if days < FEWEST_DAYS:
        first_s, last_s = (int(at.timestamp()) for at in (span.first, span.last))
        return Cut(first_s + (last_s - first_s) * _FITTED // _ALL, None)
    before = days * _FITTED // _ALL
    start = datetime.combine(span.first.date() + timedelta(days=before), time(), zone or UTC)
    return Cut(int(start.timestamp()), (before, days - before))


def back_test(route: Route, observed: Observed, times: tuple[IntArray, IntArray], cut: Cut) -> BackTest | None:
    """Return the test of a route's model on its rows, None where there is none to fit, or nothing to predict.

    `times` are the exact milliseconds of the late rows and how many rows took them.
    """
    is_late = observed.dims["late"].where(value=True)
    model, late = latency_model.fit(observed.at(~is_late)), observed.at(is_late)
    if model is None or not len(late.total_ms):
        return None
    block = late.dims["block"].at(lambda block: -1 if block is None else block)
    predicted = latency_model.predict(model, late.tokens, block, late.tokens.requests * _PARTS)
    if predicted is None:
        return None
    actual = percentiles.distribution([(times[0], times[1] * UNIT)])
    foretold = percentiles.distribution([percentiles.spread((predicted.ms, predicted.weights), Fraction(actual.n))])
    enough = {name: actual.named(name) is not None for name in _NAMES}
    return BackTest(
        route=route, measure=observed.measure, cut=cut, fitted=model.rows, n=int(np.sum(times[1])),
        predicted_ms={name: foretold.named(name) if enough[name] else None for name in _NAMES},
        actual_ms={name: actual.named(name) for name in _NAMES},
    )  # fmt: skip
