"""The table of models.dev (`api.json`): USD per million tokens, by provider and model, with limits and abilities.

A tier is about the context and holds for prompts of more than its `size`; the table does not say whether that many
themselves are inside, and most providers write "above".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aggcost.price_sources.draft import MTOK, Conversion, Draft

NAME = "models.dev"
TITLE = "models.dev, api.json"
RULE = "an object of providers, each with models that have limit and modalities"

_TOKENS: Mapping[str, str] = {
    "input": "input",
    "output": "output",
    "cache_read": "cache_read",
    "cache_write": "cache_write",
    "reasoning": "reasoning",
    "input_audio": "input_audio",
    "output_audio": "output_audio",
}
_STRUCTURE = frozenset({"tiers", "tier", "context_over_200k"})
_OVER_200K = 200_000
# A provider's own interface before the clouds that this program knows by the same name.
_LATER = ("google-vertex", "azure-")


def detect(document: Any) -> bool:
    """Return whether a document is the table of models.dev."""
    if not isinstance(document, dict):
        return False
    models = [
        models for one in document.values() if isinstance(one, dict) and isinstance(models := one.get("models"), dict)
    ]
    return any(
        isinstance(one, dict) and "limit" in one and "modalities" in one for own in models for one in own.values()
    )


def convert(document: Any, to: Conversion) -> None:
    """Add every model of every provider."""
    for provider in sorted(document, key=lambda name: name.startswith(_LATER)):
        models = to.mapping(to.mapping(document[provider], provider).get("models"), f"{provider}.models")
        for name, facts in models.items():
            where = f"{provider}.models.{name}"
            to.add(provider, name, _model(to.mapping(facts, where), to, where), where)


def _model(facts: Mapping[str, Any], to: Conversion, where: str) -> Draft:
    limit = facts.get("limit") or {}
    draft = Draft(
        context=to.tokens(limit.get("context"), f"{where}.limit.context"),
        max_output=to.tokens(limit.get("output"), f"{where}.limit.output"),
        capabilities=_capabilities(facts),
        deprecated=facts.get("status") == "deprecated",
    )
    if (cost := facts.get("cost")) is None:
        return draft
    place = f"{where}.cost"
    cost = to.mapping(cost, place)
    draft.rate.standard.prices.update(to.stated(cost, _TOKENS, MTOK, place))
    draft.others.update(set(cost) - _TOKENS.keys() - _STRUCTURE)
    _put_tiers(draft, cost, to, place)
    _put_modes(draft, facts, to, where)
    return draft


def _put_tiers(draft: Draft, cost: Mapping[str, Any], to: Conversion, where: str) -> None:
    for number, tier in enumerate(cost.get("tiers") or ()):
        place = f"{where}.tiers[{number}]"
        size = to.tokens(to.mapping(tier.get("tier"), f"{place}.tier").get("size"), f"{place}.tier.size")
        if size is None or tier["tier"].get("type", "context") != "context":
            to.note(place, "left out: a tier that is not about the size of the context")
        else:
            draft.rate.standard.tier("gt", size).update(to.stated(tier, _TOKENS, MTOK, place))
    if "context_over_200k" in cost and not draft.rate.standard.tiers:
        place = f"{where}.context_over_200k"
        older = to.mapping(cost["context_over_200k"], place)
        draft.rate.standard.tier("gt", _OVER_200K).update(to.stated(older, _TOKENS, MTOK, place))


def _put_modes(draft: Draft, facts: Mapping[str, Any], to: Conversion, where: str) -> None:
    """Put the prices of other service tiers, by the name that a request gives them where the table has it."""
    modes = (facts.get("experimental") or {}).get("modes") or {}
    for name, mode in modes.items():
        place = f"{where}.experimental.modes.{name}"
        if (cost := to.mapping(mode, place).get("cost")) is not None:
            asked = ((mode.get("provider") or {}).get("body") or {}).get("service_tier")
            draft.rate.mode(str(asked or name)).prices.update(to.stated(cost, _TOKENS, MTOK, f"{place}.cost"))


def _capabilities(facts: Mapping[str, Any]) -> list[str]:
    inputs = (facts.get("modalities") or {}).get("input") or ()
    found = {
        "tools": facts.get("tool_call") is True,
        "json_schema": facts.get("structured_output") is True,
        "vision": "image" in inputs,
    }
    return [word for word, known in found.items() if known]
