"""Abilities of models: the words for them, and by which quantities a log shows that a request uses one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from aggcost.errors import did_you_mean
from aggcost.strict_yaml import Node

if TYPE_CHECKING:
    import ibis

# Each word with the columns of the canonical table that count what needs it. No column tells of tools or schemas.
ABILITIES: Mapping[str, tuple[str, ...]] = {
    "tools": (),
    "json_schema": (),
    "vision": ("input_image", "cache_read_image"),
    "audio": ("input_audio", "cache_read_audio", "second_audio_in"),
    "video": ("input_video",),
    "image_output": ("output_image", "image"),
    "audio_output": ("output_audio", "second_audio_out"),
    "video_output": ("output_video", "second_video"),
    "web_search": ("web_search",),
}
# Price tables and the shipped facts speak of these; that they leave out another word says nothing.
STATED_BY_TABLES = frozenset({"tools", "json_schema", "vision"})
# What a request sends, not what it gets: where no column counts it, it may still have been sent.
_SENT = ("tools", "json_schema", "vision", "audio", "video")
_OTHER_WORDS = {
    "function_calling": "tools", "functions": "tools", "tool_call": "tools", "tool_calls": "tools", "tool_use": "tools",
    "structured_output": "json_schema", "structured_outputs": "json_schema", "response_schema": "json_schema",
    "image": "vision", "images": "vision", "image_input": "vision", "audio_input": "audio", "video_input": "video",
}  # fmt: skip
_KEY = "shows "


def canonical(words: Iterable[str]) -> frozenset[str]:
    """Return the abilities that the words of a price table mean; others stay as they are."""
    return frozenset(_OTHER_WORDS.get(word, word) for word in words)


def read_words(node: Node) -> tuple[str, ...]:
    """Return a list of abilities, none twice; ConfigError with the nearest word for an unknown one."""
    return tuple(dict.fromkeys(_word(item) for item in node.list()))


def _word(node: Node) -> str:
    word = node.text()
    if word in ABILITIES:
        return word
    near = f"did you mean {_OTHER_WORDS[word]!r}?" if word in _OTHER_WORDS else did_you_mean(word, ABILITIES)
    raise node.error(f"unknown ability {word!r}", hint=near or f"abilities: {', '.join(ABILITIES)}")


def shown(word: str) -> str:
    """Return the key of a ledger that tells requests which use an ability from those that do not."""
    return f"{_KEY}{word}"


def shown_keys(usage: ibis.Table, words: Iterable[str]) -> list[ibis.Value]:
    """Return for each of the abilities that the log can tell of whether a row uses it."""
    counted = {word: [name for name in ABILITIES[word] if name in usage.columns] for word in words}
    return [_any_of(usage, names).name(shown(word)) for word, names in counted.items() if names]


def _any_of(usage: ibis.Table, names: list[str]) -> ibis.Value:
    return sum((usage[name].fill_null(0) for name in names[1:]), usage[names[0]].fill_null(0)) > 0


def untold(keys: Iterable[str]) -> tuple[str, ...]:
    """Return the abilities that requests may have used without a ledger with these keys telling."""
    told = frozenset(keys)
    return tuple(word for word in _SENT if shown(word) not in told)
