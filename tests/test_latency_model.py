"""Fitted lines and mixtures of residuals, worked out by hand; and what a fitted route says of its own requests."""

from __future__ import annotations

import numpy as np
import pytest

from aggcost import latency_model
from aggcost.latency_model import PARTS, STEPS, Line
from aggcost.ledger import Dim
from aggcost.timing import INPUT_BINS, OUTPUT_BINS, Observed, Tokens

STEP = 2 ** (1 / STEPS)  # the width of the grid


def tokens(prompt, answer, requests=None):
    prompt, answer = np.array(prompt, np.int64), np.array(answer, np.int64)
    counts = np.ones(len(prompt), np.int64) if requests is None else np.array(requests, np.int64)
    kept = ((INPUT_BINS, prompt), (OUTPUT_BINS, answer))
    bins = [np.searchsorted(bins.bounds, one, side="right") for bins, one in kept]
    return Tokens(counts, np.ones(len(prompt), dtype=bool), *bins, prompt * counts, answer * counts)


def observed(prompt, answer, ms, *, requests=None, block=None, measure="latency"):
    counted = tokens(prompt, answer, requests)
    codes = np.zeros(len(counted.requests), np.int32) if block is None else np.array(block, np.int32)
    return Observed(measure, {"block": Dim(codes, tuple(range(6)))}, counted, np.array(ms, np.int64) * counted.requests)


def test_a_line_without_noise_is_found_to_the_nanosecond():
    prompt, answer = [100, 2000, 50, 4000], [10, 20, 500, 300]
    ms = [200 + p // 50 + 10 * a for p, a in zip(prompt, answer, strict=True)]  # 0.02 ms and 10 ms a token
    model = latency_model.fit(observed(prompt, answer, ms, requests=[10] * 4))
    assert model.line == Line(200_000_000, 20_000, 10_000_000)
    assert model.rows == 40


def test_a_line_never_falls():
    """Longer prompts that are quicker by chance are not made into a rebate."""
    model = latency_model.fit(observed([100, 200, 300], [10, 10, 10], [300, 200, 100], requests=[10] * 3))
    assert model.line.prompt_token_ns == 0
    assert model.line.start_ns + model.line.answer_token_ns * 10 > 0


def test_requests_of_one_size_have_a_start_alone():
    model = latency_model.fit(observed([550, 550], [150, 150], [100, 300], requests=[20, 20]))
    assert model.line.prompt_token_ns == model.line.answer_token_ns == 0
    assert 100 * 10**6 <= model.line.start_ns <= 300 * 10**6


def test_one_stalled_request_hardly_bends_the_line():
    prompt, answer = [100] * 40, list(range(10, 410, 10))
    ms = [100 + 10 * a for a in answer]
    ms[5] *= 50
    line = latency_model.fit(observed(prompt, answer, ms)).line
    assert line.answer_token_ns == pytest.approx(10_000_000, rel=0.01)


def test_fewer_than_thirty_rows_make_no_line():
    assert latency_model.fit(observed([1, 2], [1, 2], [5, 6], requests=[15, 14])) is None
    assert latency_model.fit(observed([1, 2], [1, 2], [5, 6], requests=[15, 15])) is not None


def test_the_time_to_the_first_token_does_not_depend_on_the_answer():
    prompt, answer = [100, 1000, 100, 1000], [10, 1000, 900, 20]
    model = latency_model.fit(observed(prompt, answer, [110, 200, 110, 200], requests=[10] * 4, measure="ttft"))
    assert model.line == Line(100_000_000, 100_000, 0)


def test_a_prediction_is_the_line_times_each_residual():
    """Half the requests take half the line, half take half as long again: so will moved ones of another size."""
    model = latency_model.fit(observed([10, 10], [100, 100], [500, 1500], requests=[50, 50]))
    found = latency_model.predict(model, tokens([10], [100]), np.zeros(1, np.int64), np.array([8000]))
    assert found.ms == pytest.approx([500, 1500], rel=STEP - 1 + 1e-3)
    assert list(found.weights) == [4000 * PARTS, 4000 * PARTS]
    assert (found.rows, found.support_percent) == (100, 100)


def test_two_sizes_mix_by_their_weights():
    answer = [100, 100, 400, 400]
    model = latency_model.fit(observed([10] * 4, answer, [1000, 1000, 4000, 4000], requests=[30] * 4))
    moved = tokens([10, 10], [200, 800])
    found = latency_model.predict(model, moved, np.zeros(2, np.int64), np.array([3000, 1000]))
    assert found.ms == pytest.approx([2000, 8000], rel=STEP - 1 + 1e-3)
    assert found.weights[0] == 3 * found.weights[1]
    assert found.support_percent == 0  # no answer of these lengths was seen


def test_residuals_are_those_of_the_hour_where_enough_are():
    """At night the route takes half the line, by day half as long again; too few at noon, who get all residuals."""
    model = latency_model.fit(
        observed([10] * 3, [100] * 3, [500, 1500, 1500], requests=[40, 40, 10], block=[0, 1, 2]),
    )
    for block, expected in ((0, [500]), (1, [1500]), (2, [500, 1500])):
        found = latency_model.predict(model, tokens([10], [100]), np.array([block]), np.array([1000]))
        assert found.ms == pytest.approx(expected, rel=STEP - 1 + 1e-3)


def test_no_size_no_prediction():
    model = latency_model.fit(observed([10], [100], [500], requests=[40]))
    unknown = Tokens(np.array([5]), np.array([False]), *(np.array([number]) for number in (-1, -1, 0, 0)))
    assert latency_model.predict(model, unknown, np.zeros(1, np.int64), np.array([5000])) is None


@pytest.mark.parametrize("seed", range(5))
def test_a_route_s_own_requests_get_back_their_percentiles(seed):
    """Whatever the line, its residuals undo it; within kinds only the pairing of size and luck is lost."""
    random = np.random.default_rng(seed)
    prompt, answer = (np.maximum(random.lognormal(mean, 0.8, 6000).astype(int), 1) for mean in (6, 5))
    ms = np.maximum(((150 + 0.03 * prompt + 9 * answer) * random.lognormal(0, 0.3, 6000)).astype(int), 1)
    block = random.integers(0, 6, 6000)
    model = latency_model.fit(observed(prompt, answer, ms, block=block))
    found = latency_model.predict(model, tokens(prompt, answer), block, np.full(6000, 1000))
    ends = np.cumsum(found.weights) / found.weights.sum()
    for percentile in (5, 50, 95, 99):
        back = found.ms[np.searchsorted(ends, percentile / 100)]
        assert back == pytest.approx(np.percentile(ms, percentile), rel=0.06 if percentile == 99 else 0.03)


def test_the_order_of_rows_does_not_matter():
    random = np.random.default_rng(3)
    prompt, answer = random.integers(1, 5000, 300), random.integers(1, 900, 300)
    ms = random.integers(50, 9000, 300)
    rows = random.permutation(300)
    lines = {
        latency_model.fit(observed(prompt[order], answer[order], ms[order])).line for order in (np.arange(300), rows)
    }
    assert len(lines) == 1
