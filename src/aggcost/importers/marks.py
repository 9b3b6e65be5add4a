"""What is said about rows once every file is read: providers by their usual names, tasks by rule, files given twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import ibis

from aggcost import rules
from aggcost.engine import Engine
from aggcost.errors import Issue
from aggcost.importers.parts import Part, ReadOptions
from aggcost.names import canonical_provider


@dataclass(frozen=True, slots=True)
class Look:
    """What a first look at all rows finds: the names of providers, and how many rows each issue has."""

    providers: tuple[str, ...]
    issues: Mapping[str, int]


def look(engine: Engine, table: ibis.Table) -> Look:
    """Return what one short scan tells of rows."""
    counted = engine.to_arrow(table.group_by("provider", "issue").aggregate(rows=table.count())).to_pylist()
    issues: Counter[str] = Counter()
    for row in counted:
        if row["issue"] is not None:
            issues[row["issue"]] += row["rows"]
    return Look(tuple({row["provider"]: None for row in counted if row["provider"] is not None}), issues)


def marked(table: ibis.Table, providers: Sequence[str], options: ReadOptions) -> ibis.Table:
    """Return the table with canonical provider names and tasks by rule."""
    table = _with_providers(table, providers)
    if options.tasks:
        zone = ZoneInfo(options.timezone or "UTC")
        cases = [(rules.to_ibis(condition, table, zone), task) for task, condition in options.tasks]
        table = table.mutate(task=ibis.coalesce(table.task, ibis.cases(*cases)))
    return table


def _with_providers(table: ibis.Table, spelled: Sequence[str]) -> ibis.Table:
    """Replace usual spellings among the names of providers; most logs have none."""
    changed = {name: canonical for name in spelled if (canonical := canonical_provider(name)) != name}
    if not changed:
        return table
    return table.mutate(provider=table.provider.cases(*changed.items(), else_=table.provider))


def same_file(parts: Sequence[Part]) -> tuple[Issue, ...]:
    """Return a warning for content that was given more than once."""
    return tuple(
        Issue("same_file", "warning", len(names) - 1, f"the same content twice: {', '.join(names)}", where=names[1])
        for names in _alike(parts)
    )


def copies(parts: Sequence[Part]) -> frozenset[str]:
    """Return the files whose content was given before."""
    return frozenset(name for names in _alike(parts) for name in names[1:])


def _alike(parts: Sequence[Part]) -> list[list[str]]:
    by_digest: dict[str, list[str]] = {}
    for one in parts:
        by_digest.setdefault(one.census.content_sha256, []).append(one.table.file.shown)
    return [names for names in by_digest.values() if len(names) > 1]


def stated_in_vain(parts: Sequence[Part], options: ReadOptions) -> tuple[Issue, ...]:
    """Return a warning where flags that explain a log are given with a canonical table, which needs no explanation."""
    flags = {
        "--map": options.mapping,
        "--assume": options.assume,
        "--input-excludes-cache": options.input_excludes_cache,
    }
    given = [flag for flag, value in flags.items() if value]
    names = [part.table.file.shown for part in parts if part.format == "canonical"]
    if not given or not names:
        return ()
    message = f"{', '.join(given)} say nothing to a file that aggcost convert wrote"
    return (Issue("flags_without_effect", "warning", len(names), message, names[0], "say it to aggcost convert"),)
