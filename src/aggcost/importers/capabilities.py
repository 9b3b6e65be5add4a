"""What a log format can tell, and what therefore cannot be said of its logs."""

from __future__ import annotations

from collections.abc import Mapping

KEYS = ("time", "latency", "cache split", "session", "cost", "grain", "prompt")
_WITHOUT = {
    "time": "days, prices by date and time of day, a run rate",
    "latency": "latencies",
    "cache split": "what caching saved: cached tokens are priced as fresh ones where it does not count them",
    "session": "cost per conversation",
    "cost": "recorded against rated cost",
}
_BUCKETS = "routing of single requests (`simulate` refuses it), prices by prompt size, failures"


def short(answer: str) -> str:
    """Return yes, no or some for what a format says of a capability."""
    first = answer.partition(",")[0].strip().lower()
    if first in ("yes", "no", "request", "bucket"):
        return first
    return "no" if first.startswith(("no ", "never", "not ")) else "some"


def lacking(capabilities: Mapping[str, str]) -> tuple[str, ...]:
    """Return what cannot be said of the logs of a format, in words."""
    missing = tuple(words for key, words in _WITHOUT.items() if short(capabilities[key]) == "no")
    return (_BUCKETS, *missing) if capabilities["grain"].startswith("bucket") else missing
