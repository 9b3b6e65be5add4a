"""The table ApiManagementGatewayLlmLog: long calls over several rows, their tokens on the last of them."""

from __future__ import annotations

import json

from formats.calls import PROMPT, Call, iso, naive

MODELS = ("gpt-4o-2024-08-06", "gpt-4o-mini")
CALLS = {"failures": False}


def write(calls: list[Call]) -> dict[str, bytes]:
    return {"llm.json": json.dumps([row for call in calls for row in _rows(call)], indent=1).encode()}


def _rows(call: Call) -> list[dict]:
    messages = json.dumps([{"sequence": 0, "content": PROMPT}])
    told = {
        "TimeGenerated": iso(call.at),
        "CorrelationId": f"c-{call.number}",
        "RequestId": f"r-{call.number}",
        "OperationName": "ChatCompletions_Create",
        "Region": "West Europe",
        "IsStreamCompletion": False,
        "RequestMessages": messages,
        "ResponseMessages": messages,
    }
    tokens = {"PromptTokens": call.prompt, "CompletionTokens": call.output, "TotalTokens": call.prompt + call.output}
    model = {"DeploymentName": "chat", "ModelName": call.model}
    rest = dict.fromkeys((*tokens, *model)) if call.number % 2 else dict.fromkeys(tokens, 0) | dict.fromkeys(model, "")
    parts = [told | rest] * (call.number % 3) + [told | tokens | model]
    return [part | {"SequenceNumber": number} for number, part in enumerate(parts)]


def expect(call: Call) -> dict:
    return {
        "ts": naive(call.at),
        "request_id": f"c-{call.number}",
        "provider": "azure",
        "model": call.model,
        "operation": "ChatCompletions_Create",
        "input": call.prompt,
        "output": call.output,
    }
