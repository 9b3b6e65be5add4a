"""`aggcost check`: budgets held against a log, for CI."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aggcost.cli.common import (
    MAX_QUARANTINED_PERCENT,
    MAX_UNPRICED_PERCENT,
    finish,
    options,
    percent_flag,
    project,
    show,
)
from aggcost.cli.flags import EngineFlags, OutputFlags, PriceFlags, ReadFlags, command
from aggcost.cli.progress import working

BROKEN = 1


def register(app: typer.Typer) -> None:
    """Add the command."""

    @command(app, "check")
    def check(
        read: ReadFlags,
        price: PriceFlags,
        output: OutputFlags,
        engine: EngineFlags,
        logs: Annotated[
            list[str],
            typer.Argument(
                metavar="[LOG...]",
                help="Files, directories, quoted globs, databases, or -; the project's logs otherwise.",
            ),
        ] = [],  # noqa: B006
        policy: Annotated[
            str | None, typer.Option("--policy", metavar="POLICY", help="Judge what this policy would make of the log.")
        ] = None,
    ) -> None:
        """Hold the project's budgets against a log, or against what a policy would make of it.

        Exits with 1 where a budget is broken and with 3 where it cannot be judged.

        Example: aggcost check logs.csv --policy policies/cheap.yaml
        """
        from aggcost import backtest
        from aggcost.output.budget_lines import budget_line
        from aggcost.policy import find_policy, load_policy

        chosen = None if policy is None else load_policy(find_policy(policy, Path.cwd()))
        asked = options(logs, read, price, output, engine, project())
        with working("reading the log"):
            report = backtest.check(asked, chosen)
        show(report, output)
        for budget in report.budgets:
            typer.echo(budget_line(budget), err=True)
        limit = percent_flag("--max-unpriced", price.max_unpriced, MAX_UNPRICED_PERCENT)
        finish(report, read, max_quarantined=MAX_QUARANTINED_PERCENT, max_unpriced=limit)
        if backtest.broken(report):
            raise typer.Exit(BROKEN)
