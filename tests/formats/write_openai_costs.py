"""A page of OpenAI's costs API as it comes: a day a call, among days without costs."""

from __future__ import annotations

import json
from datetime import timedelta

from formats.calls import FIRST, Call, naive

MODELS = ("gpt-5-mini", "gpt-4o-2024-08-06")
CALLS = {"failures": False}


def write(calls: list[Call]) -> dict[str, bytes]:
    empty = {"object": "bucket", "start_time": 1_730_419_200, "end_time": 1_730_505_600, "results": []}
    page = {"object": "page", "data": [empty, *map(_bucket, calls)], "has_more": False, "next_page": None}
    return {"costs.json": json.dumps(page, indent=2).encode()}


def _bucket(call: Call) -> dict:
    start = int((FIRST + timedelta(days=call.number)).timestamp())
    result = {
        "object": "organization.costs.result",
        "amount": {"value": float(call.cost_usd), "currency": "usd"},
        "line_item": f"{call.model}, input",
        "project_id": "proj_a",
        "api_key_id": None,
        "quantity": 10_000,
        "quantity_unit": "tokens",
    }
    return {"object": "bucket", "start_time": start, "end_time": start + 86_400, "results": [result]}


def expect(call: Call) -> dict:
    return {
        "ts": naive(FIRST + timedelta(days=call.number)),
        "grain": "bucket",
        "request_count": 0,
        "provider": "openai",
        "model": call.model,
        "operation": f"{call.model}, input",
        "team": "proj_a",
        "input": None,
        "output": None,
        "recorded_cost": call.cost_usd,
        "currency": "USD",
    }
