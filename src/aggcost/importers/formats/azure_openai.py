"""Azure OpenAI diagnostics: rows of AzureDiagnostics (`properties_s` is JSON in a string), or what an Event Hub gets.

Two categories tell of one call: `AzureOpenAIRequestUsage` has its tokens, as lists, and `RequestResponse` the HTTP code
and the duration, and tokens or not. They are joined by CorrelationId and never added. There are no counts of cached
tokens: all input counts as fresh. The model is a name and a version apart. Lengths are bytes, and no tokens. An Event
Hub gets its lines one by one, or some of them in `records`.
"""

from __future__ import annotations

from aggcost.importers.layout import Layout, Place
from aggcost.importers.places import at, sql
from aggcost.importers.sampling import Sample

NAME = "azure-openai"
TITLE = "Azure OpenAI diagnostic logs (RequestResponse and AzureOpenAIRequestUsage)"
SEMANTICS = (
    "promptTokens contains cached tokens, which are not told apart; generatedTokens contains reasoning; "
    "TimeGenerated and time are UTC; durations are milliseconds"
)
CAPABILITIES = {
    "time": "yes", "latency": "yes", "cache split": "no", "session": "no", "cost": "no", "grain": "request",
    "prompt": "never read",
}  # fmt: skip
RULE = "CorrelationId, Category and properties_s, or correlationId and properties of a known category"

_CATEGORIES = ("RequestResponse", "AzureOpenAIRequestUsage")
_CATEGORY = "coalesce({Category}, {category})"
_CALL = "coalesce({CorrelationId}, {correlationId})"
_IS_CALL = f"{_CATEGORY} IN {_CATEGORIES}"
_DATE = "'20[0-9][0-9]-[0-9][0-9]-[0-9][0-9]'"


def _property(name: str) -> str:
    return at(f"properties_s.{name}", f"properties.{name}").template


def _joined(own: str) -> str:
    """Return what a row says, else what the other row of its call says."""
    other = f"max({own}) FILTER (WHERE {_IS_CALL}) OVER (PARTITION BY {_CALL})"
    return f"coalesce({own}, CASE WHEN {_CALL} IS NOT NULL THEN {other} END)"


def _count(name: str) -> Place:
    """Return a count, which may be a list of counts; a list of anything else is no count."""
    text = _property(name)
    summed = f"CAST(list_sum(TRY_CAST({text} AS BIGINT[])) AS VARCHAR)"
    return sql(
        f"CASE WHEN regexp_full_match({text}, '\\[ *\\]') THEN NULL "
        f"WHEN regexp_full_match({text}, '\\[[0-9, ]+\\]') THEN coalesce({summed}, {text}) ELSE {text} END"
    )


_NAME, _VERSION = _property("modelName"), _property("modelVersion")
_MODEL = (
    f"CASE WHEN regexp_full_match({_VERSION}, {_DATE}) AND NOT ends_with({_NAME}, {_VERSION}) "
    f"THEN {_NAME} || '-' || {_VERSION} ELSE {_NAME} END"
)
_CODE = f"regexp_extract({_joined('coalesce({ResultSignature}, {resultSignature})')}, '^[1-5][0-9][0-9]$')"
_OUTPUT = _count("generatedTokens")
LAYOUT = Layout(
    fields={
        "timestamp": at("TimeGenerated", "time", '"TimeGenerated [UTC]"'),
        "request_id": at("CorrelationId", "correlationId"),
        "model": sql(f"coalesce({_joined(_MODEL)}, {_joined(_property('modelDeploymentName'))})"),
        "user": sql(_joined(_property("objectId"))),
        "operation": sql(_joined("coalesce({OperationName}, {operationName})")),
        "status": sql(_CODE),
        "http_status": sql(_CODE),
        "latency_ms": sql(_joined("coalesce({DurationMs}, {durationMs})")),
        "ttft_ms": sql(_joined(_property("timeToFirstTokenMs"))),
        "input_tokens": _count("promptTokens"),
        "output_tokens": _OUTPUT,
    },
    constants={"provider": "azure"},
    items=("records[*]?",),
    encoded=("properties_s", "properties"),
    requests=_IS_CALL,
    key_is="correlation id",
    key=f"'{NAME} ' || {_CALL}",
    keep=(
        f"coalesce(TRY_CAST({_OUTPUT.template} AS BIGINT), -1)",
        f"CASE WHEN {_CATEGORY} = 'AzureOpenAIRequestUsage' THEN 1 ELSE 0 END",
    ),
    ordered=True,
)


def detect(sample: Sample) -> str | None:
    """Return the rule by which a file is of these logs."""
    if sample.has("CorrelationId", "Category", "properties_s"):
        return RULE
    for looked_at in (sample, sample.inside("records")) if sample.shape != "table" else (sample,):
        known = looked_at.has("correlationId", "category", "properties")
        if known and looked_at.holds("category", *_CATEGORIES):
            return RULE
    return None
