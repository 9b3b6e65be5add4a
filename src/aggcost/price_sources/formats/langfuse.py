"""Langfuse's table (`default-model-prices.json`): USD per token for every name of a usage count, several for one meter.

A tier holds where its conditions do: a service tier of the request, or the sum of the counts that a pattern matches
(`gt`), which prices the whole request. The table names no provider: the pattern of its names does, or the model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from aggcost.price_sources.draft import Conversion, Draft, Stated

NAME = "langfuse"
TITLE = "Langfuse, default-model-prices.json"
RULE = "a list of models, each with matchPattern and pricingTiers"

# Of several names of one count the first counts; aliases say the same as `input` and `output`.
_TOKENS: Mapping[str, str] = {
    "input": "input",
    "output": "output",
    "input_cached_tokens": "cache_read",
    "input_cache_read": "cache_read",
    "cache_read_input_tokens": "cache_read",
    "input_cache_creation": "cache_write",
    "cache_creation_input_tokens": "cache_write",
    "cache_write_tokens": "cache_write",
    "input_cache_creation_5m": "cache_write_5m",
    "input_cache_creation_1h": "cache_write_1h",
    "output_reasoning_tokens": "reasoning",
    "output_reasoning": "reasoning",
    "input_audio_tokens": "input_audio",
    "input_audio": "input_audio",
    "output_audio_tokens": "output_audio",
    "output_audio": "output_audio",
    "input_cached_audio_tokens": "cache_read_audio",
    "input_image": "input_image",
    "input_text_tokens": "input",
    "output_text_tokens": "output",
}
_PER_CALL: Mapping[str, str] = {"web_search_queries": "web_search", "webSearchQueries": "web_search"}
_ALIASES = frozenset({
    "input_tokens", "output_tokens", "input_text", "output_text", "input_modality_1", "output_modality_1",
    "prompt_token_count", "promptTokenCount", "candidates_token_count", "candidatesTokenCount",
    "cached_content_token_count", "thoughts_token_count", "thoughtsTokenCount", "reasoning_tokens",
    "input_cached_text_tokens", "total", "grounding_queries", "groundingQueries",
})  # fmt: skip
_LEAD = re.compile(r"\((openai|anthropic|google)[(\w)?]*\\?/\)\?")
_MAKERS: Mapping[str, str] = {"openai": "openai", "claude": "anthropic"}
_GOOGLE = re.compile(r"gemini|bison|gecko|unicorn|palm")


def detect(document: Any) -> bool:
    """Return whether a document is Langfuse's table."""
    if not isinstance(document, list) or not document:
        return False
    return all(isinstance(one, dict) and {"matchPattern", "pricingTiers"} <= one.keys() for one in document)


def convert(document: Any, to: Conversion) -> None:
    """Add every model whose provider can be told."""
    for number, facts in enumerate(document):
        name = facts.get("modelName")
        if not isinstance(name, str):
            raise to.error(f"[{number}]", "a model without a modelName")
        if (provider := _provider(facts, name)) is None:
            to.note(name, "left out: nothing says whose model it is")
        else:
            to.add(provider, name, _model(facts, to, name), name)


def _provider(facts: Mapping[str, Any], name: str) -> str | None:
    lead = _LEAD.search(str(facts["matchPattern"]))
    if lead:
        return lead[1]
    if _GOOGLE.search(name):
        return "google"
    return _MAKERS.get(str(facts.get("tokenizerId")))


def _model(facts: Mapping[str, Any], to: Conversion, name: str) -> Draft:
    draft = Draft(match={"regex": _pattern(facts["matchPattern"], to, name)})
    for number, tier in enumerate(to.items(facts["pricingTiers"], f"{name}.pricingTiers")):
        place = f"{name}.pricingTiers[{number}]"
        priced = to.mapping(tier.get("prices"), f"{place}.prices")
        stated = to.stated(priced, _TOKENS, 1, place) | to.stated(priced, _PER_CALL, 1, place)
        if (every := to.stated(priced, {"total": "input"}, 1, place)) and not stated:
            stated = {"input": every["input"], "output": every["input"]}
        draft.others.update(set(priced) - _TOKENS.keys() - _PER_CALL.keys() - _ALIASES)
        for into in _places(draft, tier.get("conditions") or (), to, place):
            into.update(stated)
    return draft


def _pattern(pattern: Any, to: Conversion, name: str) -> str:
    try:
        re.compile(pattern)
    except (re.error, TypeError) as problem:
        raise to.error(f"{name}.matchPattern", f"not a regular expression: {problem}") from None
    return str(pattern)


def _places(draft: Draft, conditions: Any, to: Conversion, where: str) -> Iterator[Stated]:
    """Yield the price sets that a tier with these conditions fills; none where a condition is of another kind."""
    modes: tuple[str, ...] = ()
    size: int | None = None
    for condition in conditions:
        if condition.get("operator") == "gt" and "usageDetailPattern" in condition:
            size = to.tokens(condition.get("value"), f"{where}.conditions")
        elif condition.get("operator") == "in" and condition.get("key") in ("service_tier", "speed"):
            modes = tuple(condition["values"])
        else:
            to.note(where, "left out: a condition that prices cannot depend on here")
            return
    for prices in [draft.rate.mode(mode) for mode in modes] if modes else [draft.rate.standard]:
        yield prices.prices if size is None else prices.tier("gt", size)
