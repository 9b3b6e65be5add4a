"""`aggcost demo`: the bundled month under the bundled policy, without a log of one's own."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import typer

from aggcost.cli.common import (
    MAX_QUARANTINED_PERCENT,
    MAX_UNPRICED_PERCENT,
    finish,
    options,
    percent_flag,
    show,
)
from aggcost.cli.flags import EngineFlags, OutputFlags, PriceFlags, ReadFlags, command
from aggcost.cli.progress import working

POLICIES = ("article", "failover")
NEXT = ("aggcost demo --detail", "aggcost analyze LOG", "aggcost init")


def register(app: typer.Typer) -> None:
    """Add the command."""

    @command(app, "demo")
    def demo(price: PriceFlags, output: OutputFlags, engine: EngineFlags) -> None:
        """Make the article's month of 1.8 million requests, and replay it under its policy, without and with failover.

        Example: aggcost demo --detail
        """
        from aggcost import backtest, shipped
        from aggcost.config import load_project
        from aggcost.demo import write_month
        from aggcost.policy import find_policy, load_policy

        facts = load_project(shipped.article() / "aggcost.yaml")
        policies = [load_policy(find_policy(name, shipped.policies())) for name in POLICIES]
        with tempfile.TemporaryDirectory(prefix="aggcost-demo-") as folder:
            month = Path(folder) / "month.parquet"
            with working("making the month"):
                write_month(month)
            asked = options([str(month)], ReadFlags(), price, output, engine, facts)
            with working("replaying the month"):
                report = replace(backtest.simulate(asked, policies), next_commands=NEXT)
        show(report, output)
        limit = percent_flag("--max-unpriced", price.max_unpriced, MAX_UNPRICED_PERCENT)
        finish(report, ReadFlags(), max_quarantined=MAX_QUARANTINED_PERCENT, max_unpriced=limit)
