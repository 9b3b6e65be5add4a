"""DeepSeek's platform export, `amount-*.csv`: one row for each period, model, key and meter.

`type` says which meter `amount` counts: cache hits, cache misses (disjoint, together the prompt), output, or requests.
A row of one meter has none of the others, so they are known zeros in it; of an unknown type nothing is known. Older
exports have `utc_date` in place of two ISO times, which say +08:00. `price` is by token, its currency stands in the
cost file only. A row that sums a day is priced as at its beginning, though prices may differ by the hour.
"""

from __future__ import annotations

from aggcost.importers.layout import Layout, Place
from aggcost.importers.places import at, sql
from aggcost.importers.sampling import Sample

NAME = "deepseek-amount"
TITLE = "DeepSeek platform export, amount-*.csv"
SEMANTICS = (
    "a row counts one meter: cached tokens and other input tokens are disjoint, output tokens are taken to contain "
    "reasoning; no cost is read, as price has no currency; times have an offset, utc_date is a UTC day"
)
CAPABILITIES = {
    "time": "the period", "latency": "no", "cache split": "reads", "session": "no", "cost": "no", "grain": "bucket",
    "prompt": "never read",
}  # fmt: skip
RULE = "model, api_key_name, type, price, amount and start_time_iso (or utc_date)"

_TYPES = ("input_cache_miss_tokens", "input_cache_hit_tokens", "output_tokens", "request_count")


def _of(meter: str) -> Place:
    listed = ", ".join(f"'{one}'" for one in _TYPES)
    return sql(f"CASE WHEN lower({{type}}) = '{meter}' THEN {{amount}} WHEN lower({{type}}) IN ({listed}) THEN '0' END")


LAYOUT = Layout(
    fields={
        "timestamp": at("start_time_iso", "utc_date"),
        "model": at("model"),
        "user": at("user_id"),
        "tags.key": at("api_key_name"),
        "requests": _of("request_count"),
        "input_tokens": _of("input_cache_miss_tokens"),
        "cache_read_tokens": _of("input_cache_hit_tokens"),
        "output_tokens": _of("output_tokens"),
    },
    constants={"provider": "deepseek"},
    excludes_cache=True,
    grain="bucket",
)


def detect(sample: Sample) -> str | None:
    """Return the rule by which a table is an export of amounts."""
    known = sample.has("model", "api_key_name", "type", "price", "amount")
    timed = sample.has("start_time_iso") or sample.has("utc_date")
    return RULE if known and timed and sample.shape == "table" else None
