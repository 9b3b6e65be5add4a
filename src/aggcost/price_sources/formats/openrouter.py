"""The models that OpenRouter lists (`/api/v1/models`): USD per token as text, ``-1`` where a router decides.

`overrides` price the whole request from a number of prompt tokens on: `min_prompt_tokens`, that number included.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aggcost.price_sources.draft import Conversion, Draft

NAME = "openrouter"
TITLE = "OpenRouter, the answer of /api/v1/models"
RULE = "a list of models, or `data` with one, each with pricing.prompt"

_PROVIDER = "openrouter"
_TOKENS: Mapping[str, str] = {
    "prompt": "input",
    "completion": "output",
    "input_cache_read": "cache_read",
    "input_cache_write": "cache_write",
    "input_cache_write_1h": "cache_write_1h",
    "internal_reasoning": "reasoning",
    "audio": "input_audio",
    "audio_output": "output_audio",
    "input_audio_cache": "cache_read_audio",
    "image_output": "output_image",
}
_PER_CALL: Mapping[str, str] = {"request": "requests", "web_search": "web_search"}
_NO_PRICES = frozenset({"overrides", "discount", "min_prompt_tokens"})
_TOOLS, _SCHEMA = "tools", "structured_outputs"


def detect(document: Any) -> bool:
    """Return whether a document is OpenRouter's list."""
    models = _models(document)
    if not isinstance(models, list) or not models:
        return False
    return all(isinstance(one, dict) and "prompt" in (one.get("pricing") or {}) for one in models)


def _models(document: Any) -> Any:
    return document.get("data") if isinstance(document, dict) else document


def convert(document: Any, to: Conversion) -> None:
    """Add every model of the list."""
    for number, facts in enumerate(_models(document)):
        slug = facts.get("id")
        if not isinstance(slug, str):
            raise to.error(f"data[{number}]", "a model without an id")
        to.add(_PROVIDER, slug, _model(facts, to, slug), slug)


def _model(facts: Mapping[str, Any], to: Conversion, slug: str) -> Draft:
    where = f"{slug}.pricing"
    pricing = to.mapping(facts["pricing"], where)
    top = facts.get("top_provider") or {}
    draft = Draft(
        match=_match(facts, slug),
        context=to.tokens(facts.get("context_length"), f"{slug}.context_length"),
        max_output=to.tokens(top.get("max_completion_tokens"), f"{slug}.top_provider.max_completion_tokens"),
        capabilities=_capabilities(facts),
        retired=_day(facts.get("expiration_date")),
    )
    if any(key in pricing and to.is_dynamic(pricing[key], f"{where}.{key}") for key in (*_TOKENS, *_PER_CALL)):
        draft.rate.dynamic = True
        return draft
    draft.rate.standard.prices.update(to.stated(pricing, _TOKENS, 1, where))
    calls = to.stated(pricing, _PER_CALL, 1, where)
    draft.rate.standard.prices.update({meter: amount for meter, amount in calls.items() if amount.usd})
    draft.others.update(set(pricing) - _TOKENS.keys() - _PER_CALL.keys() - _NO_PRICES)
    for number, override in enumerate(pricing.get("overrides") or ()):
        place = f"{where}.overrides[{number}]"
        size = to.tokens(to.mapping(override, place).get("min_prompt_tokens"), f"{place}.min_prompt_tokens")
        if size is None:
            to.note(place, "left out: it does not say from how many prompt tokens on it holds")
        else:
            draft.rate.standard.tier("ge", size).update(to.stated(override, _TOKENS, 1, place))
    return draft


def _match(facts: Mapping[str, Any], slug: str) -> dict[str, Any] | None:
    names = list(dict.fromkeys(name for name in (slug, facts.get("canonical_slug")) if isinstance(name, str)))
    return {"any": [{"equals": name} for name in names]} if len(names) > 1 else None


def _capabilities(facts: Mapping[str, Any]) -> list[str] | None:
    parameters = facts.get("supported_parameters")
    inputs = (facts.get("architecture") or {}).get("input_modalities")
    if parameters is None:
        return None
    found = {"tools": _TOOLS in parameters, "json_schema": _SCHEMA in parameters, "vision": "image" in (inputs or ())}
    return [word for word, known in found.items() if known]


def _day(value: Any) -> str | None:
    return value[:10] if isinstance(value, str) else None
