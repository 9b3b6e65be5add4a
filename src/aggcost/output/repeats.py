"""What was dropped as duplicate and what was tried again, in words: records, tokens by kind, money."""

from __future__ import annotations

from aggcost.output.clean import clean
from aggcost.output.figures import count, dollars
from aggcost.report import Coverage, DroppedBy, Repeats


def repeat_facts(coverage: Coverage, *, full: bool = False) -> list[tuple[str, str]]:
    """Return what duplicates would have cost and what retries do cost, where there are any; `full` says by what."""
    facts = []
    dropped, retries = coverage.duplicates, coverage.retries
    if dropped.records:
        facts.append(("dropped", f"{_times(dropped, 'duplicate')}, in no total: {_used(dropped)}"))
        facts += [("", _by(part)) for part in dropped.by if full]
    if retries is not None and retries.records:
        facts.append(("retries", f"{_times(retries, 'attempt')} after a first one, in the totals: {_used(retries)}"))
    return facts


def _times(found: Repeats, word: str) -> str:
    return f"{count(found.records)} {word}{'' if found.records == 1 else 's'}"


def _by(part: DroppedBy) -> str:
    return f"{count(part.records)} of {clean(part.format)}, by {clean(part.reason)}: {_used(part)}"


def _used(found: Repeats) -> str:
    """Return tokens by kind and money."""
    kinds = ((found.tokens.input, "input"), (found.tokens.cache_read, "cache read"),
             (found.tokens.cache_write, "cache write"), (found.tokens.output, "output"))  # fmt: skip
    tokens = [f"{count(number)} {kind}" for number, kind in kinds if number]
    return f"{', '.join(tokens)} tokens; {_money(found)}" if tokens else f"no tokens; {_money(found)}"


def _money(found: Repeats) -> str:
    parts = ["no price" if found.cost is None else f"{dollars(found.cost)} at our prices"]
    if found.recorded_cost is not None:
        parts.append(f"{dollars(found.recorded_cost)} recorded")
    if found.unpriced:
        parts.append(f"{count(found.unpriced)} unpriced")
    if found.not_billed:
        parts.append(f"{count(found.not_billed)} not billed")
    return ", ".join(parts)
