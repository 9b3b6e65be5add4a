"""What was dropped as duplicate, and what was tried again: a line each, and a table of which key dropped what."""

from __future__ import annotations

from aggcost.output.blocks import Column, Table, cells, name_column
from aggcost.output.clean import clean
from aggcost.output.figures import amount, count, decimals, dollars
from aggcost.output.headline import SEPARATOR
from aggcost.report import Coverage, Repeats


def repeat_facts(coverage: Coverage) -> list[tuple[str, str]]:
    """Return what duplicates would have cost and what retries do cost, where there are any."""
    facts = []
    if coverage.duplicates.records:
        facts.append(("dropped", f"{_counted(coverage.duplicates, 'duplicate')}; in no total"))
    if coverage.retries is not None and coverage.retries.records:
        facts.append(("retries", f"{_counted(coverage.retries, 'attempt')} after a first one; in the totals"))
    return facts


def _counted(found: Repeats, word: str) -> str:
    """Return records, their tokens and their money in words."""
    parts = [f"{count(found.records)} {word}{'' if found.records == 1 else 's'}", _tokens(found), _money(found)]
    return SEPARATOR.join(part for part in parts if part)


def _tokens(found: Repeats) -> str:
    kinds = ((found.tokens.input, "input"), (found.tokens.cache_read, "cache read"),
             (found.tokens.cache_write, "cache write"), (found.tokens.output, "output"))  # fmt: skip
    told = [f"{count(number)} {kind}" for number, kind in kinds if number]
    return f"{', '.join(told)} tokens" if told else "no tokens"


def _money(found: Repeats) -> str:
    parts = ["no price" if found.cost is None else f"{dollars(found.cost)} at our prices"]
    if found.recorded_cost is not None:
        parts.append(f"{dollars(found.recorded_cost)} recorded")
    if found.unpriced and found.cost is not None:
        parts.append(f"{count(found.unpriced)} unpriced")
    if found.not_billed:
        parts.append(f"{count(found.not_billed)} not billed")
    return ", ".join(parts)


def dropped_table(coverage: Coverage) -> Table | None:
    """Return the duplicates by format and by what dropped them, or None where there are none."""
    found = coverage.duplicates
    if not found.by:
        return None
    places = decimals([one.cost for one in found.by], [one.recorded_cost for one in found.by])
    return Table(
        (name_column("dropped by"), Column("records"), Column("input"), Column("cached"), Column("written"),
         Column("output"), Column("$"), Column("recorded"), Column("unpriced")),
        tuple(
            cells(
                clean(one.key), count(one.records), count(one.tokens.input), count(one.tokens.cache_read),
                count(one.tokens.cache_write), count(one.tokens.output), amount(one.cost, places),
                amount(one.recorded_cost, places), count(one.unpriced),
            )
            for one in found.by
        ),
    )  # fmt: skip
