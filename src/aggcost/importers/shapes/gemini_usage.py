"""The `usageMetadata` object of Gemini's answers, which stands in the logs of several products, in two spellings.

The prompt contains cached tokens, but not those of tool results, which are input, too. Candidates are the visible
output: thoughts are output besides.
"""

from __future__ import annotations

import re

from aggcost.importers.layout import Place
from aggcost.importers.places import at, counted, renamed, rest, total

# By what a request was served; what is not here keeps its name, and has no price.
TIERS = {"on_demand": "standard", "on_demand_priority": "priority", "on_demand_flex": "flex"}


def usage_fields(*answers: str) -> dict[str, Place]:
    """Return the token fields and the service tier of answers: the first of these prefixes of paths that has them."""

    def place(name: str) -> Place:
        return spelled(*(f"{answer}usageMetadata.{name}" for answer in answers))

    def of_kind(details: str, modality: str) -> Place:
        return counted(place(details), "modality", modality, "tokenCount", "token_count")

    thoughts = place("thoughtsTokenCount")
    return {
        "input_tokens": total(place("promptTokenCount"), place("toolUsePromptTokenCount")),
        "cache_read_tokens": place("cachedContentTokenCount"),
        "output_tokens": total(place("candidatesTokenCount"), thoughts),
        "reasoning_tokens": thoughts,
        "input_audio_tokens": of_kind("promptTokensDetails", "AUDIO"),
        "input_image_tokens": of_kind("promptTokensDetails", "IMAGE"),
        "input_video_tokens": rest(of_kind("promptTokensDetails", "VIDEO"), of_kind("cacheTokensDetails", "VIDEO")),
        "cache_read_audio_tokens": of_kind("cacheTokensDetails", "AUDIO"),
        "cache_read_image_tokens": of_kind("cacheTokensDetails", "IMAGE"),
        "output_audio_tokens": of_kind("candidatesTokensDetails", "AUDIO"),
        "output_image_tokens": of_kind("candidatesTokensDetails", "IMAGE"),
        "output_video_tokens": of_kind("candidatesTokensDetails", "VIDEO"),
        "service_tier": renamed(place("trafficType"), TIERS),
    }


def spelled(*paths: str) -> Place:
    """Return the first of these paths that holds something, in either spelling: usageMetadata or usage_metadata."""
    return at(*paths, *dict.fromkeys(snake for path in paths if (snake := _snake(path)) != path))


def _snake(path: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z])", lambda found: f"_{found[1].lower()}", path)
