"""Helicone requests, whatever their fields are called. What they mean is told in `formats/helicone`."""

from __future__ import annotations

from aggcost.importers.layout import Layout, Place
from aggcost.importers.places import at, sql, total

SEMANTICS = (
    "where a row has reasoning_tokens, prompt tokens do not contain cached ones nor completion tokens reasoning; else "
    "prompt_tokens contains cached tokens, but not for Anthropic and Bedrock; times are UTC; costs are USD"
)
CAPABILITIES = {
    "time": "yes", "latency": "yes", "cache split": "without lifetime", "session": "where a property has it",
    "cost": "yes", "grain": "request", "prompt": "never read",
}  # fmt: skip
_READ, _WRITE = "prompt_cache_read_tokens", "prompt_cache_write_tokens"
_CACHED = " + ".join(f"coalesce(TRY_CAST({{{path}}} AS BIGINT), 0)" for path in (_READ, _WRITE))
_APART = (
    "{reasoning_tokens} IS NOT NULL OR lower({provider}) IN ('anthropic', 'bedrock', 'aws') "
    f"OR TRY_CAST({{prompt_tokens}} AS BIGINT) < {_CACHED}"
)
_OWN_STATES = "WHEN '-1' THEN 'timeout' WHEN '-3' THEN 'cancelled' WHEN '-4' THEN 'blocked'"
_NOBODY = "00000000-0000-0000-0000-000000000000"


def layout(status: str, latency: str, user: str, properties: str, cost: Place, items: tuple[str, ...] = ()) -> Layout:
    """Return the layout of requests whose fields have these names."""
    code = f"regexp_extract({{{status}}}, '^[1-5][0-9][0-9]$')"
    return Layout(
        fields={
            "timestamp": at("request_created_at"),
            "request_id": at("request_id"),
            "session_id": at(f'{properties}."Helicone-Session-Id"'),
            "model": at("model_override", "model", "response_model", "request_model"),
            "provider": at("provider"),
            "task": at(f'{properties}."Helicone-Session-Name"'),
            "user": at(user),
            "tags": at(properties),
            "operation": sql("split_part({request_path}, '?', 1)"),  # what follows may hold a key
            "status": sql(f"CASE {{{status}}} {_OWN_STATES} ELSE {code} END"),
            "http_status": sql(code),
            "latency_ms": at(latency),
            "ttft_ms": at("time_to_first_token"),
            "input_tokens": sql(
                f"CASE WHEN {_APART} THEN {total('prompt_tokens', _READ, _WRITE).template} ELSE {{prompt_tokens}} END"
            ),
            "cache_read_tokens": at(_READ),
            "cache_write_tokens": at(_WRITE),
            "output_tokens": total("completion_tokens", "reasoning_tokens"),
            "reasoning_tokens": at("reasoning_tokens"),
            "cost_usd": cost,
            "billable": sql(f"CASE WHEN {{cache_reference_id}} <> '{_NOBODY}' THEN 'false' END"),
        },
        items=items,
        encoded=(properties,),
        key_is="newer version of a request",
        key="'helicone ' || {request_id}",
        keep=("coalesce(epoch_us(TRY_CAST({updated_at} AS TIMESTAMP)), 0)",),
    )
