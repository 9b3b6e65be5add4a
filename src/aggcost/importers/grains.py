"""Whether a file's rows are requests or buckets that sum several of them, and which days each provider has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import ibis

from aggcost.engine import Engine
from aggcost.importers.loading import CANONICAL, Opened
from aggcost.importers.parts import Part, ReadOptions
from aggcost.names import canonical_provider

REQUEST, BUCKET = "request", "bucket"
_SPANS = """
SELECT coalesce(grain, 'request'), provider, CAST(min(ts) AS DATE), CAST(max(ts) AS DATE) FROM (
  SELECT NULL::VARCHAR AS grain, NULL::VARCHAR AS provider, NULL::TIMESTAMP AS ts, NULL::VARCHAR AS issue WHERE false
  UNION ALL BY NAME SELECT * FROM ({})
) WHERE issue IS NULL GROUP BY ALL ORDER BY ALL
"""


@dataclass(frozen=True, slots=True)
class Grained:
    """The rows of one grain and provider in a file, with the UTC days of the first and the last; None is unknown."""

    path: str
    format: str
    grain: str
    provider: str | None
    first: date | None
    last: date | None

    def overlaps(self, other: Grained) -> bool:
        """Return whether both may tell of the same requests; what is unknown may be anything."""
        if None not in (self.provider, other.provider) and self.provider != other.provider:
            return False
        if self.first is None or self.last is None or other.first is None or other.last is None:
            return True
        return self.first <= other.last and other.first <= self.last


def grains_of(engine: Engine, one: Opened, part: Part, options: ReadOptions) -> frozenset[str]:
    """Return the grains of a file's rows; asks only files of which its format does not say it."""
    stated = options.assume.get("grain")
    if stated is not None and part.format != CANONICAL:
        return frozenset({stated.lower()})
    if one.format.LAYOUT is not None and part.format != CANONICAL:
        return frozenset({one.format.LAYOUT.grain})
    if part.relation is None or "grain" not in part.relation.columns:
        return frozenset({REQUEST})
    found = engine.to_arrow(part.relation.select("grain").distinct()).column(0).to_pylist()
    return frozenset(grain or REQUEST for grain in found) or frozenset({REQUEST})


def spans_of(engine: Engine, part: Part) -> list[Grained]:
    """Return what a file has of each grain and provider; reads it once more."""
    if part.select is not None:
        with engine.roomy(part.room_mb):
            rows = engine.rows(_SPANS.format(part.select()))
    elif part.relation is not None:
        rows = _spans(engine, part.relation)
    else:
        rows = []
    return [
        Grained(
            part.table.file.shown, part.format, grain, None if name is None else canonical_provider(name), first, last
        )
        for grain, name, first, last in rows
    ]


def _spans(engine: Engine, table: ibis.Table) -> list[tuple[str, str | None, date | None, date | None]]:
    """Return what `_SPANS` does, of a table that has every canonical column, on either engine."""
    days = table.filter(table.issue.isnull()).group_by(grain=table.grain.fill_null(REQUEST), provider=table.provider)
    found = engine.to_arrow(days.aggregate(first=table.ts.min().date(), last=table.ts.max().date())).to_pylist()
    return [(row["grain"], row["provider"], row["first"], row["last"]) for row in found]
