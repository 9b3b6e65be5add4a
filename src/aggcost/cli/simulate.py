"""`aggcost simulate`: what policies would have made of a log."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from aggcost.cli.common import (
    MAX_QUARANTINED_PERCENT,
    MAX_UNPRICED_PERCENT,
    finish,
    instant_flag,
    options,
    percent_flag,
    project,
    show,
)
from aggcost.cli.flags import (
    PRICING,
    EngineFlags,
    LogsArgument,
    OutputFlags,
    PriceFlags,
    ReadFlags,
    ReplayFlags,
    command,
)
from aggcost.cli.progress import working
from aggcost.errors import UsageError


def register(app: typer.Typer) -> None:
    """Add the command."""

    @command(app, "simulate")
    def simulate(
        read: ReadFlags,
        price: PriceFlags,
        output: OutputFlags,
        engine: EngineFlags,
        replay: ReplayFlags,
        *,
        policy: Annotated[
            list[str],
            typer.Option(
                "--policy", metavar="POLICY", help="A policy file, or the name of one; repeat to rank several."
            ),
        ] = [],  # noqa: B006
        logs: LogsArgument = [],  # noqa: B006
        prices_at: Annotated[
            str | None,
            typer.Option(
                "--prices-at",
                metavar="DATE",
                rich_help_panel=PRICING,
                help="Without --policy: price all usage as on that date, by --prices or by today's files.",
            ),
        ] = None,
    ) -> None:
        """Replay a log under policies: cost, service, payback and return, before and after.

        With --policy, --prices are files of today's prices. Without --policy, each --prices file is a candidate of
        its own: the same usage on those prices over today's, whose requests, latency and failures stay as they were.

        Examples: aggcost simulate logs.csv --policy cheap; aggcost simulate logs.csv --prices offer.yaml
        """
        from aggcost import backtest
        from aggcost.policy import find_policy, load_policy
        from aggcost.what_if import questions

        facts = project()
        if replay.incidents and not policy:
            raise UsageError("--incidents asks how a policy fares: it goes with --policy")
        if policy and prices_at is not None:
            raise UsageError("--prices-at asks about prices alone: it does not go with --policy")
        if policy:
            asked = replace(
                options(logs, read, price, output, engine, facts),
                incidents=tuple(replay.incidents),
                scale=replay.scale,
            )
            policies = [load_policy(find_policy(name, Path.cwd()), name) for name in policy]
        else:
            asked = options(logs, read, replace(price, prices=[]), output, engine, facts)
            policies = questions(price.prices, instant_flag("--prices-at", prices_at))
        with working("replaying the log"):
            report = backtest.simulate(asked, policies)
        show(report, output)
        limit = percent_flag("--max-unpriced", price.max_unpriced, MAX_UNPRICED_PERCENT)
        finish(report, read, max_quarantined=MAX_QUARANTINED_PERCENT, max_unpriced=limit)
