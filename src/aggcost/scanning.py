"""From log files to ledgers: open the engine, read the log, plan what to keep apart, scan.

The scan serves every policy and rate card it was planned for. Whatever a price or a condition looks
at must be in the plan; nothing else of a request survives it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import ibis

from aggcost import foresight, holdout, ledger, period, rules, scales, service
from aggcost.errors import Issue
from aggcost.foresight import Foresight, Question
from aggcost.health import COLUMN, Health
from aggcost.ledger import NAME_KEYS, Cells
from aggcost.months import month_starts_s
from aggcost.needs import Needs
from aggcost.policy import Policy, Route
from aggcost.prompt_caches import Simulated
from aggcost.quantities import USES
from aggcost.ratecard import ModelRates, RateCard
from aggcost.report_arms import Minute
from aggcost.service import Latencies

if TYPE_CHECKING:
    from aggcost.engine import Engine

RULE = "rule"  # a field of discounts that no log has: which rule decided
MAX_GROUPS = 1_000  # values of a --by field that keep a line of their own
MAX_NUMBERED = 64  # values of a name that a scan takes for numbers; it compares each row with half of them
_OUTLINED = ("provider", "model", "task")
_QUARTER_S, _HOUR_S = 900, 3600


@dataclass(frozen=True, slots=True)
class Ledgers:
    """What the core works on: cells, latencies, times to the first token, and the days they cover.

    `by_the_hour` says that the cells keep hours apart; where they do not, no day can be told. `kept` is what further
    scans of the same log must keep apart, and `foresight` what one of them found out about routes to move to. `health`
    are the incidents of the period, where some policy asks for them.
    """

    cells: Cells
    latencies: Latencies
    first_tokens: Latencies
    span: period.Span
    zone: ZoneInfo
    by_the_hour: bool
    kept: ledger.Plan
    plan: ledger.Plan
    foresight: Foresight | None = None
    health: Health | None = None
    simulated: Simulated | None = None


@dataclass(frozen=True, slots=True)
class _Outline:
    """A first look at a log: who served which task, the values of names that have few, the first and last second.

    `streamed` says that some request states its time to the first token.
    """

    models: tuple[tuple[str | None, str], ...]
    names: Mapping[str, tuple[str, ...]]
    kinds: int
    first_s: int | None
    last_s: int | None
    streamed: bool


def scan(
    engine: Engine,
    usage: ibis.Table,
    *,
    needs: Needs,
    cards: Sequence[tuple[RateCard, Sequence[Route]]],
    by: Sequence[str],
    zone: ZoneInfo,
) -> Ledgers:
    """Return the ledgers of a log for what conditions and levers need, for each card with the routes it must price.

    Where the rows tell in which state of health they came, the cells keep these apart.
    """
    atoms = [atom for atom in needs.atoms if atom.field != RULE]
    outline = _outline(engine, usage)
    span = period.cover(outline.first_s, outline.last_s, zone)
    priced = _priced_models(outline.models, cards)
    names = [*(name for name in by if name == "operation"), *([COLUMN] if COLUMN in usage.columns else [])]
    asked = needs.added_to(ledger.plan(atoms, names=names, grid_s=_grid_s(priced, zone)))
    instants = _instants(asked, outline, priced, span, zone)
    wanted = _with_groups(engine, usage, needs.added_to(_with_prices(asked, needs, priced, instants)), by)
    cells = ledger.scan(engine, usage, wanted, zone)
    kept = replace(asked, names=_without(COLUMN, asked.names), numbered=outline.names)
    latencies = service.scan(engine, usage, kept)
    first_tokens = service.scan(engine, usage, kept, "ttft") if outline.streamed else service.nothing("ttft")
    return Ledgers(cells, latencies, first_tokens, span, zone, instants is None, kept, wanted)


def foresee(engine: Engine, usage: ibis.Table, ledgers: Ledgers, policies: Iterable[Policy]) -> Ledgers:
    """Return the ledgers with what can be said of requests that these policies move, four scans more where they do.

    Routes whose latencies the policy asserts, or that the log has never seen, need none.
    """
    named = dict.fromkeys(route for policy in policies for route in policy.routes if not policy.asserts_latency(route))
    seen = [route for route in named if service.seen(route, ledgers.latencies).any()]
    streamed = bool(len(ledgers.first_tokens.ms))
    asked = Question(seen, ledgers.kept, holdout.cut_of(ledgers.span), streamed, ledgers.by_the_hour)
    return replace(ledgers, foresight=foresight.look(engine, usage, asked))


def _without(name: str, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(one for one in names if one != name)


def for_prices(engine: Engine, usage: ibis.Table, card: RateCard) -> ledger.Plan:
    """Return what a scan must keep apart for prices alone: when they change, and at which size of a prompt."""
    outline = _outline(engine, usage)
    priced = _priced_models(outline.models, [(card, ())])
    changes = {instant for rates in priced for instant in rates.instants}
    hourly = any(rates.windowed for rates in priced)
    return ledger.plan(
        (),
        prompt_cuts=[cut for rates in priced for cut in rates.cuts],
        grid_s=_grid_s(priced, ZoneInfo("UTC")),
        instants=None if hourly else tuple(sorted(changes)),
    )


def cells(engine: Engine, usage: ibis.Table, card: RateCard, names: Sequence[str] = ()) -> Cells:
    """Return the ledger of some rows of a log, cut for prices alone and kept apart by further columns."""
    return ledger.scan(engine, usage, replace(for_prices(engine, usage, card), names=tuple(names)))


def _with_prices(
    asked: ledger.Plan, needs: Needs, priced: Sequence[ModelRates], instants: tuple[int, ...] | None
) -> ledger.Plan:
    """Return the plan with the cuts of prices and limits on top of those of the conditions."""
    tiers = (cut for rates in priced for cut in rates.cuts)
    windows = _over((*(rates.context_window for rates in priced), *needs.context_windows))
    longest = _over((*(rates.max_output for rates in priced), *needs.max_outputs))
    found = ledger.plan(
        [atom for atom in needs.atoms if atom.field != RULE],
        prompt_cuts=scales.cuts((*tiers, *windows), needs.prompt_ratios),
        output_cuts=scales.cuts(longest, needs.answer_ratios),
        names=asked.names,
        grid_s=asked.grid_s,
        instants=instants,
    )
    # One scan serves every way in which some card counts units.
    roundings = tuple(dict.fromkeys(one for rates in priced for one in rates.roundings))
    return replace(found, roundings=roundings)


def _instants(
    asked: ledger.Plan, outline: _Outline, priced: Sequence[ModelRates], span: period.Span, zone: ZoneInfo
) -> tuple[int, ...] | None:
    """Return where to cut the time if hours would make too many cells: at prices, months, the edge of counted days.

    The first cut is the first request, which is the time of what comes before the second. None keeps the hours, as do
    prices that change by the hour of the day.
    """
    if outline.first_s is None or outline.last_s is None:
        return None
    hours = (outline.last_s - outline.first_s) // asked.grid_s + 1
    if asked.most_bins * outline.kinds * hours <= ledger.MAX_CELLS or any(rates.windowed for rates in priced):
        return None
    found = {outline.first_s} | {instant for rates in priced for instant in rates.instants} | set(span.edges_s())
    zones = {str(zone)} | {zone for rates in priced for zone in rates.month_zones}
    found |= {start for name in zones for start in month_starts_s(outline.first_s, outline.last_s, name)}
    return tuple(sorted(instant for instant in found if outline.first_s <= instant <= outline.last_s))


def _outline(engine: Engine, usage: ibis.Table) -> _Outline:
    usable = usage.filter(ledger.accepted(usage))
    table = engine.to_arrow(
        usable.group_by(*_OUTLINED).aggregate(
            first_s=usable.ts.min().truncate("s").epoch_seconds().cast("int64"),
            last_s=usable.ts.max().truncate("s").epoch_seconds().cast("int64"),
            streamed=usable.ttft_ms.count(),
        )
    )
    rows = table.to_pylist()
    models = {(row["provider"], row["model"]): None for row in rows if row["model"] is not None}
    firsts = [row["first_s"] for row in rows if row["first_s"] is not None]
    lasts = [row["last_s"] for row in rows if row["last_s"] is not None]
    ordered = sorted(models, key=lambda pair: (pair[0] or "", pair[1]))
    listed = {name: tuple(sorted({row[name] for row in rows} - {None})) for name in _OUTLINED}
    names = {name: values for name, values in listed.items() if len(values) <= MAX_NUMBERED}
    streamed = any(row["streamed"] for row in rows)
    return _Outline(tuple(ordered), names, len(rows), min(firsts, default=None), max(lasts, default=None), streamed)


def _priced_models(
    logged: Sequence[tuple[str | None, str]], cards: Sequence[tuple[RateCard, Sequence[Route]]]
) -> list[ModelRates]:
    found = []
    for card, routes in cards:
        names = [*logged, *((route.provider, route.model) for route in routes)]
        found += [card.resolve(provider, model).rates for provider, model in dict.fromkeys(names)]
    return [rates for rates in found if rates is not None]


def _over(limits: Iterable[int | None]) -> list[int]:
    """Return the first number of tokens over each known limit."""
    return [limit + 1 for limit in limits if limit is not None]


def _grid_s(priced: Iterable[ModelRates], zone: ZoneInfo) -> int:
    """Return the time grid on which every price change and every local hour lies."""
    grid = min((rates.grid_s for rates in priced), default=_HOUR_S)
    return min(grid, _QUARTER_S) if _off_the_hour(zone) else grid


def _off_the_hour(zone: ZoneInfo) -> bool:
    """Say whether the zone was ever off by a part of an hour in the years that logs come from."""
    offsets = [datetime(year, month, 15, tzinfo=zone).utcoffset() for year in range(2020, 2031) for month in (1, 7)]
    return any(offset is not None and offset.total_seconds() % _HOUR_S for offset in offsets)


def _with_groups(engine: Engine, usage: ibis.Table, wanted: ledger.Plan, by: Sequence[str]) -> ledger.Plan:
    """Keep the values of the further breakdown fields: all of them, or the most frequent ones."""
    asked = dict(wanted.asked)
    for name in by:
        if name not in NAME_KEYS and name not in wanted.names and name != "day":
            asked[name] = tuple(sorted({*asked.get(name, ()), *_frequent(engine, usage, name)}))
    return replace(wanted, asked=asked)


def _frequent(engine: Engine, usage: ibis.Table, name: str) -> list[str]:
    column = rules.field_column(usage, name).name("value")
    counted = usage.filter(column.notnull()).group_by(column).aggregate(requests=ibis._.count())
    ranked = counted.order_by([counted.requests.desc(), counted.value.asc()]).limit(MAX_GROUPS)
    return [str(value) for value in engine.to_arrow(ranked).column("value").to_pylist()]


def worst_minutes(engine: Engine, usage: ibis.Table, zone: ZoneInfo, limit: int = 3) -> tuple[Minute, ...]:
    """Return the minutes with the most failed requests, worst first; a scan of its own."""
    minute = (usage.ts.epoch_seconds() // 60).cast("int64").name("minute")
    failed = (usage.status.fill_null("ok") != "ok").ifelse(usage.request_count, 0).sum().cast("int64")
    counted = (
        usage.filter(ledger.accepted(usage), usage.ts.notnull())
        .group_by(minute)
        .aggregate(requests=usage.request_count.sum().cast("int64"), failed=failed)
    )
    ranked = counted.filter(counted.failed > 0).order_by([counted.failed.desc(), counted.minute.asc()]).limit(limit)
    rows = engine.to_arrow(ranked).to_pylist()
    return tuple(
        Minute(minute=_minute_text(row["minute"], zone), requests=int(row["requests"]), failed=int(row["failed"]))
        for row in rows
    )


def _minute_text(minute: int, zone: ZoneInfo) -> str:

    return datetime.fromtimestamp(minute * 60, UTC).astimezone(zone).isoformat(timespec="minutes")


def sessions(engine: Engine, usage: ibis.Table) -> int | None:
    """Return the number of conversations, None where the log does not name them; a scan of its own."""
    counted = usage.filter(ledger.accepted(usage)).aggregate(sessions=usage.session_id.nunique())
    found = engine.to_arrow(counted).column("sessions")[0].as_py()
    return int(found) or None


def issue_of_cells(cells: Cells) -> tuple[Issue, ...]:
    """Return what the ledger itself shows to be wrong: requests without a time or without counts."""
    requests = cells.sums["requests"]
    usage = cells.dims["outcome"].mask(lambda outcome: outcome == ledger.USAGE)
    issues = []
    undated = int(requests[usage & cells.dims["start_s"].where(None)].sum())
    if undated:
        issues.append(Issue("no_time", "warning", undated, "requests without a time: they are in no day and no month"))
    for name, used in cells.dims.items():
        if name.startswith(USES):
            usage &= ~used.mask(bool)  # counted in something else than tokens
    uncounted = int(requests[usage & cells.dims["tokens_known"].mask(lambda known: not known)].sum())
    if uncounted:
        issues.append(
            Issue("no_token_counts", "warning", uncounted, "requests without token counts: they have no price")
        )
    return tuple(issues)
