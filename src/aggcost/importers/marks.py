"""What is said about rows once every file is read: providers by their usual names, tasks by rule, repeats."""

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
from aggcost.ledger import accepted
from aggcost.money import plain
from aggcost.names import canonical_provider
from aggcost.usage import COLUMN_NAMES


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
    """Return the table with canonical provider names, tasks by rule, and repeats marked where that is asked."""
    table = _with_providers(table, providers)
    if options.tasks:
        zone = ZoneInfo(options.timezone or "UTC")
        cases = [(rules.to_ibis(condition, table, zone), task) for task, condition in options.tasks]
        table = table.mutate(task=ibis.coalesce(table.task, ibis.cases(*cases)))
    if options.dedupe:
        table = _deduped(table, "request_id")
    return table


def _with_providers(table: ibis.Table, spelled: Sequence[str]) -> ibis.Table:
    """Replace usual spellings among the names of providers; most logs have none."""
    changed = {name: canonical for name in spelled if (canonical := canonical_provider(name)) != name}
    if not changed:
        return table
    return table.mutate(provider=table.provider.cases(*changed.items(), else_=table.provider))


def _deduped(table: ibis.Table, key: str) -> ibis.Table:
    """Mark all but one row of each `key`, the id or its hash: the earliest stays; the other columns decide ties."""
    kept_by = [
        table[name].asc(nulls_first=False) for name in COLUMN_NAMES if name not in ("source_file", "source_line")
    ]
    usable = accepted(table)
    order = ibis.window(group_by=[table[key], usable], order_by=kept_by)
    later = ibis.row_number().over(order) > 0
    repeat = table[key].notnull() & usable & later
    known = table.duplicate.fill_null(False)  # noqa: FBT003 - Ibis takes it by position
    return table.mutate(duplicate=repeat | known)


def repeated(engine: Engine, table: ibis.Table, options: ReadOptions, records: int) -> tuple[Issue, ...]:
    """Return how many of so many records repeat the id of another one, by a 64-bit hash of the ids."""
    if options.dedupe:
        return ()
    usable = table.filter(accepted(table), table.id_hash.notnull())
    rows, ids = engine.distinct(usable.id_hash, records)
    repeats = rows - ids
    if not repeats:
        return ()
    return (
        Issue(
            "repeated_request_id",
            "warning",
            repeats,
            f"{repeats:,} requests repeat the id of another one; they are counted and billed{_money(engine, usable)}",
            hint="--dedupe id drops them into the duplicate line",
        ),
    )


def repeats(table: ibis.Table) -> ibis.Table:
    """Return the rows that `--dedupe id` would drop: those that repeat the id of another one."""
    usable = table.filter(accepted(table), table.id_hash.notnull())
    twice = usable.group_by("id_hash").having(usable.count() > 1).aggregate()
    marked_twice = _deduped(usable.semi_join(twice, "id_hash"), "id_hash")
    return marked_twice.filter(marked_twice.duplicate)


def _money(engine: Engine, usable: ibis.Table) -> str:
    """Return what the log says that the repeats cost, those that `--dedupe id` would drop; empty where it does not."""
    rows = repeats(usable)
    money = rows.aggregate(usd=rows.recorded_cost.sum(), known=rows.recorded_cost.count(), rows=rows.count())
    (found,) = engine.to_arrow(money).to_pylist()
    if not found["known"]:
        return "; the log does not record what they cost"
    of = "" if found["known"] == found["rows"] else f" for {found['known']:,} of them"
    return f"; the log records {plain(found['usd'])} USD{of}"


def same_file(parts: Sequence[Part]) -> tuple[Issue, ...]:
    """Return a warning for content that was given more than once."""
    by_digest: dict[str, list[str]] = {}
    for one in parts:
        by_digest.setdefault(one.census.content_sha256, []).append(one.table.file.shown)
    return tuple(
        Issue("same_file", "warning", len(names) - 1, f"the same content twice: {', '.join(names)}", where=names[1])
        for names in by_digest.values()
        if len(names) > 1
    )


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
