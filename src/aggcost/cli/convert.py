"""`aggcost convert`: logs of any format as one canonical Parquet file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from aggcost.cli.common import options, project
from aggcost.cli.flags import EngineFlags, OutputFlags, PriceFlags, ReadFlags, command
from aggcost.cli.progress import working


def register(app: typer.Typer) -> None:
    """Add the command."""

    @command(app, "convert")
    def convert(
        read: ReadFlags,
        engine: EngineFlags,
        output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="The Parquet file to write.")],
        logs: Annotated[
            list[str], typer.Argument(metavar="LOG...", help="Files, directories, quoted globs, databases, or -.")
        ] = [],  # noqa: B006
    ) -> None:
        """Write logs as one canonical Parquet file, which every command and Spark read.

        Example: aggcost convert logs/*.csv.gz -o usage.parquet
        """
        from aggcost.engine import open_engine
        from aggcost.importers import read_usage, write_canonical
        from aggcost.output.clean import visible

        asked = options(logs, read, PriceFlags(), OutputFlags(), engine, project())
        with working("converting"), open_engine(threads=engine.threads, memory_limit=engine.memory_limit) as opened:
            usage = read_usage(opened, asked.logs, replace(asked.read, request_ids=True, writes=(output,)))
            rows = write_canonical(opened, usage, output)
        for issue in usage.issues:
            typer.echo(f"{issue.severity}: {visible(issue.message)} ({issue.count:,})", err=True)
        typer.echo(f"wrote {rows:,} requests to {visible(str(output))}", err=True)
