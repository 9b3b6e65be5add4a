"""How long requests would take on a route that never served them: a line in their tokens, and what is left over.

A request takes a + b x uncached prompt tokens + c x output tokens, fitted to what the log has seen of the route, times
a residual (actual / fitted) of requests of its kind: time of the day and length of the answer, at least 30 of them.
The tail of latencies lives in the residuals. Nothing is drawn: a prediction is the mixture of all residuals of its
kind, on a grid of 256 steps for each doubling (0.27 %).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from aggcost.integers import IntArray
from aggcost.timing import BLOCKS, INPUT_BINS, OUTPUT_BINS, Bins, FloatArray, Observed, Tokens

FEWEST_ROWS = 30  # of a route for a line, and of a kind for residuals of its own
STEPS = 256  # of the grid, a doubling
_OCTAVES = 48  # of the grid: 1 ns to 78 hours
_RATIO_OCTAVES = 20  # of residuals: a thousandth to a thousand times the line
PARTS = 2**20  # of a distribution of residuals
_HUBER = 1.345  # spreads beyond which a row counts less
_TO_SPREAD = 1.4826  # from the median absolute deviation
_ROUNDS = 50
_NS_A_MS = 10**6
_LENGTHS = (32, 128, 512, 2048)  # tokens at which answers (for TTFT: prompts) are another kind
_GRID = np.array([2.0 ** (step / STEPS) for step in range(_OCTAVES * STEPS)])
_CENTRES = np.array([2.0 ** ((step + 0.5) / STEPS) for step in range((_OCTAVES + _RATIO_OCTAVES) * STEPS)])
_SINGULAR = 1e-9

_ANY_BLOCK, _ANY_LENGTH = BLOCKS + 1, len(_LENGTHS) + 1  # blocks are counted from 1, 0 is an unknown one
_ALL_SIZES = 64  # more than there are doublings of tokens

Residuals = tuple[int, IntArray]  # the first step on the grid, and the parts of each step from there


@dataclass(frozen=True, slots=True)
class Line:
    """A time in nanoseconds: a start, and what each token of the prompt and of the answer adds."""

    start_ns: int
    prompt_token_ns: int
    answer_token_ns: int

    def of(self, tokens: Tokens) -> FloatArray:
        """Return the time of a request of the mean size of each row, in nanoseconds, at least 1."""
        prompt, answer = _means(tokens)
        fitted = self.start_ns + self.prompt_token_ns * prompt + self.answer_token_ns * answer
        return np.maximum(fitted, 1.0)


@dataclass(frozen=True, slots=True)
class Model:
    """A fitted route: its line, its residuals by kind (parts of `PARTS` on the grid), and what it was fitted to.

    `seen` are the sizes of prompts and answers, in doublings, that the route has served. With `by_prompt` the prompt
    alone counts: it is the time to the first token.
    """

    line: Line
    residuals: Mapping[int, Residuals]
    rows: int
    seen: frozenset[int]
    by_prompt: bool


@dataclass(frozen=True, slots=True)
class Predicted:
    """The distribution of a time: milliseconds with weights; of `rows` fitted; `support_percent` of it was seen."""

    ms: IntArray
    weights: IntArray
    rows: int
    support_percent: int


def fit(observed: Observed) -> Model | None:
    """Return the model of one route's rows, None where too few of them tell their tokens."""
    known = observed.at(observed.tokens.known & (observed.total_ms > 0))
    tokens = known.tokens
    rows = int(tokens.requests.sum())
    if rows < FEWEST_ROWS:
        return None
    by_prompt = observed.measure == "ttft"
    actual_ns = known.total_ms / tokens.requests * _NS_A_MS
    line = _line(tokens, actual_ns, by_prompt=by_prompt)
    steps = _ratio_steps(actual_ns / line.of(tokens))
    kinds = _kinds(known.dims["block"].at(lambda block: -1 if block is None else block), tokens, by_prompt=by_prompt)
    seen = frozenset(np.unique(_sizes(tokens, by_prompt=by_prompt)).tolist())
    return Model(line, _residuals(kinds, steps, tokens.requests), rows, seen, by_prompt)


def predict(model: Model, tokens: Tokens, block: IntArray, weights: IntArray) -> Predicted | None:
    """Return how long requests of these sizes would take, `weights` of each row; None where none tells its size.

    `block` is that of the day, -1 where it is unknown.
    """
    used = tokens.known & (weights > 0)
    if not used.any():
        return None
    tokens, block, weights = tokens.at(used), block[used], weights[used]
    at = np.searchsorted(_GRID, model.line.of(tokens), side="right") - 1
    found = np.zeros(len(_CENTRES), np.int64)
    kinds = _kinds(block, tokens, by_prompt=model.by_prompt)
    for kind in np.unique(kinds).tolist():
        rows = kinds == kind
        first, shares = _nearest(model.residuals, kind)
        low = int(at[rows].min())
        line = np.zeros(int(at[rows].max()) - low + 1, np.int64)
        np.add.at(line, at[rows] - low, weights[rows])
        mixed = np.convolve(line, shares)
        start = max(low + first, 0)
        cut = mixed[start - low - first :][: len(found) - start]
        found[start : start + len(cut)] += cut
    return _in_ms(found, model, _support(model, tokens, weights))


def _in_ms(found: IntArray, model: Model, support_percent: int) -> Predicted:
    steps = np.flatnonzero(found)
    ms = np.maximum(np.rint(_CENTRES[steps] / _NS_A_MS), 1).astype(np.int64)
    values, codes = np.unique(ms, return_inverse=True)
    weights = np.zeros(len(values), np.int64)
    np.add.at(weights, codes, found[steps])
    return Predicted(values, weights, model.rows, support_percent)


def _means(tokens: Tokens) -> tuple[FloatArray, FloatArray]:
    return tokens.input_tokens / tokens.requests, tokens.output_tokens / tokens.requests


def _line(tokens: Tokens, actual_ns: FloatArray, *, by_prompt: bool) -> Line:
    """Return the line through the rows: least squares of relative errors, those far out counting less.

    Weights follow from the line, not from the rows: 1/actual would pull it under the quick ones.
    """
    prompt, answer = _means(tokens)
    columns = [np.ones(len(prompt)), prompt] if by_prompt else [np.ones(len(prompt)), prompt, answer]
    counts = tokens.requests.astype(np.float64)
    fitted, found = actual_ns, (0,) * len(columns)
    for _ in range(_ROUNDS):
        weights = counts * _trust(counts, actual_ns, fitted) / fitted**2
        before, found = found, tuple(round(one) for one in _not_negative(columns, actual_ns, weights))
        if found == before:
            break
        fitted = np.maximum(sum(one * column for one, column in zip(found, columns, strict=True)), 1.0)
    return Line(*found, *([0] * (3 - len(found))))


def _trust(counts: FloatArray, actual: FloatArray, fitted: FloatArray) -> FloatArray:
    """Return Huber's weights of relative errors: 1 up to 1.345 spreads, less beyond."""
    errors = np.abs(actual - fitted) / fitted
    order = np.argsort(errors, kind="stable")
    middle = int(np.searchsorted(np.cumsum(counts[order]), counts.sum() / 2))
    limit = _HUBER * _TO_SPREAD * float(errors[order][min(middle, len(order) - 1)])
    return np.minimum(1.0, limit / np.maximum(errors, 1e-12)) if limit > 0 else np.ones(len(errors))


def _not_negative(columns: list[FloatArray], actual: FloatArray, weights: FloatArray) -> list[float]:
    """Return the coefficients of least squares that are not below 0: the best of all sets of columns.

    Columns that cannot be told apart (each prompt as long as the other) are not used together.
    """
    size = len(columns)
    squares = np.array([[float((weights * one * two).sum()) for two in columns] for one in columns])
    aims = np.array([float((weights * one * actual).sum()) for one in columns])
    best, least = [0.0] * size, 0.0
    for number in range(1, size + 1):
        for used in combinations(range(size), number):
            solved = _solved(squares[np.ix_(used, used)], aims[list(used)])
            if solved is None or min(solved) < 0:
                continue
            gain = -sum(float(one * aim) for one, aim in zip(solved, aims[list(used)], strict=True))
            if gain < least * (1 + _SINGULAR):
                best, least = [0.0] * size, gain
                for position, one in zip(used, solved, strict=True):
                    best[position] = float(one)
    return best


def _solved(squares: np.ndarray[tuple[int, int], np.dtype[np.float64]], aims: FloatArray) -> FloatArray | None:
    scale = np.sqrt(np.diag(squares))
    if not (scale > 0).all():
        return None
    alike = squares / scale[:, None] / scale[None, :]
    return None if float(np.linalg.det(alike)) < _SINGULAR else np.linalg.solve(alike, aims / scale) / scale


def _kinds(block: IntArray, tokens: Tokens, *, by_prompt: bool) -> IntArray:
    """Return the kind of each row: its block of the day and the length of its answer (by_prompt: of its prompt)."""
    kept, bins = (INPUT_BINS, tokens.input_bin) if by_prompt else (OUTPUT_BINS, tokens.output_bin)
    of_bin = np.searchsorted(_LENGTHS, np.array((0, *kept.bounds)), side="right")
    kinds: IntArray = _kind(block + 1, of_bin[bins])
    return kinds


def _kind(block: Any, length: Any) -> Any:
    return block * (_ANY_LENGTH + 1) + length


def _wider(kind: int) -> tuple[int, int, int]:
    """Return a kind, the same at any time of the day, and that of all requests."""
    return kind, _kind(_ANY_BLOCK, kind % (_ANY_LENGTH + 1)), _kind(_ANY_BLOCK, _ANY_LENGTH)


def _residuals(kinds: IntArray, steps: IntArray, counts: IntArray) -> dict[int, Residuals]:
    """Return the residuals of every kind that has enough rows: in full, at any time of the day, and of all."""
    found = {}
    own, codes = np.unique(kinds, return_inverse=True)
    for level in zip(*map(_wider, own.tolist()), strict=True):
        of_rows = np.array(level)[codes]
        for kind in set(level):
            rows = of_rows == kind
            if counts[rows].sum() >= FEWEST_ROWS:
                found[kind] = _shares(steps[rows], counts[rows])
    return found


def _nearest(residuals: Mapping[int, Residuals], kind: int) -> Residuals:
    return next(residuals[one] for one in _wider(kind) if one in residuals)


def _ratio_steps(ratios: FloatArray) -> IntArray:
    """Return where ratios lie on the grid, 0 being 1."""
    top = 2.0 ** (_RATIO_OCTAVES // 2)
    limited = np.clip(ratios, 1 / top, top * 0.999)
    steps: IntArray = np.searchsorted(_GRID, limited * top, side="right") - 1 - STEPS * (_RATIO_OCTAVES // 2)
    return steps


def _shares(steps: IntArray, counts: IntArray) -> tuple[int, IntArray]:
    """Return the first step and what share of the rows each step has, in parts that add up to `PARTS`."""
    first = int(steps.min())
    on_grid = np.zeros(int(steps.max()) - first + 1, np.int64)
    np.add.at(on_grid, steps - first, counts)
    ends = np.cumsum(on_grid) * PARTS // int(counts.sum())
    return first, np.diff(ends, prepend=0)


def _sizes(tokens: Tokens, *, by_prompt: bool) -> IntArray:
    """Return the size of prompt and answer of each row, in doublings, as one number (by_prompt: of the prompt)."""
    prompts, answers = _doublings(INPUT_BINS), _doublings(OUTPUT_BINS)
    of_prompt = prompts[tokens.input_bin] * _ALL_SIZES
    return of_prompt if by_prompt else of_prompt + answers[tokens.output_bin]


def _doublings(bins: Bins) -> IntArray:
    return np.array([0, *(bound.bit_length() for bound in bins.bounds)], np.int64)


def _support(model: Model, tokens: Tokens, weights: IntArray) -> int:
    """Return the percent of the weights whose size the route has served."""
    known = np.isin(_sizes(tokens, by_prompt=model.by_prompt), sorted(model.seen))
    return int(weights[known].sum()) * 100 // int(weights.sum())
