"""`aggcost peaks`: the busiest minute of each route, held against a rate limit."""

from __future__ import annotations

import shutil
from typing import Annotated

import typer

from aggcost.cli.common import options, project
from aggcost.cli.flags import (
    EngineFlags,
    ListFormat,
    ListFormatOption,
    LogsArgument,
    OutputFlags,
    PriceFlags,
    ReadFlags,
    command,
)
from aggcost.cli.progress import working

BROKEN = 1


def register(app: typer.Typer) -> None:
    """Add the command."""

    @command(app, "peaks")
    def peaks(
        read: ReadFlags,
        engine: EngineFlags,
        *,
        logs: LogsArgument = [],  # noqa: B006
        rpm: Annotated[int | None, typer.Option(metavar="N", help="A limit of requests a minute, a route.")] = None,
        tpm: Annotated[int | None, typer.Option(metavar="N", help="A limit of tokens a minute, a route.")] = None,
        scale: Annotated[int, typer.Option(metavar="N", help="Ask about N times the traffic.")] = 1,
        format_: ListFormatOption = ListFormat.TABLE,
    ) -> None:
        """Show the busiest minute of each route, and whether it stays within a rate limit.

        Exits with 1 where a limit is broken.

        Example: aggcost peaks logs.csv --rpm 700
        """
        from aggcost import peaks as run
        from aggcost.output.peaks import peaks_json, peaks_table

        asked = options(logs, read, PriceFlags(), OutputFlags(), engine, project())
        with working("reading the log"):
            found = run.peaks(asked, requests_a_minute=rpm, tokens_a_minute=tpm, scale=scale)
        wide = shutil.get_terminal_size((80, 40)).columns
        typer.echo(peaks_json(found) if format_ is ListFormat.JSON else peaks_table(found, wide), nl=False)
        if found.broken:
            raise typer.Exit(BROKEN)
