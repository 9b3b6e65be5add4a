"""The project file `aggcost.yaml`: today's facts that no log and no price table states."""

from __future__ import annotations

import glob
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Literal, cast
from zoneinfo import ZoneInfo

from aggcost.change_costs import Overhead, Upkeep, read_condition, read_overheads, read_upkeep
from aggcost.rules import Condition
from aggcost.strict_yaml import Node, check_unique, load

FILE = "aggcost.yaml"
_KEYS = ("logs", "timezone", "prices", "tasks", "components", "overheads", "upkeep", "finance", "budgets")
_LONGEST_HORIZON_MONTHS = 600


@dataclass(frozen=True, slots=True)
class Finance:
    """How far to look and what to assume of that time: a yearly rate, and growth of traffic a month."""

    horizon_months: int = 12
    discount_rate_percent: Decimal = Decimal(10)
    growth_percent_monthly: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit on what requests cost in a day, week or month, as spent (`actual`) or as a `run_rate`."""

    name: str
    where: Condition | None
    limit_usd: Decimal
    per: Literal["month", "day", "week"] = "month"
    on: Literal["run_rate", "actual"] = "run_rate"


@dataclass(frozen=True, slots=True)
class Project:
    """The facts of a project file; `logs` are patterns, they and `prices` stand relative to it."""

    logs: tuple[str, ...] = ()
    timezone: str | None = None
    prices: tuple[Path, ...] = ()
    tasks: tuple[tuple[str, Condition], ...] = ()
    components: tuple[tuple[str, Condition], ...] = ()
    overheads: tuple[Overhead, ...] = ()
    upkeep: Upkeep | None = None
    finance: Finance = field(default_factory=Finance)
    budgets: tuple[Budget, ...] = ()
    path: Path | None = None

    @classmethod
    def empty(cls) -> Project:
        """Return a project that states nothing."""
        return cls()


def find_project(start: Path) -> Path | None:
    """Return the project file of a folder, or of the nearest folder above it that has one."""
    folder = start.absolute()
    return next((found / FILE for found in (folder, *folder.parents) if (found / FILE).is_file()), None)


def load_project(path: Path) -> Project:
    """Return the facts of a project file; ConfigError or RuleError with file and line."""
    root = load(path)
    root.fields(required=("aggcost",), optional=_KEYS)["aggcost"].version("1")
    return Project(
        logs=tuple(_beside(path, item.text()) for item in _items(root, "logs")),
        timezone=_timezone(root.given("timezone")),
        prices=tuple(path.parent / item.text() for item in _items(root, "prices")),
        tasks=tuple(_named_condition(item, "task", "when") for item in _items(root, "tasks")),
        components=_components(_items(root, "components")),
        overheads=read_overheads(root.given("overheads")),
        upkeep=read_upkeep(root.given("upkeep")),
        finance=_finance(root.given("finance")),
        budgets=_budgets(_items(root, "budgets")),
        path=path,
    )


def _items(root: Node, key: str) -> tuple[Node, ...]:
    given = root.given(key)
    return () if given is None else tuple(given.list())


def _beside(path: Path, pattern: str) -> str:
    """Return a log pattern relative to the project file, whose own folder is no pattern; a URL is as it is."""
    if "://" in pattern or Path(pattern).is_absolute() or path.parent == Path():
        return pattern
    return f"{glob.escape(str(path.parent))}/{pattern}"


def _timezone(node: Node | None) -> str | None:
    if node is None:
        return None
    try:
        return ZoneInfo(node.text()).key
    except (KeyError, ValueError, OSError):
        raise node.error(f"unknown time zone {node.text()!r}", hint="write a name such as Europe/Berlin") from None


def _named_condition(node: Node, name: str, condition: str) -> tuple[str, Condition]:
    fields = node.fields(required=(name, condition))
    return fields[name].text(), read_condition(fields[condition])


def _components(items: tuple[Node, ...]) -> tuple[tuple[str, Condition], ...]:
    found = tuple(_named_condition(item, "name", "where") for item in items)
    check_unique(item.mapping()["name"] for item in items)
    return found


def _finance(node: Node | None) -> Finance:
    if node is None:
        return Finance()
    node.fields(optional=("horizon_months", "discount_rate", "growth_percent_monthly"))
    horizon, rate, growth = (node.given(key) for key in ("horizon_months", "discount_rate", "growth_percent_monthly"))
    default = Finance()
    if horizon is not None and horizon.integer(minimum=1) > _LONGEST_HORIZON_MONTHS:
        raise horizon.error(f"a horizon is at most {_LONGEST_HORIZON_MONTHS} months")
    return Finance(
        default.horizon_months if horizon is None else horizon.integer(minimum=1),
        default.discount_rate_percent if rate is None else rate.decimal(minimum=0, maximum=1000),
        default.growth_percent_monthly if growth is None else growth.decimal(minimum=-99, maximum=1000),
    )


def _budgets(items: tuple[Node, ...]) -> tuple[Budget, ...]:
    found = tuple(_budget(item) for item in items)
    check_unique(item.mapping()["name"] for item in items)
    return found


def _budget(node: Node) -> Budget:
    fields = node.fields(required=("name", "limit"), optional=("where", "per", "on"))
    where, per, on = node.given("where"), node.given("per"), node.given("on")
    length = "month" if per is None else per.choice(("month", "day", "week"))
    basis = "run_rate" if on is None else on.choice(("run_rate", "actual"))
    return Budget(
        fields["name"].text(),
        None if where is None else read_condition(where),
        fields["limit"].decimal(minimum=0),
        cast("Literal['month', 'day', 'week']", length),
        cast("Literal['run_rate', 'actual']", basis),
    )
