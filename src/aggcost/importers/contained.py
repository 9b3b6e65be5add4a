"""What a log counts inside of something else: cached tokens in its input, audio in its prompts and answers.

In the canonical table `input` and its parts are what no cache read or wrote. Logs that tell audio seldom tell how much
of it was cached: what does not fit into the rest of the prompt was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

PROMPT = ("input_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "cache_write_tokens")
_AUDIO, _CACHED_AUDIO = "input_audio_tokens", "cache_read_audio_tokens"
_IMAGE, _CACHED_IMAGE = "input_image_tokens", "cache_read_image_tokens"
_VIDEO = "input_video_tokens"
_PARTS_OF_INPUT = ("input_audio", "input_image", "input_video")
_PARTS_OF_OUTPUT = ("reasoning_tokens", "output_audio_tokens", "output_image_tokens", "output_video_tokens")
PARTS: tuple[str, ...] = (_AUDIO, _IMAGE, _VIDEO, _CACHED_AUDIO, _CACHED_IMAGE, *_PARTS_OF_OUTPUT)
_MORE_CACHED, _MORE_PARTS = "less_than_the_cached_tokens", "less_than_its_parts"


def columns(values: Mapping[str, str], *, excludes_cache: bool | None) -> dict[str, str]:
    """Return as SQL the columns of input, and of the parts of input and of cached tokens.

    `values` are the fields that the log has, as SQL. With `excludes_cache` it counts cached tokens apart already; None:
    rows with more cached than input tokens do.
    """
    found = {}
    if (prompt := values.get(PROMPT[0])) is not None:
        found["input"] = _less(
            prompt, [values[name] for name in PROMPT[1:] if name in values], excludes_cache=excludes_cache
        )
    cached = {"input_image": values.get(_CACHED_IMAGE), "input_audio": values.get(_CACHED_AUDIO)}
    for column, field in (("input_video", _VIDEO), ("input_image", _IMAGE), ("input_audio", _AUDIO)):
        if field not in values:
            continue
        if column == "input_audio" and not excludes_cache and "input" in found and PROMPT[1] in values:
            cached[column] = _cached_audio(values, found)
        parts = [part for part in (cached.get(column),) if part is not None]
        found[column] = _less(values[field], parts, excludes_cache=excludes_cache)
    named = {"cache_read_audio": cached["input_audio"], "cache_read_image": cached["input_image"]}
    return found | {column: sql for column, sql in named.items() if sql is not None}


def _less(whole: str, cached: Iterable[str], *, excludes_cache: bool | None) -> str:
    rest = whole + "".join(f" - coalesce({part}, 0)" for part in cached)
    if excludes_cache or rest == whole:
        return whole
    return f"CASE WHEN {rest} < 0 THEN {whole} ELSE {rest} END" if excludes_cache is None else rest


def _cached_audio(values: Mapping[str, str], found: Mapping[str, str]) -> str:
    """Return how much of the audio was cached: what the log says, else what does not fit into the fresh input."""
    audio, told = values[_AUDIO], values.get(_CACHED_AUDIO, "NULL")
    others = "".join(f" + coalesce({found[column]}, 0)" for column in _PARTS_OF_INPUT if column in found)
    over = f"{audio}{others} - ({found['input']})"
    return f"coalesce({told}, CASE WHEN {over} > 0 THEN least({audio}, {over}) END)"


def contradictions(values: Mapping[str, str], *, excludes_cache: bool | None) -> Iterator[tuple[str, str]]:
    """Yield tests (SQL) of rows whose parts are more than the whole, each with its issue, ``field:reason``."""
    made = columns(values, excludes_cache=excludes_cache)
    for column, field in (("input", PROMPT[0]), ("input_audio", _AUDIO), ("input_image", _IMAGE)):
        if column in made:
            yield f"({made[column]}) < 0", f"{field}:{_MORE_CACHED}"
    parts = [made[column] for column in _PARTS_OF_INPUT if column in made]
    cached = [made[column] for column in ("cache_read_audio", "cache_read_image") if column in made]
    if parts and "input" in made:
        yield f"{_sum(parts)} > {made['input']}", f"{PROMPT[0]}:{_MORE_PARTS}"
    if cached:
        yield f"{_sum(cached)} > coalesce({values.get(PROMPT[1], 'NULL')}, 0)", f"{PROMPT[1]}:{_MORE_PARTS}"
    if (told := [values[name] for name in _PARTS_OF_OUTPUT if name in values]) and "output_tokens" in values:
        yield f"{_sum(told)} > {values['output_tokens']}", f"output_tokens:{_MORE_PARTS}"


def _sum(parts: Iterable[str]) -> str:
    return " + ".join(f"coalesce({part}, 0)" for part in parts)
