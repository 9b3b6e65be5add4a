"""Azure diagnostics as Log Analytics exports them: two rows a call, tokens in lists, and rows of other categories."""

from __future__ import annotations

import json

from formats.calls import PROMPT, Call, iso, naive

MODELS = ("gpt-4o", "gpt-4o-mini")
VERSION = "2024-08-06"


def write(calls: list[Call]) -> dict[str, bytes]:
    lines = [json.dumps(one) + "\n" for call in calls for one in _lines(call)]
    return {"diagnostics.jsonl": "".join(lines).encode()}


def _lines(call: Call) -> list[dict]:
    told = {
        "TimeGenerated": iso(call.at),
        "Resource": "MY-OPENAI",
        "ResourceProvider": "MICROSOFT.COGNITIVESERVICES",
        "OperationName": "ChatCompletions_Create",
        "CallerIPAddress": "10.0.0.***",
        "CorrelationId": f"c-{call.number}",
    }
    model = {"modelDeploymentName": "chat", "modelName": call.model, "modelVersion": VERSION, "objectId": call.user}
    answered = model | {"streamType": "Non-Streaming", "requestLength": 900, "responseLength": len(PROMPT)}
    done = {
        "Category": "RequestResponse",
        "DurationMs": call.latency_ms,
        "ResultSignature": "200" if call.ok else "429",
    }
    used = {"promptTokens": [call.prompt], "generatedTokens": [call.output], "timeToFirstTokenMs": call.ttft_ms}
    rows = [
        told | {"Category": "Audit", "OperationName": "ListKey", "properties_s": json.dumps({"prompt": PROMPT})},
        told | done | {"properties_s": json.dumps(answered)},
        told | {"Category": "AzureOpenAIRequestUsage", "properties_s": json.dumps(model | used)},
    ]
    return rows[: 3 if call.ok else 2]


def expect(call: Call) -> dict:
    used = {"input": call.prompt, "output": call.output, "ttft_ms": call.ttft_ms}
    return {
        "ts": naive(call.at),
        "request_id": f"c-{call.number}",
        "provider": "azure",
        "model": f"{call.model}-{VERSION}",
        "user": call.user,
        "operation": "ChatCompletions_Create",
        "status": "ok" if call.ok else "error",
        "http_status": 200 if call.ok else 429,
        "latency_ms": call.latency_ms,
        **(used if call.ok else dict.fromkeys(used)),
    }
