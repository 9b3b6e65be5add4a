"""`aggcost reconcile`: a request log held against a bill or a usage report."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import typer

from aggcost.cli.common import MAX_QUARANTINED_PERCENT, options, percent_flag, project, show
from aggcost.cli.flags import EngineFlags, LogsArgument, OutputFlags, PriceFlags, ReadFlags, command
from aggcost.cli.progress import working

APART = 1


def register(app: typer.Typer) -> None:
    """Add the command."""

    @command(app, "reconcile")
    def reconcile(
        read: ReadFlags,
        price: PriceFlags,
        output: OutputFlags,
        engine: EngineFlags,
        *,
        against: Annotated[
            list[str],
            typer.Option(
                "--against", metavar="BILL", help="A bill or usage report: file, directory or quoted glob; repeatable."
            ),
        ],
        logs: LogsArgument = [],  # noqa: B006
        tolerance: Annotated[
            str | None,
            typer.Option(metavar="PERCENT", help="Difference, in percent of the bill, that is fine: 1 by default."),
        ] = None,
    ) -> None:
        """Hold a log against a bill or usage report, by provider, model and day, and explain the difference.

        Exits with 1 where the difference is larger than the tolerance.

        Example: aggcost reconcile logs.csv --against openai-usage.json --against openai-costs.json
        """
        from aggcost.reconcile import reconcile as compared
        from aggcost.reconcile import verdict

        allowed = percent_flag("--tolerance", tolerance, Decimal(1))
        limit = percent_flag("--max-quarantined", read.max_quarantined, MAX_QUARANTINED_PERCENT)
        asked = options(logs, read, price, output, engine, project())
        with working("reading the log and the bill"):
            report = compared(asked, tuple(against), allowed)
        show(report, output)
        if reason := verdict(report, limit):
            raise reason
        if not report.within_tolerance:
            raise typer.Exit(APART)
