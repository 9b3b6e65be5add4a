"""`aggcost audit`: the costs that a log records, held against the prices request by request."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import typer

from aggcost.cli.common import options, percent_flag, project, show
from aggcost.cli.flags import EngineFlags, LogsArgument, OutputFlags, PriceFlags, ReadFlags, command
from aggcost.cli.progress import working


def register(app: typer.Typer) -> None:
    """Add the command."""

    @command(app, "audit")
    def audit(
        read: ReadFlags,
        price: PriceFlags,
        output: OutputFlags,
        engine: EngineFlags,
        *,
        logs: LogsArgument = [],  # noqa: B006
        tolerance: Annotated[
            str | None,
            typer.Option(metavar="PERCENT", help="Difference of a request, in percent of ours, that is none: 0.1."),
        ] = None,
    ) -> None:
        """Hold the costs that a log records against the prices, request by request, and explain the difference.

        Example: aggcost audit spend-logs.json
        """
        from aggcost import audit as run

        asked = options(logs, read, price, output, engine, project())
        allowed = percent_flag("--tolerance", tolerance, Decimal("0.1"))
        with working("reading the log"):
            report = run.audit(asked, allowed)
        show(report, output)
