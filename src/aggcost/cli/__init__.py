"""The command line: one file a command. A command parses, calls one library function, renders."""

from __future__ import annotations

import typer

from aggcost.cli import analyze, audit, caches, check, convert, demo, formats, init, peaks, prices, reconcile, simulate

app = typer.Typer(
    name="aggcost",
    help=(
        "Backtest an LLM bill: read exported request logs, price them exactly, and replay them against routing "
        "policies.\n\n"
        "Exit codes: 0 fine, 1 a budget is broken or a bill is not explained, 2 usage or unreadable input, 3 the data "
        "is not good enough to judge, 70 a failed self-check, 130/143 interrupted."
    ),
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

for module in (analyze, simulate, check, audit, reconcile, peaks, caches):
    module.register(app)
for module in (demo, init, convert, formats):
    module.register(app)
app.add_typer(prices.app, name="prices")
