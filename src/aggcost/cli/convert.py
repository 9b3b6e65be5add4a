"""`aggcost convert`: logs of any format as canonical Parquet, in one file or a directory."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aggcost.cli.common import options, project
from aggcost.cli.flags import EngineFlags, OutputFlags, PriceFlags, ReadFlags, command
from aggcost.cli.progress import working

if TYPE_CHECKING:
    from aggcost.baseline import Options
    from aggcost.errors import Issue


def register(app: typer.Typer) -> None:
    """Add the command."""

    @command(app, "convert")
    def convert(
        read: ReadFlags,
        engine: EngineFlags,
        output: Annotated[
            str, typer.Option("-o", "--output", metavar="FILE|DIR/", help="The Parquet file or directory to write.")
        ],
        logs: Annotated[
            list[str], typer.Argument(metavar="LOG...", help="Files, directories, quoted globs, databases, or -.")
        ] = [],  # noqa: B006
    ) -> None:
        """Write logs as canonical Parquet, which every command and Spark read.

        Into a directory goes a Parquet file for each log; run again, only logs that are new or changed are converted.

        Example: aggcost convert logs/*.csv.gz -o usage.parquet
        """
        asked = options(logs, read, PriceFlags(), OutputFlags(), engine, project())
        if output.endswith(("/", os.sep)) or Path(output).is_dir():
            _into_directory(asked, Path(output))
        else:
            _into_file(asked, Path(output))


def _into_file(asked: Options, output: Path) -> None:
    from aggcost.engine import open_engine
    from aggcost.importers import read_usage, write_canonical
    from aggcost.output.clean import visible

    with working("converting"), open_engine(threads=asked.threads, memory_limit=asked.memory_limit) as opened:
        usage = read_usage(opened, asked.logs, replace(asked.read, request_ids=True, writes=(output,)))
        rows = write_canonical(opened, usage, output)
    _say(usage.issues)
    typer.echo(f"wrote {rows:,} requests to {visible(str(output))}", err=True)


def _into_directory(asked: Options, folder: Path) -> None:
    from aggcost import __version__
    from aggcost.engine import open_engine
    from aggcost.importers import convert_into
    from aggcost.output.clean import visible

    with working("converting"), open_engine(threads=asked.threads, memory_limit=asked.memory_limit) as opened:
        done = convert_into(opened, asked.logs, asked.read, folder, __version__)
    _say(done.issues)
    typer.echo(f"wrote {done.rows:,} requests of {_logs(done.converted)} to {visible(str(folder))}", err=True)
    if done.skipped:
        typer.echo(f"skipped {_logs(done.skipped)}: unchanged since the last conversion", err=True)


def _logs(count: int) -> str:
    return f"{count:,} log{'' if count == 1 else 's'}"


def _say(issues: Sequence[Issue]) -> None:
    from aggcost.output.clean import visible

    for issue in issues:
        typer.echo(f"{issue.severity}: {visible(issue.message)} ({issue.count:,})", err=True)
