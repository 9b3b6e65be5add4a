"""`aggcost analyze`: what a log cost, and how it was served."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Annotated

import typer

from aggcost.cli.common import finish, options, percent_flag, project, show, usd_flag
from aggcost.cli.flags import EngineFlags, OutputFlags, PriceFlags, ReadFlags, command
from aggcost.cli.progress import working

WARN_UP_TO_PERCENT = Decimal(1)


def register(app: typer.Typer) -> None:
    """Add the command."""

    @command(app, "analyze")
    def analyze(
        read: ReadFlags,
        price: PriceFlags,
        output: OutputFlags,
        engine: EngineFlags,
        logs: Annotated[
            list[str], typer.Argument(metavar="LOG...", help="Files, directories, quoted globs, databases, or -.")
        ] = [],  # noqa: B006
        invoice: Annotated[str | None, typer.Option(metavar="USD", help="A bill to hold the log against.")] = None,
    ) -> None:
        """Show what a log cost: by model, provider, task and day, with unit costs, service and coverage.

        Example: aggcost analyze logs.csv --by team --invoice 10247
        """
        from aggcost import backtest

        asked = replace(
            options(logs, read, price, output, engine, project()), invoice_usd=usd_flag("--invoice", invoice)
        )
        with working("reading the log"):
            report = backtest.analyze(asked)
        show(report, output)
        limit = percent_flag("--max-unpriced", price.max_unpriced, Decimal(100))
        finish(report, read, max_quarantined=WARN_UP_TO_PERCENT, max_unpriced=limit)
