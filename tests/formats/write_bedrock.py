"""Records of the invocation log as S3 has them: bodies of Converse and of Claude, throttled requests."""

from __future__ import annotations

import json
from typing import Any

from formats.calls import PROMPT, Call, naive

MODELS = ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "global.anthropic.claude-sonnet-4-5-20250929-v1:0")


def write(calls: list[Call]) -> dict[str, bytes]:
    return {"20260202T0900_log.json": "".join(json.dumps(record(call)) + "\n" for call in calls).encode()}


def record(call: Call) -> dict[str, Any]:
    made = {
        "schemaType": "ModelInvocationLog",
        "schemaVersion": "1.0",
        "timestamp": f"{call.at:%Y-%m-%dT%H:%M:%SZ}",
        "accountId": "111111111111",
        "region": "us-east-1",
        "requestId": f"request-{call.number}",
        "operation": "Converse" if call.number % 2 else "InvokeModel",
        "modelId": call.model,
        "requestMetadata": {"feature": call.session},
        "identity": {"arn": f"arn:aws:iam::111111111111:role/{call.user}"},
        "input": {"inputContentType": "application/json", "inputBodyJson": {"messages": [PROMPT]}},
        "output": {},
    }
    if not call.ok:
        return made | {"errorCode": "ThrottlingException"}
    made["input"] |= {
        "inputTokenCount": call.input,
        "cacheReadInputTokenCount": call.cache_read,
        "cacheWriteInputTokenCount": call.cache_write,
    }
    made["output"] = {
        "outputContentType": "application/json",
        "outputBodyJson": {"content": [PROMPT], "usage": _converse(call) if call.number % 2 else _claude(call)},
        "outputTokenCount": call.output,
    }
    return made


def _converse(call: Call) -> dict[str, Any]:
    return {
        "inputTokens": call.input,
        "outputTokens": call.output,
        "totalTokens": call.prompt + call.output,
        "cacheReadInputTokens": call.cache_read,
        "cacheWriteInputTokens": call.cache_write,
        "cacheDetails": [
            {"ttl": "5m", "inputTokens": call.cache_write_5m},
            {"ttl": "1h", "inputTokens": call.cache_write_1h},
        ],
    }


def _claude(call: Call) -> dict[str, Any]:
    return {
        "input_tokens": call.input,
        "cache_creation_input_tokens": call.cache_write,
        "cache_creation": {
            "ephemeral_5m_input_tokens": call.cache_write_5m,
            "ephemeral_1h_input_tokens": call.cache_write_1h,
        },
        "output_tokens": 1,
    }


def expect(call: Call) -> dict[str, Any]:
    names = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "output")
    return {name: getattr(call, name) if call.ok else None for name in names} | {
        "ts": naive(call.at.replace(microsecond=0)),
        "request_id": f"request-{call.number}",
        "model": call.model,
        "provider": "aws",
        "user": f"arn:aws:iam::111111111111:role/{call.user}",
        "tags": f'{{"feature":"{call.session}"}}',
        "region": "us-east-1",
        "operation": "Converse" if call.number % 2 else "InvokeModel",
        "status": "ok" if call.ok else "error",
        "http_status": None if call.ok else 429,
    }
