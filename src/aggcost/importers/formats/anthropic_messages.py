"""Anthropic Messages API answers, one a line: the body alone, with fields of your own, or inside `response` or `body`.

The four counts are disjoint: `input_tokens` contains no cached token. A body says neither when it was made nor
how long it took; what stands beside it in the line does. A message logged several times while it streamed has
one id: the copy with the most output counts. A `message_delta` event counts where the line names its message,
model and input, other events of a stream do not. A body of type `error` is a failed request.
"""

from __future__ import annotations

from aggcost.importers.layout import Layout
from aggcost.importers.places import at, moment, sql
from aggcost.importers.sampling import Sample, reach
from aggcost.importers.shapes.bodies import held
from aggcost.importers.shapes.messages_usage import code, usage_fields

NAME = "anthropic-messages"
TITLE = "Anthropic Messages API answers (JSON, type message)"
SEMANTICS = (
    "input_tokens contains no cached tokens; cache writes without a lifetime are for 5 minutes; output_tokens contains "
    "thinking; tokens of compaction are added; times are those beside the body, UTC"
)
CAPABILITIES = {
    "time": "where the line has it", "latency": "where the line has it", "cache split": "yes",
    "session": "where the line has it", "cost": "no", "grain": "request", "prompt": "never read",
}  # fmt: skip
RULE = "type message with usage.input_tokens, alone or in response or body"

_BODIES = ("response.", "body.", "")
_TIMES = ("timestamp", "created_at", "request_time")


def _of(name: str) -> tuple[str, ...]:
    return tuple(f"{body}{name}" for body in _BODIES)


def _is(kind: str) -> str:
    return f"'{kind}' IN ({', '.join(f'{{{path}}}' for path in _of('type'))})"


_ERROR = at(*_of("error.type"))
_ID = at(*_of("id"), "message_id")
_USAGE = usage_fields(*_of("usage"))
_PROVIDER = (
    f"CASE WHEN starts_with({_ID.template}, 'msg_bdrk_') THEN 'aws' "
    f"WHEN starts_with({_ID.template}, 'msg_vrtx_') THEN 'google' ELSE 'anthropic' END"
)
_DELTA = f"({_is('message_delta')} AND {{usage.input_tokens}} IS NOT NULL AND {{model}} IS NOT NULL"
LAYOUT = Layout(
    fields={
        **_USAGE,
        "timestamp": sql(f"coalesce({', '.join(moment(path).template for path in _TIMES)})"),
        "request_id": at(*_of("id"), "message_id", *_of("request_id")),
        "session_id": at("session_id", "conversation_id"),
        "user": at("user", "user_id"),
        "model": at(*_of("model")),
        "provider": sql(_PROVIDER),
        "latency_ms": at("latency_ms", "duration_ms"),
        "ttft_ms": at("ttft_ms"),
        "status": sql(f"CASE WHEN {_is('error')} THEN 'error' ELSE 'ok' END"),
        "http_status": code(_ERROR),
    },
    excludes_cache=True,
    requests=(
        f"{_is('message')} OR ({_is('error')} AND {_ERROR.template} IS NOT NULL) "
        f"OR {_DELTA} AND {_ID.template} IS NOT NULL)"
    ),
    key_is="message id",
    key=_ID.template,
    keep=(f"TRY_CAST({at(*_of('usage.output_tokens')).template} AS BIGINT)",),
)


def detect(sample: Sample) -> str | None:
    """Return the rule by which a file holds messages, and nothing that knows more about them."""
    if held(sample) or sample.has("message.usage"):
        return None
    for record in sample.records:
        for body in _BODIES:
            if reach(record, f"{body}type") == "message" and reach(record, f"{body}usage.input_tokens") is not None:
                return RULE
    return None
