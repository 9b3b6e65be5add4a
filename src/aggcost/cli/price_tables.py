"""`aggcost prices import`, `diff`, `check` and `refresh`: price tables themselves, before they price anything."""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aggcost.cli.flags import ListFormat
from aggcost.errors import UsageError

if TYPE_CHECKING:
    from aggcost.baseline import Options
    from aggcost.price_check import Used
    from aggcost.price_diff import Compared

CATALOGUE = "catalogue"


OutputOption = Annotated[
    Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write to a file, whole or not at all.")
]
FormatOption = Annotated[ListFormat, typer.Option("--format", help="Format of what is found.")]
AtOption = Annotated[str | None, typer.Option("--at", metavar="DATE", help="Prices of then, in UTC; now by default.")]
FromOption = Annotated[
    str | None, typer.Option("--from", metavar="FORMAT", help="Log format, where detection is not wanted.")
]
TzOption = Annotated[str | None, typer.Option("--tz", metavar="ZONE", help="Zone of times of the log without one.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("import")(import_table)
    app.command("diff")(diff)
    app.command("check")(check)
    app.command("refresh")(refresh)


def import_table(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A price table: see docs/prices.md for the formats.")],
    provider: Annotated[
        list[str] | None, typer.Option("--provider", metavar="P", help="Only this provider; repeatable.")
    ] = None,
    output: OutputOption = None,
) -> None:
    """Write a price table of another format as a price file of ours, with what was rounded or left out as comments.

    Example: aggcost prices import model_prices_and_context_window.json --provider openai -o prices/litellm.yaml
    """
    from aggcost.price_sources.as_yaml import imported

    text, notes = imported(file, provider or ())
    _write(text, output)
    if output is not None:
        typer.echo(f"wrote {output} ({notes:,} notes); next: aggcost prices diff {output} catalogue", err=True)


def diff(
    a: Annotated[str, typer.Argument(metavar="A", help="A price table, or the word: catalogue.")],
    b: Annotated[str, typer.Argument(metavar="B", help="A price table, or the word: catalogue.")],
    logs: Annotated[
        list[str] | None, typer.Argument(metavar="[LOG...]", help="Sort by what this log's bill would differ.")
    ] = None,
    *,
    threshold: Annotated[
        str, typer.Option("--threshold", metavar="PERCENT", help="Show differences of more than this.")
    ] = "1",
    at: AtOption = None,
    provider: Annotated[str | None, typer.Option("--provider", metavar="P", help="Only this provider.")] = None,
    from_: FromOption = None,
    tz: TzOption = None,
    format_: FormatOption = ListFormat.TABLE,
) -> None:
    """Show where two price tables disagree, by model and meter.

    Example: aggcost prices diff catalogue model_prices_and_context_window.json logs/2026-02.csv
    """
    from aggcost.cli.common import percent_flag
    from aggcost.names import canonical_provider
    from aggcost.output.price_diff import diff_json, diff_table
    from aggcost.price_diff import price_diff

    one, other = _table(a), _table(b)
    limit = percent_flag("--threshold", threshold, Decimal(1))
    found = price_diff(
        one,
        other,
        at_s=_instant(at),
        threshold_percent=limit,
        provider=canonical_provider(provider) if provider else None,
    )
    if logs:
        from aggcost.logged_prices import with_effect

        found = with_effect(found, one.book, other.book, _reading(logs, from_, tz))
    typer.echo(diff_json(found) if format_ is ListFormat.JSON else diff_table(found, _width()), nl=False)


def check(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE...]", help="Price files; the project's otherwise.")
    ] = None,
    *,
    logs: Annotated[
        list[str] | None, typer.Option("--log", metavar="LOG", help="Look for retired models in a log; repeatable.")
    ] = None,
    days: Annotated[
        int, typer.Option("--days", metavar="N", min=1, help="Prices not checked for longer are stale.")
    ] = 90,
    at: AtOption = None,
    from_: FromOption = None,
    tz: TzOption = None,
    format_: FormatOption = ListFormat.TABLE,
) -> None:
    """Check price files for prices at once, gaps and age, and a log for models that have retired.

    Exit codes: 0 nothing to do, 1 something is to be done, 2 a file cannot be used.

    Example: aggcost prices check prices/contract.yaml --log logs/2026-02.csv
    """
    from datetime import UTC, datetime

    from aggcost.cli.common import project
    from aggcost.output.price_check import check_json, check_table
    from aggcost.price_check import price_check

    named = files or list(project().prices)
    today = datetime.fromtimestamp(_instant(at), UTC).date()
    used = _used(_reading(logs, from_, tz), files) if logs else None
    found = price_check(named, today=today, stale_days=days, used=used)
    typer.echo(check_json(found) if format_ is ListFormat.JSON else check_table(found, _width()), nl=False)
    raise typer.Exit(found.exit_code)


def refresh(output: OutputOption = None) -> None:
    """Write the catalogue anew from the installed package genai-prices (extra: genai).

    Example: aggcost prices refresh -o prices/catalogue.json
    """
    try:
        from aggcost.price_sources.build import refreshed
    except ImportError:
        raise UsageError("the package genai-prices is missing", hint="pip install 'aggcost[genai]'") from None

    name, text = refreshed()
    target = output or Path(name)
    _write(text, target)
    typer.echo(f"wrote {target}; next: aggcost prices diff catalogue {target}, then --prices {target}", err=True)


def _table(name: str) -> Compared:
    """Return a price table by its file, or the shipped one."""
    from aggcost.price_diff import Compared
    from aggcost.price_sources import catalogue, tables

    return Compared(name, catalogue.load() if name == CATALOGUE else tables.read(Path(name)))


def _reading(logs: list[str], from_: str | None, tz: str | None) -> Options:
    from aggcost.baseline import Options
    from aggcost.cli.common import project
    from aggcost.importers import ReadOptions

    facts = project()
    return Options(logs=tuple(logs), read=ReadOptions(timezone=tz or facts.timezone, format=from_), project=facts)


def _used(options: Options, files: list[Path] | None) -> list[Used]:
    """Return the models of a log, by the rate card of the files that are checked over the project's."""
    from aggcost.logged_prices import used_models
    from aggcost.price_sources import load_rates

    return used_models(options, load_rates([*(files or ()), *options.project.prices]))


def _instant(text: str | None) -> int:
    """Return epoch seconds of a date or time in UTC; now where there is none."""
    from datetime import UTC, datetime

    try:
        moment = datetime.now(UTC) if text is None else datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--at {text}: expected a date such as 2026-02-01") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _width() -> int:
    import shutil

    return shutil.get_terminal_size((80, 40)).columns


def _write(text: str, output: Path | None) -> None:
    from aggcost.whole_file import write

    if output is None:
        sys.stdout.write(text)
    else:
        write(text, output)
