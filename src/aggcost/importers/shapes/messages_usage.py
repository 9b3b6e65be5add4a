"""The `usage` object of Anthropic's Messages API, which stands in the logs of several products.

Its four counts are disjoint: `input_tokens` has no cached token in it. Writes by lifetime are in the object
`cache_creation`; without it, or where it is all zero, what the flat count says was written for five minutes.
The totals leave out what a compaction of the context used (`iterations` of that type): it is added here.
"""

from __future__ import annotations

from aggcost.importers.layout import Place
from aggcost.importers.places import at, counted, sql

# What the errors of the API mean in HTTP.
CODES = {
    "invalid_request_error": 400, "authentication_error": 401, "billing_error": 402, "permission_error": 403,
    "not_found_error": 404, "request_too_large": 413, "rate_limit_error": 429, "api_error": 500,
    "timeout_error": 504, "overloaded_error": 529,
}  # fmt: skip
_FLAT = "cache_creation_input_tokens"
_5M, _1H = "cache_creation.ephemeral_5m_input_tokens", "cache_creation.ephemeral_1h_input_tokens"


def usage_fields(*usages: str) -> dict[str, Place]:
    """Return the token fields and the service tier of `usage` objects: the first of these paths that has them."""

    def place(name: str) -> Place:
        return at(*(f"{usage}.{name}" for usage in usages))

    iterations = place("iterations")

    def whole(count: Place, *members: str) -> Place:
        return counted(iterations, "type", "compaction", *members, besides=count)

    parts = ", ".join(f"nullif({place(path).template}, '0')" for path in (_5M, _1H))
    flat, short = place(_FLAT).template, place(_5M).template
    for_minutes = sql(f"CASE WHEN coalesce({parts}) IS NULL THEN coalesce({flat}, {short}) ELSE {short} END")
    return {
        "input_tokens": whole(place("input_tokens"), "input_tokens"),
        "cache_read_tokens": whole(place("cache_read_input_tokens"), "cache_read_input_tokens"),
        "cache_write_5m_tokens": whole(for_minutes, _5M, _FLAT),
        "cache_write_1h_tokens": whole(place(_1H), _1H),
        "output_tokens": whole(place("output_tokens"), "output_tokens"),
        "reasoning_tokens": place("output_tokens_details.thinking_tokens"),
        "web_searches": place("server_tool_use.web_search_requests"),
        "service_tier": tier(place("service_tier"), place("speed")),
        "region": region(place("inference_geo")),
    }


def tier(service_tier: Place, speed: Place) -> Place:
    """Return the service tier: fast mode is one, whatever else was asked for."""
    return sql(f"CASE WHEN lower({speed.template}) = 'fast' THEN 'fast' ELSE {service_tier.template} END")


def region(inference_geo: Place) -> Place:
    """Return where the model ran, where that was asked for."""
    return sql(f"nullif({inference_geo.template}, 'not_available')")


def code(error_type: Place) -> Place:
    """Return the HTTP status of an error of the API."""
    cases = " ".join(f"WHEN '{name}' THEN '{status}'" for name, status in CODES.items())
    return sql(f"CASE {error_type.template} {cases} END")
