"""What the writers of Google's logs share: an answer of Gemini, and what a reader knows of its usage."""

from __future__ import annotations

from typing import Any

from formats.calls import PROMPT, Call

MODELS = ("gemini-2.5-pro", "gemini-2.5-flash")


def usage(call: Call) -> dict[str, Any]:
    tools = call.input // 3
    visible = call.output - call.reasoning
    known = {
        "promptTokenCount": call.prompt - tools,
        "toolUsePromptTokenCount": tools,
        "candidatesTokenCount": visible,
        "thoughtsTokenCount": call.reasoning,
        "cachedContentTokenCount": call.cache_read,
        "totalTokenCount": call.prompt + call.output,
    }
    details = {
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": call.prompt - tools}],
        "trafficType": "ON_DEMAND_FLEX" if call.number % 2 else "ON_DEMAND",
    }
    return {name: count for name, count in known.items() if count} | details


def body(call: Call) -> dict[str, Any]:
    content = {"role": "model", "parts": [{"text": PROMPT}]}
    return {
        "candidates": [{"content": content, "finishReason": "STOP", "index": 0}],
        "usageMetadata": usage(call),
        "modelVersion": call.model,
        "responseId": f"resp{call.number}",
    }


def counts(call: Call) -> dict[str, Any]:
    return {
        "input": call.input,
        "cache_read": call.cache_read or None,
        "output": call.output,
        "reasoning": call.reasoning or None,
        "service_tier": "flex" if call.number % 2 else "standard",
    }


def no_counts(call: Call) -> dict[str, Any]:
    return dict.fromkeys(counts(call))
