"""`aggcost init`: a commented project file to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aggcost.cli.flags import command
from aggcost.errors import UsageError

NAME = "aggcost.yaml"
TEMPLATE = """\
# Today's facts. `aggcost` finds this file upward from the working directory; flags win over it.
aggcost: 1

# What to read where the command line names no log: files, directories, quoted globs, databases.
logs: [{log}]

# Zone of times without one, and in which days, hours and weekdays are cut.
timezone: UTC

# Price files on top of the shipped catalogue: contracts, self-hosted models (docs/prices.md).
# prices: [prices/contract.yaml]

# Names the task where the log does not; the first condition that holds wins (docs/policies.md).
# tasks:
#   - {{task: intent, when: operation == 'chat' and output_tokens < 20}}

# Rows of the before/after table, by where requests came from; one per provider otherwise.
# components:
#   - {{name: GPT-4o calls, where: provider == 'openai'}}

# Monthly cost that no log shows: servers, caches, gateways.
# overheads:
#   - {{name: caching layer, monthly: 300}}

# Engineering hours that running this takes today.
# upkeep: {{hours_per_week: 2, hourly_rate: 150}}

finance: {{horizon_months: 12, discount_rate: 10, growth_percent_monthly: 0}}

# What `aggcost check` holds the log against. `on: run_rate` is a month like this log's days,
# `on: actual` the dearest month (week, day) in it.
budgets:
  - {{name: total, limit: 2500, per: month, on: run_rate}}
"""


def register(app: typer.Typer) -> None:
    """Add the command."""

    @command(app, "init")
    def init(
        log: Annotated[str, typer.Argument(metavar="[LOG]", help="The log to name in it.")] = "logs/*.csv",
        output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="Where to write it.")] = Path(NAME),
    ) -> None:
        """Write a commented aggcost.yaml.

        Example: aggcost init logs/2026-02.csv
        """
        if output.exists():
            raise UsageError(f"{output} exists already", hint="-o FILE writes elsewhere")
        from aggcost.importers import again
        from aggcost.output import write

        write(TEMPLATE.format(log=_quoted(again(log))), output)
        typer.echo(f"wrote {output}; next: aggcost analyze, then aggcost check", err=True)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
