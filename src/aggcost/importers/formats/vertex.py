"""Vertex AI request-response logging: rows of its BigQuery table, as JSON or CSV.

The answer is in `full_response`, an object or its text: Gemini's usage in either spelling (the prompt contains cached
tokens, thoughts are output besides), or Anthropic's (four disjoint counts). Of the chunks of a stream the last has
the usage. `logging_time` is when the row was written. Where the logging samples, the log is a part of the requests.
"""

from __future__ import annotations

from aggcost.importers.contained import PARTS
from aggcost.importers.layout import Layout, Place
from aggcost.importers.places import at, moment, sql, total
from aggcost.importers.sampling import Sample
from aggcost.importers.shapes import messages_usage
from aggcost.importers.shapes.gemini_usage import spelled, usage_fields

NAME = "vertex"
TITLE = "Vertex AI request-response log (BigQuery rows)"
SEMANTICS = (
    "Gemini: promptTokenCount contains cached tokens, thoughts are output besides; Claude: input_tokens contains no "
    "cached tokens; times are logging_time, UTC; sampled logs are read as they are"
)
CAPABILITIES = {
    "time": "when it was logged", "latency": "yes", "cache split": "yes", "session": "no", "cost": "no",
    "grain": "request", "prompt": "never read",
}  # fmt: skip
RULE = "full_response and logging_time"

_GEMINI = usage_fields("full_response.")
_CLAUDE = messages_usage.usage_fields("full_response.usage")
_WRITES = (_CLAUDE["cache_write_5m_tokens"], _CLAUDE["cache_write_1h_tokens"])
_CODE = at("full_response.error.code")
_BLOCKED = spelled("full_response.promptFeedback.blockReason").template
_ANSWER = "TRY_CAST(json_extract_string(item, '$.full_response') AS JSON)"


def _either(name: str, claude: Place | None = None) -> Place:
    return sql(f"coalesce({_GEMINI[name].template}, {(claude or _CLAUDE[name]).template})")


LAYOUT = Layout(
    fields={
        "timestamp": moment("logging_time"),
        "request_id": at("request_id"),
        "model": spelled("full_response.modelVersion", "full_response.model", "model"),
        "region": sql("nullif(regexp_extract({endpoint}, 'locations/([^/]+)', 1), '')"),
        "operation": at("api_method"),
        "latency_ms": at("metadata.request_latency"),
        "status": sql(
            f"CASE WHEN {_CODE.template} IS NOT NULL THEN 'error' WHEN {_BLOCKED} IS NOT NULL THEN 'rejected' "
            "ELSE 'ok' END"
        ),
        "http_status": sql(f"regexp_extract({_CODE.template}, '^[1-5][0-9][0-9]$')"),
        "input_tokens": _either("input_tokens", total(_CLAUDE["input_tokens"], _CLAUDE["cache_read_tokens"], *_WRITES)),
        "cache_read_tokens": _either("cache_read_tokens"),
        "cache_write_5m_tokens": _WRITES[0],
        "cache_write_1h_tokens": _WRITES[1],
        "output_tokens": _either("output_tokens"),
        "reasoning_tokens": _either("reasoning_tokens"),
        **{name: _GEMINI[name] for name in PARTS if name in _GEMINI and name != "reasoning_tokens"},
        "web_searches": _CLAUDE["web_searches"],
        "service_tier": _either("service_tier"),
    },
    constants={"provider": "google"},
    encoded=("full_response", "metadata"),
    record=(
        f"CASE WHEN json_type({_ANSWER}) = 'ARRAY' "
        f"THEN json_merge_patch(item, json_object('full_response', json_extract({_ANSWER}, '$[#-1]'))) ELSE item END"
    ),
)


def detect(sample: Sample) -> str | None:
    """Return the rule by which a file holds rows of the log."""
    return RULE if sample.has("full_response", "logging_time") else None
