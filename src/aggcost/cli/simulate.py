"""`aggcost simulate`: what policies would have made of a log."""

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


def register(app: typer.Typer) -> None:
    """Add the command."""

    @command(app, "simulate")
    def simulate(
        read: ReadFlags,
        price: PriceFlags,
        output: OutputFlags,
        engine: EngineFlags,
        policy: Annotated[
            list[str],
            typer.Option(
                "--policy", metavar="POLICY", help="A policy file, or the name of one; repeat to rank several."
            ),
        ],
        logs: Annotated[
            list[str],
            typer.Argument(
                metavar="[LOG...]",
                help="Files, directories, quoted globs, databases, or -; the project's logs otherwise.",
            ),
        ] = [],  # noqa: B006
    ) -> None:
        """Replay a log under policies: cost, service, payback and return, before and after.

        Example: aggcost simulate logs.csv --policy cheap
        """
        from aggcost import backtest
        from aggcost.policy import find_policy, load_policy

        facts = project()
        policies = [load_policy(find_policy(name, Path.cwd()), name) for name in policy]
        asked = options(logs, read, price, output, engine, facts)
        with working("replaying the log"):
            report = backtest.simulate(asked, policies)
        show(report, output)
        limit = percent_flag("--max-unpriced", price.max_unpriced, MAX_UNPRICED_PERCENT)
        finish(report, read, max_quarantined=MAX_QUARANTINED_PERCENT, max_unpriced=limit)
