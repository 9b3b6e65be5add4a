"""Sticky splits: all requests of a session go to one part of a split, by a hash of the session's name.

The hash is the first 8 hexadecimal digits of MD5 over the rule's name, a NUL and the session, the same on every engine.
Its text is compared with the text of the thresholds, so that no engine has to read a number of it. The ledger keeps
apart what lies between thresholds, as it does for numbers. A request without a session is decided by its own id;
without both a split stays a weight.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

import ibis

UNDECIDED = -1  # the part of a request that has neither a session nor an id
_HASHES = 2**32
_NUL = "\x00"


def key(rule: str) -> str:
    """Return the name of the ledger's key for a rule."""
    return f"sticky:{rule}"


def bounds(percents: Sequence[Decimal]) -> tuple[int, ...]:
    """Return the first hash of each part but the first."""
    ends = (sum(map(Fraction, percents[:part]), Fraction(0)) for part in range(1, len(percents)))
    return tuple(math.ceil(end * _HASHES / 100) for end in ends)


def together(several: Sequence[Mapping[str, tuple[int, ...]]]) -> dict[str, tuple[int, ...]]:
    """Return the bounds of several policies by rule: rules of one name share a key, cut where any of them cuts."""
    rules = dict.fromkeys(rule for one in several for rule in one)
    return {rule: tuple(sorted({bound for one in several for bound in one.get(rule, ())})) for rule in rules}


def hash_column(usage: ibis.Table, rule: str) -> ibis.Value:
    """Return a text that begins with the hash of each request; null without a session and an id."""
    return (ibis.literal(rule + _NUL) + ibis.coalesce(usage.session_id, usage.request_id)).hexdigest("md5")


def id_column(usage: ibis.Table, rule: str) -> ibis.Value:
    """Return a text that begins with the hash of each request's own id; null without one."""
    return (ibis.literal(rule + _NUL) + usage.request_id).hexdigest("md5")


def texts(found: Sequence[int]) -> tuple[str, ...]:
    """Return the bounds as `hash_column` is compared with them; one above every hash is above every text."""
    return tuple(f"{bound:08x}" if bound < _HASHES else "g" for bound in found)


def part_of(lowest: int | None, percents: Sequence[Decimal]) -> int:
    """Return the place of the part that takes the hashes of a bin, by the bin's lowest; None is `UNDECIDED`."""
    return UNDECIDED if lowest is None else bisect_right(bounds(percents), lowest)
