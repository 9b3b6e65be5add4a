"""Langfuse observations, whatever their fields are called. What they mean is told in `formats/langfuse`."""

from __future__ import annotations

import re
from collections.abc import Callable

from aggcost.importers.layout import Layout
from aggcost.importers.places import at, between, in_milliseconds, renamed, sql, summed

SEMANTICS = (
    "usageDetails holds disjoint counts: input tokens are the keys with 'input', cached ones among them, and output "
    "tokens those with 'output', reasoning among them; times are UTC; costs are USD"
)
CAPABILITIES = {
    "time": "yes", "latency": "yes", "cache split": "yes", "session": "trace, where no session", "cost": "yes",
    "grain": "request", "prompt": "never read",
}  # fmt: skip
_READ = "input.*cache_?read|cache_?read.*input|input.*cached|cached.*input"
_WRITE = "input.*cache_?(creation|write)|cache_?(creation|write).*input|ephemeral_.*input"
_5M, _1H = "input.*_5m|_5m_.*input", "input.*_1h|_1h_.*input"
# Leaves of a trace that may call a model; a generation or an embedding does.
_LEAVES = "('RETRIEVER', 'EVALUATOR', 'GUARDRAIL', 'TOOL')"


def camel(name: str) -> str:
    """Return traceId for trace_id."""
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), name)


def layout(spelled: Callable[[str], str], model: str, items: tuple[str, ...] = ()) -> Layout:
    """Return the layout of observations whose names are spelled this way (from snake_case)."""
    usage, start, first = spelled("usage_details"), spelled("start_time"), spelled("completion_start_time")
    latency, ttft = in_milliseconds("latency"), in_milliseconds(spelled("time_to_first_token"))
    return Layout(
        fields={
            "timestamp": at(start),
            "request_id": at("id"),
            "session_id": at(spelled("session_id"), spelled("trace_id")),
            "model": at(model),
            "task": at("name"),
            "user": at(spelled("user_id")),
            "tags": at(spelled("trace_tags")),
            "operation": sql("lower({type})"),
            "status": sql("CASE WHEN upper({level}) = 'ERROR' THEN 'error' ELSE 'ok' END"),
            "service_tier": renamed(f"{spelled('model_parameters')}.service_tier", {"default": "standard"}),
            "latency_ms": sql(f"coalesce({between(start, spelled('end_time')).template}, {latency.template})"),
            "ttft_ms": sql(f"coalesce({between(start, first).template}, {ttft.template})"),
            "input_tokens": summed(usage, "input"),
            "cache_read_tokens": summed(usage, _READ),
            "cache_write_5m_tokens": summed(usage, _5M),
            "cache_write_1h_tokens": summed(usage, _1H),
            "cache_write_tokens": summed(usage, _WRITE, f"{_5M}|{_1H}"),
            "output_tokens": summed(usage, "output"),
            "reasoning_tokens": summed(usage, "output.*reasoning|reasoning.*output"),
            "cost_usd": at(
                spelled("total_cost"), f"{spelled('cost_details')}.total", spelled("calculated_total_cost")
            ),
        },
        items=items,
        encoded=(spelled("model_parameters"), spelled("cost_details")),
        requests=(
            f"upper({{type}}) IN ('GENERATION', 'EMBEDDING') OR (upper({{type}}) IN {_LEAVES} "
            f"AND {{{model}}} IS NOT NULL AND {summed(usage, 'input|output').template} IS NOT NULL)"
        ),
        key_is="newer version of an observation",
        key="'langfuse ' || {id}",
        keep=(f"coalesce(epoch_us(TRY_CAST({{{spelled('updated_at')}}} AS TIMESTAMP)), 0)",),
    )  # fmt: skip
