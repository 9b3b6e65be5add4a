"""OpenAI's cost export: amounts of thirty digits, and days on which nothing was spent."""

from __future__ import annotations

from datetime import timedelta

from formats import write_openai_costs
from formats.calls import FIRST, Call

MODELS, CALLS = write_openai_costs.MODELS, write_openai_costs.CALLS
HEADER = (
    "start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,quantity,quantity_unit,line_item,"
    "user_id,api_key_id,project_id,organization_id,project_name,organization_name,user_email,api_source"
)


def write(calls: list[Call]) -> dict[str, bytes]:
    lines = [HEADER, "1730419200,1730505600,2024-11-01T00:00:00+00:00,2024-11-02T00:00:00+00:00" + "," * 13]
    for call in calls:
        day = FIRST + timedelta(days=call.number)
        times = (
            f"{int(day.timestamp())},{int(day.timestamp()) + 86_400},{day:%Y-%m-%dT%H:%M:%S},{day:%Y-%m-%dT%H:%M:%S}"
        )
        money = f'{call.cost_usd:.30f},usd,1000,tokens,"{call.model}, input"'
        lines.append(f"{times},{money},{call.user},key_1,proj_a,org-1,A,O,,")
    return {"cost_2026-02.csv": "\n".join([*lines, ""]).encode()}


def expect(call: Call) -> dict:
    return write_openai_costs.expect(call) | {"user": call.user}
