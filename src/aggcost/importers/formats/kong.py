"""Kong's AI gateway: lines of a Kong log whose `ai` holds, by the name of a plugin, the usage of a call.

The name varies (`proxy`, `ai-proxy`, `ai-proxy-advanced`); of several plugins the proxy counts. Counts are as it
translates them: for Anthropic those without cached tokens, which are lost. Older versions write `prompt_token` and
`completion_token`. `cost` follows prices that the operator set. Lines of other traffic are no requests.
"""

from __future__ import annotations

from collections.abc import Mapping

from aggcost.importers.layout import Layout
from aggcost.importers.places import at, sql
from aggcost.importers.sampling import Sample

NAME = "kong"
TITLE = "Kong AI gateway logs (ai.PLUGIN.usage of the AI proxy plugins)"
SEMANTICS = (
    "prompt_tokens contains cached tokens, which are not told apart (Anthropic's are missing); completion_tokens "
    "contains reasoning; started_at and latencies are milliseconds; cost is USD by the operator's prices"
)
CAPABILITIES = {
    "time": "yes", "latency": "yes", "cache split": "no", "session": "no", "cost": "where it is configured",
    "grain": "request", "prompt": "never read",
}  # fmt: skip
RULE = "ai with a plugin's meta.provider_name and usage"

_TELLS = "json_exists(item, '/ai/' || one || '/usage') OR json_exists(item, '/ai/' || one || '/meta')"
_PLUGINS = f"list_filter(json_keys(item, '$.ai'), lambda one: {_TELLS})"
_PROXY = f"coalesce(list_filter({_PLUGINS}, lambda one: contains(one, 'proxy'))[1], ({_PLUGINS})[1])"
_HITS = "lower(json_extract_string(item, '/ai/' || one || '/cache/cache_status')) = 'hit'"
_HIT = f"len(list_filter(json_keys(item, '$.ai'), lambda one: {_HITS})) > 0"
_PARTS = ", ".join(f"'{part}', json_extract(item, '/ai/' || {_PROXY} || '/{part}')" for part in ("meta", "usage"))
LAYOUT = Layout(
    fields={
        "timestamp": at("started_at", unit="ms"),
        "request_id": at("request.id"),
        "provider": at("llm.meta.provider_name"),
        "model": at("llm.meta.response_model", "llm.meta.request_model"),
        "user": at("consumer.username"),
        "status": at("response.status"),
        "http_status": at("response.status"),
        "latency_ms": at("latencies.request", "llm.meta.llm_latency"),
        "input_tokens": at("llm.usage.prompt_tokens", "llm.usage.prompt_token"),
        "output_tokens": at("llm.usage.completion_tokens", "llm.usage.completion_token"),
        "cost_usd": at("llm.usage.cost"),
        "billable": sql("CASE WHEN {llm.hit} = 'true' THEN 'false' END"),
    },
    # The plugin's name is no path: what it holds becomes the member `llm`.
    record=f"json_merge_patch(item, json_object('llm', json_object({_PARTS}, 'hit', {_HIT})))",
    requests="coalesce({llm.meta.provider_name}, {llm.usage.total_tokens}) IS NOT NULL",
)


def detect(sample: Sample) -> str | None:
    """Return the rule by which lines are of a Kong gateway; other traffic may be among them."""
    for record in sample.records:
        plugins = record.get("ai")
        for plugin in plugins.values() if isinstance(plugins, Mapping) else ():
            meta = plugin.get("meta") if isinstance(plugin, Mapping) else None
            if isinstance(meta, Mapping) and "provider_name" in meta and "usage" in plugin:
                return RULE
    return None
