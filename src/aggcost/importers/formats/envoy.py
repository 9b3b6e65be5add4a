"""Envoy AI Gateway: access logs of JSON lines whose keys are flat names with dots, as its documentation sets them up.

Input holds cached tokens, Anthropic's too: the gateway adds them. The keys are the operator's choice; cached tokens are
read by the names that one would give them. `gen_ai.provider.name` is the path of a backend. Lines without a model are
other traffic (MCP). Code 0 means that the client hung up before an answer.
"""

from __future__ import annotations

from aggcost.importers.layout import Layout
from aggcost.importers.places import at, sql
from aggcost.importers.sampling import Sample

NAME = "envoy"
TITLE = "Envoy AI Gateway access logs (JSON with flat gen_ai keys)"
SEMANTICS = (
    "gen_ai.usage.input_tokens contains cached and cache-written tokens; gen_ai.usage.output_tokens reasoning; "
    "start_time is UTC; duration is milliseconds"
)
CAPABILITIES = {
    "time": "yes", "latency": "yes", "cache split": "where the operator logs it", "session": "no", "cost": "no",
    "grain": "request", "prompt": "never read",
}  # fmt: skip
RULE = "flat keys gen_ai.usage.input_tokens, gen_ai.usage.output_tokens and response_code"

_MODEL = at('"gen_ai.response.model"', '"gen_ai.request.model_override"', '"gen_ai.request.model"')
_USAGE = "gen_ai.usage"
LAYOUT = Layout(
    fields={
        "timestamp": at("start_time"),
        "request_id": at("x-request-id"),
        "provider": sql('CASE WHEN NOT contains({"gen_ai.provider.name"}, \'/\') THEN {"gen_ai.provider.name"} END'),
        "model": _MODEL,
        "operation": at('"gen_ai.operation.name"'),
        "status": sql("CASE WHEN {response_code} = '0' THEN 'cancelled' ELSE {response_code} END"),
        "http_status": sql("NULLIF({response_code}, '0')"),
        "latency_ms": at("duration"),
        "input_tokens": at(f'"{_USAGE}.input_tokens"'),
        "cache_read_tokens": at(f'"{_USAGE}.cached_input_tokens"', f'"{_USAGE}.cache_read.input_tokens"'),
        "cache_write_tokens": at(f'"{_USAGE}.cache_creation_input_tokens"', f'"{_USAGE}.cache_creation.input_tokens"'),
        "output_tokens": at(f'"{_USAGE}.output_tokens"'),
        "reasoning_tokens": at(f'"{_USAGE}.reasoning_tokens"', f'"{_USAGE}.reasoning.output_tokens"'),
    },
    requests=f"{_MODEL.template} IS NOT NULL",
)


def detect(sample: Sample) -> str | None:
    """Return the rule by which lines are of this gateway; those of other traffic have the keys too, with nulls."""
    wanted = {f"{_USAGE}.input_tokens", f"{_USAGE}.output_tokens", "response_code"}
    return RULE if sample.shape != "table" and wanted <= set(sample.names) else None
