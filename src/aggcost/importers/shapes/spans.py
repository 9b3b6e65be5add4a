"""Spans of OpenTelemetry as JSON: their envelopes, and what every format of them says alike.

Attributes are lists of keys and values; a record is one object of those that are read, and of the span's own members.
No other attribute is touched: prompts and answers stand among them. Of a key that stands twice the first counts; the
span's stand before the resource's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from aggcost.engine import quoted
from aggcost.importers.layout import Layout, Place
from aggcost.importers.places import at, renamed, size, sql
from aggcost.importers.sampling import Sample, reach

KIND = "openinference.span.kind"
# Where producers put what the conventions call gen_ai.*: the current name first, then old and vendors' ones.
GENAI: Mapping[str, tuple[str, ...]] = {
    "operation": ("gen_ai.operation.name",),
    "request_id": ("gen_ai.response.id",),
    "session_id": ("gen_ai.conversation.id", "session.id"),
    "model": ("gen_ai.response.model", "gen_ai.request.model"),
    "provider": ("gen_ai.provider.name", "gen_ai.system"),
    "user": ("user.id", "enduser.id"),
    "service_tier": (
        "openai.response.service_tier", "gen_ai.openai.response.service_tier",
        "openai.request.service_tier", "gen_ai.openai.request.service_tier",
    ),
    "ttft_ms": ("gen_ai.response.time_to_first_chunk",),
    "http_status": ("http.response.status_code", "error.type"),
    "input_tokens": ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"),
    "cache_read_tokens": (
        "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens",
        "gen_ai.usage.input_tokens.cached",
    ),
    "cache_write_tokens": (
        "gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.cache_creation_input_tokens",
        "gen_ai.usage.input_tokens.cache_write",
    ),
    "output_tokens": ("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"),
    "reasoning_tokens": ("gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.output_tokens.reasoning"),
    "cost_usd": ("gen_ai.usage.cost", "gen_ai.cost.total_tokens"),
    "tags.agent": ("gen_ai.agent.name",),
    "tags.service": ("service.name",),
    "tags.environment": ("deployment.environment.name", "deployment.environment"),
}  # fmt: skip
_PROVIDERS = {
    "aws.bedrock": "aws", "azure.ai.openai": "azure", "azure.ai.inference": "azure", "az.ai.openai": "azure",
    "az.ai.inference": "azure", "gcp.vertex_ai": "google", "gcp.gemini": "google", "gcp.gen_ai": "google",
}  # fmt: skip
_MODELS_WORK = "'chat', 'text_completion', 'generate_content', 'embeddings'"
_NOT_MODELS_WORK = "'execute_tool', 'invoke_agent', 'create_agent', 'invoke_workflow', 'retrieval'"
_MEMBERS = ("traceId", "spanId", "parentSpanId", "startTimeUnixNano", "endTimeUnixNano", "status.code")
_ENVELOPE = (("resourceSpans", "batches"), ("scopeSpans", "instrumentationLibrarySpans"), ("spans",))
_START, _END = (f"CAST(TRY_CAST({{{name}TimeUnixNano}} AS BIGINT) AS HUGEINT)" for name in ("start", "end"))
_NANOS = f"CAST({_END} - {_START} AS DECIMAL(22, 0))"


def layout(
    more: Mapping[str, tuple[str, ...]], requests: str = "CAST(NULL AS BOOLEAN)", *, excludes_cache: bool | None
) -> Layout:
    """Return the layout of a format: attributes it has for fields before those of GenAI, and which spans are requests.

    `requests` is a template that is true, false, or null for spans that GenAI's attributes tell.
    """
    named = {field: (*more.get(field, ()), *GENAI.get(field, ())) for field in (*GENAI, *more)}
    fields = {field: at(*(f'"{name}"' for name in names)) for field, names in named.items()}
    fields |= {
        "timestamp": at("startTimeUnixNano", unit="ns"),
        "latency_ms": sql(f"CASE WHEN {_NANOS} >= 0 THEN CAST({_NANOS} * 0.000001 AS VARCHAR) END"),
        "ttft_ms": Place(fields["ttft_ms"].template, "s"),
        "request_id": sql(f"coalesce({fields['request_id'].template}, {{spanId}})"),
        "provider": renamed(fields["provider"], _PROVIDERS),
        "service_tier": renamed(fields["service_tier"], {"default": "standard", "auto": ""}),
        "status": sql(
            "CASE WHEN upper({\"status.code\"}) IN ('2', 'STATUS_CODE_ERROR', 'ERROR') THEN 'error' ELSE 'ok' END"
        ),
        "http_status": sql(f"nullif(regexp_extract({fields['http_status'].template}, '^[1-5][0-9][0-9]$'), '')"),
    }
    used = f"coalesce({fields['input_tokens'].template}, {fields['output_tokens'].template}) IS NOT NULL"
    operation = f"lower({fields['operation'].template})"
    genai = f"coalesce({operation}, '') NOT IN ({_NOT_MODELS_WORK}) AND ({used} OR {operation} IN ({_MODELS_WORK}))"
    return Layout(
        fields=fields,
        opened=_opened([KIND, *(name for names in named.values() for name in names)]),
        excludes_cache=excludes_cache,
        requests=f"coalesce({requests}, {genai})",
        key_is="trace id + span id",
        key="{traceId} || ':' || {spanId}",
        keep=(size(*(f'"{name}"' for field in ("input_tokens", "output_tokens") for name in named[field])),),
        node="{traceId} || ':' || {spanId}",
        inside="{traceId} || ':' || {parentSpanId}",
    )


def of_sample(sample: Sample) -> Iterator[Mapping[str, Any]]:
    """Yield the spans that a look at a file shows."""
    for record in sample.records:
        found: list[Any] = [record]
        for names in _ENVELOPE:
            inside = [one for name in names for holder in found for one in _list(reach(holder, name))]
            found = inside or found
        yield from (one for one in found if isinstance(one, Mapping))


def has_attribute(span: Mapping[str, Any], key: str) -> bool:
    """Return whether a span has an attribute."""
    return any(reach(one, "key") == key for one in _list(reach(span, "attributes")))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _opened(names: list[str]) -> str:
    """Return SQL of the spans of a line, each as an object of these attributes and its own members.

    Each parse of whole lines takes memory, so the lists of an envelope are found by where they stand, whatever their
    names, and spans are cut down inside them.
    """
    paths = ", ".join(f"'$.{name}'" for name in (*_MEMBERS, "attributes"))
    keys = ", ".join(f"'\"{name}\":'" for name in _MEMBERS)
    pairs = f"list_transform(list_zip([{keys}], found[:{len(_MEMBERS)}]), lambda pair: pair[1] || pair[2]::VARCHAR)"
    cut = f"concat_ws(',', array_to_string({pairs}, ','), {_pairs(f'found[{len(_MEMBERS) + 1}]', '$[*]', names)})"
    made = f"list_transform(list_transform({{}}, lambda span: json_extract(span, [{paths}])), lambda found: {cut})"
    held = made.format("json_extract(outer_one, '$.*[*].spans[*]')")
    said = _pairs("outer_one", "$.resource.attributes[*]", names)
    outer = f"list_transform(json_extract(json, '$.*[*]'), lambda outer_one: {{'said': {said}, 'held': {held}}})"
    envelope = " OR ".join(f"contains(json::VARCHAR, '\"{name}\"')" for name in _ENVELOPE[0])
    alone = f"list_transform([json], lambda outer_one: {{'said': {said}, 'held': {made.format('[outer_one]')}}})"
    record = "CAST('{' || concat_ws(',', nullif(one, ''), part.said) || '}' AS JSON)"
    parts = f"CASE WHEN {envelope} THEN {outer} ELSE {alone} END"
    return f"flatten(list_transform({parts}, lambda part: list_transform(part.held, lambda one: {record})))"


def _pairs(value: str, path: str, names: list[str]) -> str:
    """Return SQL of the text of those attributes that are read."""
    known = ", ".join(dict.fromkeys(map(quoted, names)))
    wanted = f"list_filter(json_extract({value}, '{path}'), lambda one: json_extract_string(one, '$.key') IN ({known}))"
    said = "coalesce(CAST(json_extract(one, '$.value.*')[1] AS VARCHAR), 'null')"
    texts = f"list_transform({wanted}, lambda one: CAST(json_extract(one, '$.key') AS VARCHAR) || ':' || {said})"
    return f"nullif(array_to_string({texts}, ','), '')"
