"""`aggcost caches`: what a provider's prompt cache would serve of a log, and what that is worth."""

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


def register(app: typer.Typer) -> None:
    """Add the command."""

    @command(app, "caches")
    def caches(
        read: ReadFlags,
        price: PriceFlags,
        engine: EngineFlags,
        *,
        logs: LogsArgument = [],  # noqa: B006
        capacity: Annotated[
            list[int], typer.Option(metavar="N", help="A capacity in blocks beside the usual ones; repeatable.")
        ] = [],  # noqa: B006
        per_session: Annotated[
            bool, typer.Option("--per-session", help="A cache for each session: its ids of blocks are its own.")
        ] = False,
        per_model: Annotated[
            bool, typer.Option("--per-model", help="A cache for each model, as providers have.")
        ] = False,
        minimum: Annotated[
            int, typer.Option(metavar="TOKENS", help="The least prompt, and prefix, that is cached; often 1024.")
        ] = 0,
        format_: ListFormatOption = ListFormat.TABLE,
    ) -> None:
        """Show how much of its prompts a prompt cache would serve, and what that is worth.

        Prefixes are known by the ids of their blocks where the log has them, else by sessions (docs/caches.md).

        Example: aggcost caches trace.jsonl --map prefix_blocks=hash_ids --assume block_tokens=512
        """
        from aggcost import caches as run
        from aggcost.output.caches import caches_json, caches_table

        asked = run.Asked(tuple(capacity), per_session, per_model, minimum)
        with working("reading the log"):
            found = run.caches(options(logs, read, price, OutputFlags(), engine, project()), asked)
        wide = shutil.get_terminal_size((80, 40)).columns
        typer.echo(caches_json(found) if format_ is ListFormat.JSON else caches_table(found, wide), nl=False)
