"""The library: the same steps as the commands, as functions on frozen values.

::

    log = aggcost.read_usage("logs.csv", timezone="UTC")
    rates = aggcost.load_rates()
    policy = aggcost.load_policy("cheap.yaml")
    aggcost.rate(log, rates).to_pandas()              # what was paid, by model, task and day
    aggcost.replay(log, policy, rates).to_pandas()    # where each request would have gone
    aggcost.compare(log, [policy]).comparisons[0].roi # when it pays back
    aggcost.reprice(log, "offer.yaml").comparisons[0] # the same usage on other prices
    aggcost.reconcile(log, "bill.csv").difference     # what the bill says more than the log
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from aggcost import backtest, baseline, candidates, policy, price_sources
from aggcost.config import Project
from aggcost.engine import open_engine
from aggcost.importers import ReadOptions
from aggcost.importers import read_usage as read_into
from aggcost.ledger import accepted
from aggcost.meters import PRICED, TOKEN_KEYS
from aggcost.money import settle
from aggcost.policy import Policy
from aggcost.ratecard import RateCard
from aggcost.rating import Charges, Rates
from aggcost.reconcile import reconcile as reconciled
from aggcost.report import Report
from aggcost.report_reconcile import Reconciliation
from aggcost.waiting import rule_name
from aggcost.what_if import questions

if TYPE_CHECKING:
    import pandas as pd

USD = pa.decimal128(38, 12)


@dataclass(frozen=True, slots=True)
class Log:
    """A log to read: its files, and how. Nothing is read until a function is given it."""

    files: tuple[str, ...]
    options: ReadOptions = field(default_factory=ReadOptions)
    project: Project = field(default_factory=Project.empty)

    def to_arrow(self) -> pa.Table:
        """Return the canonical request table, one row a request (columns: `aggcost.usage.COLUMNS`)."""
        with open_engine() as engine:
            usage = read_into(engine, self.files, replace(self.options, request_ids=True))
            return engine.to_arrow(usage.table.filter(accepted(usage.table)))

    def to_pandas(self) -> pd.DataFrame:
        """Return the canonical request table as a data frame."""
        frame: pd.DataFrame = self.to_arrow().to_pandas()
        return frame


@dataclass(frozen=True, slots=True)
class Table:
    """A result by groups: `columns` name the fields of each row; costs are exact decimals in US dollars."""

    columns: Mapping[str, pa.DataType]
    rows: tuple[Mapping[str, Any], ...]

    def to_arrow(self) -> pa.Table:
        """Return the rows as an Arrow table."""
        return pa.Table.from_pylist([dict(row) for row in self.rows], schema=pa.schema(list(self.columns.items())))

    def to_pandas(self) -> pd.DataFrame:
        """Return the rows as a data frame."""
        frame: pd.DataFrame = self.to_arrow().to_pandas()
        return frame


def read_usage(*files: str | Path, project: str | Path | None = None, **options: Any) -> Log:
    """Return a log; `options` are those of `ReadOptions`: mapping, assume, timezone, dedupe and so on."""
    known = {one.name for one in fields(ReadOptions)}
    unknown = sorted(set(options) - known)
    if unknown:
        raise TypeError(f"unknown option {unknown[0]!r}: one of {', '.join(sorted(known))}")
    from aggcost.config import load_project  # noqa: PLC0415 - only where a project is named

    facts = Project.empty() if project is None else load_project(Path(project))
    return Log(tuple(str(file) for file in files), ReadOptions(**options), facts)


def load_rates(*price_files: str | Path) -> RateCard:
    """Return the shipped catalogue under price files of one's own, the first one foremost."""
    return price_sources.load_rates([Path(file) for file in price_files])


def load_policy(name: str | Path) -> Policy:
    """Return a policy by path, or by the name of one in policies/ or among those shipped."""
    return policy.load_policy(policy.find_policy(str(name), Path.cwd()))


def rate(log: Log, rates: RateCard | None = None) -> Table:
    """Return what the log costs: a row for each provider, model, task and day."""
    with open_engine() as engine:
        asked = _options(log, rates)
        base = baseline.baseline(engine, read_into(engine, log.files, log.options), asked, (), detailed=False)
    return _table(base.charges, ("provider", "model", "task", "day"))


def replay(log: Log, chosen: Policy, rates: RateCard | None = None) -> Table:
    """Return where the policy sends the log's requests, and what they cost there: a row for each rule and pair."""
    with open_engine() as engine:
        asked = _options(log, rates)
        card = asked.card(chosen.prices)
        usage = read_into(engine, log.files, log.options)
        base = baseline.baseline(engine, usage, asked, [(chosen, card)], detailed=False)
        own = Rates(base.ledgers.cells, card, base.rates)
        found = candidates.candidate(chosen, base.ledgers, base.truths, own, base.dims)
    return _table(found.after, ("rule", "from", "to"), {"rule": lambda index: rule_name(chosen, index)})


def compare(log: Log, policies: Sequence[Policy], rates: RateCard | None = None) -> Report:
    """Return the report of `aggcost simulate`: costs, service, payback and return of each policy."""
    return backtest.simulate(_options(log, rates), policies)


def reprice(log: Log, *price_files: str | Path, at: datetime | None = None, rates: RateCard | None = None) -> Report:
    """Return the report of the same usage on other prices, a candidate a file; `at` is the time they are taken of.

    Without a file, `rates` (by default the catalogue) are asked about at that time.
    """
    at_s = None if at is None else int(at.timestamp())
    return backtest.simulate(_options(log, rates), questions([Path(file) for file in price_files], at_s))


def analyze(log: Log, rates: RateCard | None = None) -> Report:
    """Return the report of `aggcost analyze`."""
    return backtest.analyze(_options(log, rates))


def reconcile(
    log: Log,
    *bills: str | Path,
    rates: RateCard | None = None,
    tolerance_percent: Decimal | str = "1",
) -> Reconciliation:
    """Return the report of `aggcost reconcile`: the log held against bills or usage reports, which are read like it.

    A difference of up to `tolerance_percent` of the bill is `within_tolerance`; nothing to compare gives no `rows`.
    """
    if not bills:
        raise TypeError("no bill to hold the log against: name its files")
    return reconciled(_options(log, rates), [str(bill) for bill in bills], Decimal(tolerance_percent))


def _options(log: Log, rates: RateCard | None) -> baseline.Options:
    return baseline.Options(logs=log.files, read=log.options, project=log.project, today=rates)


def _table(charges: Charges, names: Sequence[str], shown: Mapping[str, Any] | None = None) -> Table:
    columns: dict[str, pa.DataType] = {name: pa.date32() if name == "day" else pa.string() for name in names}
    columns |= {"requests": USD, **dict.fromkeys((f"{key}_tokens" for key in TOKEN_KEYS), USD), "cost_usd": USD}
    counted = [key for key in charges.extra_columns if key in PRICED]
    columns |= dict.fromkeys(counted, USD)
    rows = []
    for values, sums in charges.by_all(names).items():
        row = {name: (shown or {}).get(name, _same)(value) for name, value in zip(names, values, strict=True)}
        row["requests"] = settle(sums.requests)
        row |= {f"{key}_tokens": settle(sums.tokens[key]) for key in TOKEN_KEYS}
        row["cost_usd"] = settle(sums.cost_usd) if sums.has_price else None
        row |= {key: settle(sums.units[key]) for key in counted}
        rows.append(row)
    ordered = sorted(rows, key=lambda row: [str(row[name]) for name in names])
    return Table(columns, tuple(ordered))


def _same(value: Any) -> Any:
    return value


__all__ = [
    "Log", "Table", "analyze", "compare", "load_policy", "load_rates", "rate", "read_usage", "reconcile", "replay",
    "reprice",
]  # fmt: skip
