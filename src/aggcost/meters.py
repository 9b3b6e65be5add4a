"""The billable dimensions of a request, as data.

Usage is counted by *base meters*, which are disjoint: a token is counted by exactly one of them, so they add up to the
request. A *part* counts tokens of a base meter once more (`within`): the audio of the input, the reasoning of the
output. Where a rate card prices a part, its tokens are taken out of that base meter; where it does not, they stay in
it. The parts of one base meter share no token. A *unit meter* counts something else than tokens: searches, seconds.

A meter without a price of its own is charged at the nearest of its `ancestors` that has one, as a cache write without
a price is charged like input. Unit meters have no ancestor.
"""

from __future__ import annotations

from dataclasses import dataclass

_MTOK = 1_000_000


@dataclass(frozen=True, slots=True)
class Meter:
    """A billable dimension; `per` is the number of units a price is usually stated for.

    Quantities are integers of which `scale` make one unit: seconds are counted in milliseconds.
    """

    key: str
    ancestors: tuple[str, ...]
    per: int
    within: str | None = None
    scale: int = 1


INPUT = Meter("input", (), _MTOK)
CACHE_READ = Meter("cache_read", ("input",), _MTOK)
CACHE_WRITE = Meter("cache_write", ("input",), _MTOK)
CACHE_WRITE_5M = Meter("cache_write_5m", ("cache_write", "input"), _MTOK)
CACHE_WRITE_1H = Meter("cache_write_1h", ("cache_write", "input"), _MTOK)
CACHE_WRITE_OTHER = Meter("cache_write_other", ("cache_write", "input"), _MTOK)
OUTPUT = Meter("output", (), _MTOK)
REQUESTS = Meter("requests", (), 1_000)

# What usage always counts, in the order of every vector of quantities in this program.
# `cache_write` itself is only a price, the ancestor of the three kinds of write.
USAGE_METERS: tuple[Meter, ...] = (
    INPUT, CACHE_READ, CACHE_WRITE_5M, CACHE_WRITE_1H, CACHE_WRITE_OTHER, OUTPUT, REQUESTS,
)  # fmt: skip
USAGE_KEYS: tuple[str, ...] = tuple(meter.key for meter in USAGE_METERS)
PROMPT_KEYS: tuple[str, ...] = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "cache_write_other")
TOKEN_KEYS: tuple[str, ...] = (*PROMPT_KEYS, "output")

# Cached audio without a price is charged like other cached tokens, where these have a price, else like audio.
PART_METERS: tuple[Meter, ...] = (
    Meter("input_audio", ("input",), _MTOK, "input"),
    Meter("input_image", ("input",), _MTOK, "input"),
    Meter("input_video", ("input",), _MTOK, "input"),
    Meter("cache_read_audio", ("cache_read", "input_audio", "input"), _MTOK, "cache_read"),
    Meter("cache_read_image", ("cache_read", "input_image", "input"), _MTOK, "cache_read"),
    Meter("reasoning", ("output",), _MTOK, "output"),
    Meter("output_audio", ("output",), _MTOK, "output"),
    Meter("output_image", ("output",), _MTOK, "output"),
    Meter("output_video", ("output",), _MTOK, "output"),
)
UNIT_METERS: tuple[Meter, ...] = (
    Meter("web_search", (), 1_000),
    Meter("file_search", (), 1_000),
    Meter("image", (), 1),
    Meter("second_audio_in", (), 3_600, scale=1_000),
    Meter("second_audio_out", (), 3_600, scale=1_000),
    Meter("second_video", (), 1, scale=1_000),
    Meter("page", (), 1_000),
    Meter("char", (), 1_000_000),
    Meter("session", (), 1),
)
PART_KEYS: tuple[str, ...] = tuple(meter.key for meter in PART_METERS)
UNIT_KEYS: tuple[str, ...] = tuple(meter.key for meter in UNIT_METERS)
# What a log may count beside the base meters: only logs that do are asked for it.
EXTRA_KEYS: tuple[str, ...] = (*PART_KEYS, *UNIT_KEYS)
PRICED: dict[str, Meter] = {meter.key: meter for meter in (*USAGE_METERS, CACHE_WRITE, *PART_METERS, *UNIT_METERS)}
