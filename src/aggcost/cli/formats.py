"""`aggcost formats`: which log formats are read, and what each can tell."""

from __future__ import annotations

import typer

from aggcost.cli.flags import command


def register(app: typer.Typer) -> None:
    """Add the command."""

    @command(app, "formats")
    def formats() -> None:
        """List the log formats, how their tokens are read, and what they can tell.

        Example: aggcost formats
        """
        from aggcost.importers import FORMATS

        for one in FORMATS:
            typer.echo(f"{one.NAME}: {one.TITLE}")
            typer.echo(f"  tokens: {one.SEMANTICS}")
            typer.echo("  tells:  " + ", ".join(f"{name} {answer}" for name, answer in one.CAPABILITIES.items()))
