"""`aggcost demo`: the bundled month under the bundled policy, without a log of one's own."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import typer

from aggcost.cli.common import MAX_QUARANTINED_PERCENT, MAX_UNPRICED_PERCENT, finish, options, show, working
from aggcost.cli.flags import EngineFlags, OutputFlags, PriceFlags, ReadFlags, command

POLICY = "article"


def register(app: typer.Typer) -> None:
    """Add the command."""

    @command(app, "demo")
    def demo(output: OutputFlags) -> None:
        """Make the article's month of 1.8 million requests, and replay it under the article's policy.

        Example: aggcost demo --detail
        """
        from aggcost import backtest, shipped
        from aggcost.config import load_project
        from aggcost.demo import write_month
        from aggcost.policy import find_policy, load_policy

        facts = load_project(shipped.article() / "aggcost.yaml")
        policy = load_policy(find_policy(POLICY, shipped.policies()))
        with tempfile.TemporaryDirectory(prefix="aggcost-demo-") as folder:
            month = Path(folder) / "month.parquet"
            with working("making the month"):
                write_month(month)
            asked = options([str(month)], ReadFlags(), PriceFlags(), output, EngineFlags(), facts)
            with working("replaying the month"):
                report = backtest.simulate(asked, [policy])
        show(report, output)
        finish(report, ReadFlags(), max_quarantined=MAX_QUARANTINED_PERCENT, max_unpriced=MAX_UNPRICED_PERCENT)
        print(
            "This month is made up from the article's figures; now try your own: aggcost analyze LOG", file=sys.stderr
        )
