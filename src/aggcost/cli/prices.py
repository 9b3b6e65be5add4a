"""`aggcost prices`: what the rate card says of a model, which models it knows, and how the names of a log are read."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aggcost.cli import price_tables
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
from aggcost.errors import UsageError

if TYPE_CHECKING:
    from aggcost.ratecard import RateCard

app = typer.Typer(help="Show, compare and check prices.", no_args_is_help=True, rich_markup_mode=None)
price_tables.register(app)


ProviderOption = Annotated[str | None, typer.Option("--provider", metavar="P", help="Who serves and bills the model.")]
PricesOption = Annotated[
    list[Path] | None, typer.Option("--prices", metavar="FILE", help="A price file, or a table of LiteLLM and others.")
]


@app.command("show")
def show(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model as a log would name it.")],
    provider: ProviderOption = None,
    at: Annotated[str | None, typer.Option("--at", metavar="DATE", help="Only what held then, in UTC.")] = None,
    prices: PricesOption = None,
    format_: ListFormatOption = ListFormat.TABLE,
) -> None:
    """Show every price of one model, and how its name was read.

    Example: aggcost prices show gpt-4o --at 2026-02-01
    """
    from aggcost.cli.common import instant_flag
    from aggcost.output.prices import model_json, model_table

    card = _card(prices)
    found = card.resolve(provider, model)
    if found.rates is None:
        near = ", ".join(found.suggestions[:5])
        raise UsageError(f"no price for {model!r}: {found.how}", hint=f"did you mean {near}?" if near else None)
    render = model_json if format_ is ListFormat.JSON else model_table
    typer.echo(render(found, instant_flag("--at", at), card.fact_sources(found.rates)), nl=False)


@app.command("list")
def list_models(
    provider: ProviderOption = None, prices: PricesOption = None, format_: ListFormatOption = ListFormat.TABLE
) -> None:
    """List the models that have prices.

    Example: aggcost prices list --provider anthropic
    """
    from aggcost.output.prices import models_json, models_table

    card = _card(prices)
    models = card.models(provider)
    if not models:
        raise UsageError(
            f"no price source knows the provider {provider!r}", hint=f"known: {', '.join(card.providers())}"
        )
    typer.echo((models_json if format_ is ListFormat.JSON else models_table)(models), nl=False)


@command(app, "resolve")
def resolve(
    read: ReadFlags,
    price: PriceFlags,
    engine: EngineFlags,
    *,
    logs: LogsArgument = [],  # noqa: B006
    format_: ListFormatOption = ListFormat.TABLE,
) -> None:
    """List every model name of a log, how it was read, and by which source it was priced.

    For names without a price: what may be meant, and a price file to fill in.

    Example: aggcost prices resolve logs.csv
    """
    from aggcost import resolving
    from aggcost.cli.common import options, project
    from aggcost.output.names import names_json, names_table

    asked = options(logs, read, price, OutputFlags(), engine, project())
    with working("reading the log"):
        names = resolving.resolve(asked)
    wide = shutil.get_terminal_size((80, 40)).columns
    typer.echo(names_json(names) if format_ is ListFormat.JSON else names_table(names, wide), nl=False)


def _card(prices: list[Path] | None) -> RateCard:
    """Return the card of the flags, of the project file, and of the catalogue, in this order."""
    from aggcost.cli.common import project
    from aggcost.price_sources import load_rates

    return load_rates([*(prices or ()), *project().prices])
