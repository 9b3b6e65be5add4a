"""What is said about rows once every file is read: providers by their usual names, tasks by rule, repeats."""

from __future__ import annotations

from collections.abc import Sequence
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


def marked(engine: Engine, table: ibis.Table, options: ReadOptions) -> ibis.Table:
    """Return the table with canonical provider names, tasks by rule, and repeats marked where that is asked."""
    table = _with_providers(engine, table)
    if options.tasks:
        zone = ZoneInfo(options.timezone or "UTC")
        cases = [(rules.to_ibis(condition, table, zone), task) for task, condition in options.tasks]
        table = table.mutate(task=ibis.coalesce(table.task, ibis.cases(*cases)))
    if options.dedupe:
        table = _deduped(table, "request_id")
    return table


def _with_providers(engine: Engine, table: ibis.Table) -> ibis.Table:
    """Replace usual spellings of providers; asks for the distinct names first, since most logs need none."""
    spelled = engine.to_arrow(table.select("provider").distinct()).column(0).to_pylist()
    usual = {name: canonical_provider(name) for name in spelled if name is not None}
    changed = {name: canonical for name, canonical in usual.items() if name != canonical}
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


def repeated(engine: Engine, table: ibis.Table, options: ReadOptions) -> tuple[Issue, ...]:
    """Return how many requests repeat the id of another one, by a 64-bit hash of the ids."""
    if options.dedupe:
        return ()
    usable = table.filter(accepted(table), table.id_hash.notnull())
    counted = engine.to_arrow(usable.aggregate(rows=usable.count(), ids=usable.id_hash.nunique())).to_pylist()[0]
    repeats = counted["rows"] - counted["ids"]
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
