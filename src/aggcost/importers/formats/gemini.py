"""Gemini API answers, one a line: GenerateContentResponse as on the wire, or as Google's Python SDK dumps it.

`promptTokenCount` contains cached tokens, but not those of tool results (`toolUsePromptTokenCount`), which are
input, too. `candidatesTokenCount` is the visible output only: thoughts are output besides. Counts of zero
are left out of the JSON. Chunks of a stream repeat one `responseId` with running counts: the largest total counts.
A blocked prompt has `promptFeedback.blockReason`. Results of batches have the answer in `response`, beside a
`key` or `processed_time`. What a cache costs to keep is in no log.
"""

from __future__ import annotations

from aggcost.importers.layout import Layout
from aggcost.importers.places import at, moment, sql
from aggcost.importers.sampling import Sample, reach
from aggcost.importers.shapes.bodies import held
from aggcost.importers.shapes.gemini_usage import spelled, usage_fields

NAME = "gemini"
TITLE = "Gemini API answers (JSON with usageMetadata)"
SEMANTICS = (
    "promptTokenCount contains cached tokens, toolUsePromptTokenCount is input besides; candidatesTokenCount contains "
    "no thoughts, they are output besides; times are those in or beside the answer, UTC"
)
CAPABILITIES = {
    "time": "where the line has it", "latency": "where the line has it", "cache split": "reads only",
    "session": "where the line has it", "cost": "no", "grain": "request", "prompt": "never read",
}  # fmt: skip
RULE = "usageMetadata.promptTokenCount (or usage_metadata.prompt_token_count), alone or in response"

_ANSWERS = ("response.", "")
_COUNTS = ("usageMetadata.promptTokenCount", "usage_metadata.prompt_token_count")
_TIMES = (
    "timestamp",
    "createTime",
    "create_time",
    "response.createTime",
    "created_at",
    "request_time",
    "processed_time",
)


def _of(*names: str) -> tuple[str, ...]:
    return tuple(f"{answer}{name}" for name in names for answer in _ANSWERS)


_USAGE = usage_fields(*_ANSWERS)
_ID = spelled(*_of("responseId")).template
_PROMPT = spelled(*_of("usageMetadata.promptTokenCount")).template
_VISIBLE = spelled(*_of("usageMetadata.candidatesTokenCount")).template
_ALL = spelled(*_of("usageMetadata.totalTokenCount")).template
_CODE = at(*_of("error.code"))
_BLOCKED = spelled(*_of("promptFeedback.blockReason")).template
_TIER = _USAGE.pop("service_tier").template
_OF_A_BATCH = (
    "{response.usageMetadata.totalTokenCount} IS NOT NULL "
    "AND ({processed_time} IS NOT NULL OR ({key} IS NOT NULL AND {timestamp} IS NULL))"
)
LAYOUT = Layout(
    fields={
        **_USAGE,
        "timestamp": sql(f"coalesce({', '.join(moment(path).template for path in _TIMES)})"),
        "request_id": sql(_ID),
        "session_id": at("session_id", "sessionId"),
        "user": at("user", "user_id"),
        "model": spelled(*_of("modelVersion"), "model"),
        "service_tier": sql(f"CASE WHEN {_OF_A_BATCH} THEN 'batch' ELSE {_TIER} END"),
        "latency_ms": at("latency_ms", "duration_ms"),
        "ttft_ms": at("ttft_ms"),
        "status": sql(
            f"CASE WHEN {_CODE.template} IS NOT NULL THEN 'error' WHEN {_BLOCKED} IS NOT NULL THEN 'rejected' "
            "ELSE 'ok' END"
        ),
        "http_status": sql(f"regexp_extract({_CODE.template}, '^[1-5][0-9][0-9]$')"),
    },
    constants={"provider": "google"},
    requests=f"coalesce({_PROMPT}, {_ALL}, {_CODE.template}, {_BLOCKED}) IS NOT NULL",
    key_is="response id",
    key=_ID,
    keep=(f"TRY_CAST({_ALL} AS BIGINT)", f"TRY_CAST({_VISIBLE} AS BIGINT)"),
)


def detect(sample: Sample) -> str | None:
    """Return the rule by which a file holds answers of Gemini, and nothing that knows more about them."""
    if held(sample):
        return None
    paths = [f"{answer}{count}" for answer in _ANSWERS for count in _COUNTS]
    if any(reach(record, path) is not None for record in sample.records for path in paths):
        return RULE
    return None
