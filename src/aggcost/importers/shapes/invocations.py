"""A record of Amazon Bedrock's model invocation log, which stands in files of S3 and in events of CloudWatch.

`inputTokenCount` contains no cached token. Cache counts stand under `input`, in some records beside it. Which writes
last an hour is only in the body, where bodies are logged: Converse's `cacheDetails`, or `cache_creation` of
Claude. A failed request has `errorCode`, and neither tokens nor answer. There is no latency. The prefix of an
inference profile (`us.`, `global.`) is part of its price, and stays in the model.
"""

from __future__ import annotations

from aggcost.importers.layout import Layout, Place
from aggcost.importers.places import at, counted, renamed, rest, sql

SCHEMA = "ModelInvocationLog"
SEMANTICS = (
    "inputTokenCount contains no cached tokens; outputTokenCount contains reasoning; the lifetime of cache writes is "
    "known where bodies are logged; times are UTC"
)
CAPABILITIES = {
    "time": "yes", "latency": "no", "cache split": "yes", "session": "no", "cost": "no", "grain": "request",
    "prompt": "never read",
}  # fmt: skip

_CODES = {
    "ThrottlingException": 429, "ModelNotReadyException": 429, "ModelTimeoutException": 408,
    "ModelErrorException": 424, "ValidationException": 400, "AccessDeniedException": 403,
    "ResourceNotFoundException": 404, "InternalServerException": 500, "ServiceUnavailableException": 503,
}  # fmt: skip
_CODED = " ".join(f"WHEN '{name}' THEN '{code}'" for name, code in _CODES.items())
_BODY = "output.outputBodyJson"


def _written(ttl: str) -> Place:
    """Return how many tokens were written for a time: by Converse, or Claude at once or as a stream of events."""
    name = f"usage.cache_creation.ephemeral_{ttl}_input_tokens"
    converse = counted(at(f"{_BODY}.usage.cacheDetails"), "ttl", ttl, "inputTokens")
    return sql(f"coalesce({converse.template}, {{{_BODY}.{name}}}, {{{_BODY}[0].message.{name}}})")


_5M, _1H = _written("5m"), _written("1h")
_WRITES = at("input.cacheWriteInputTokenCount", "cacheWriteInputTokenCount", f"{_BODY}.usage.cacheWriteInputTokens")
LAYOUT = Layout(
    fields={
        "timestamp": at("timestamp"),
        "request_id": at("requestId"),
        "model": at("modelId"),
        "user": at("identity.arn"),
        "tags": at("requestMetadata"),
        "region": at("region"),
        "operation": at("operation"),
        "service_tier": renamed(f"{_BODY}.serviceTier.type", {"default": "standard"}),
        "status": sql("CASE WHEN {errorCode} IS NULL THEN 'ok' ELSE 'error' END"),
        "http_status": sql(f"CASE {{errorCode}} {_CODED} END"),
        "input_tokens": at("input.inputTokenCount"),
        "cache_read_tokens": at(
            "input.cacheReadInputTokenCount", "cacheReadInputTokenCount", f"{_BODY}.usage.cacheReadInputTokens"
        ),
        "cache_write_5m_tokens": _5M,
        "cache_write_1h_tokens": _1H,
        "cache_write_tokens": rest(_WRITES, _5M, _1H),
        "output_tokens": at("output.outputTokenCount"),
    },
    constants={"provider": "aws"},
    excludes_cache=True,
    requests=f"{{schemaType}} = '{SCHEMA}'",
)
