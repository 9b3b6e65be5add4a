"""The flags that several commands share, as groups: each a frozen dataclass whose fields are options.

`command(app, ...)` spreads the fields of a group over a command's signature, so that a flag is
written once, and the command receives the group as one value.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import MISSING, dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

READING, PRICING, SHOWING, RUNNING = "Reading the log", "Prices", "Output", "Engine"
REPLAYING = "What is replayed"


class Format(StrEnum):
    """The formats of a report."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"
    CSV = "csv"
    HTML = "html"


class ListFormat(StrEnum):
    """The formats of a list, which is shorter than a report."""

    TABLE = "table"
    JSON = "json"


LogsArgument = Annotated[
    list[str],
    typer.Argument(metavar="[LOG...]", help="Files, directories, quoted globs, or -; the project's logs otherwise."),
]
ListFormatOption = Annotated[ListFormat, typer.Option("--format", help="Format of the list.")]


def _option(*names: str, panel: str, help: str, **more: Any) -> Any:  # noqa: A002 - typer's own name
    return typer.Option(*names, help=help, rich_help_panel=panel, **more)


@dataclass(frozen=True, slots=True)
class ReadFlags:
    """How a log is read."""

    map: Annotated[
        list[str],
        _option(
            "--map",
            panel=READING,
            metavar="FIELD=COLUMN",
            help="Take a field from a column; a unit may follow: timestamp=ts:ms.",
        ),
    ] = field(default_factory=list)
    assume: Annotated[
        list[str],
        _option("--assume", panel=READING, metavar="FIELD=VALUE", help="State a field that the log does not have."),
    ] = field(default_factory=list)
    tz: Annotated[
        str | None,
        _option(
            "--tz",
            panel=READING,
            metavar="ZONE",
            help="Zone of times without one, and of days and hours in the report.",
        ),
    ] = None
    since: Annotated[
        str | None,
        _option(
            "--since", panel=READING, metavar="TIME", help="First time of the period, in the zone of --tz (or of UTC)."
        ),
    ] = None
    until: Annotated[
        str | None,
        _option("--until", panel=READING, metavar="TIME", help="End of the period; requests at that time are outside."),
    ] = None
    from_: Annotated[
        str | None,
        _option(
            "--from",
            panel=READING,
            metavar="FORMAT",
            help="Log format, where detection is not wanted (aggcost formats).",
        ),
    ] = None
    input_excludes_cache: Annotated[
        bool,
        _option("--input-excludes-cache", panel=READING, help="The log's input tokens do not contain the cached ones."),
    ] = False
    dedupe: Annotated[
        str | None,
        _option("--dedupe", panel=READING, metavar="id", help="Drop repeats of a request id into the duplicate line."),
    ] = None
    encoding: Annotated[
        str | None,
        _option(
            "--encoding", panel=READING, metavar="NAME", help="Encoding of text that is not UTF-8: cp1252, latin-1."
        ),
    ] = None
    allow_partial: Annotated[
        bool, _option("--allow-partial", panel=READING, help="Read a log that is cut off up to its last whole line.")
    ] = False
    quarantine: Annotated[
        Path | None,
        _option(
            "--quarantine",
            panel=READING,
            metavar="FILE",
            help="Write file, line, column and reason of every unusable row.",
        ),
    ] = None
    max_quarantined: Annotated[
        str | None,
        _option(
            "--max-quarantined",
            panel=READING,
            metavar="PERCENT",
            help="Share of unusable rows above which the answer is exit 3.",
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class PriceFlags:
    """Which prices are today's."""

    prices: Annotated[
        list[Path],
        _option(
            "--prices",
            panel=PRICING,
            metavar="FILE",
            help="A price file, or a table of LiteLLM and others, on top of the catalogue (docs/prices.md).",
        ),
    ] = field(default_factory=list)
    catalogue_only: Annotated[
        bool,
        _option("--catalogue-only", panel=PRICING, help="Ignore every price file: what the shipped catalogue says."),
    ] = False
    max_unpriced: Annotated[
        str | None,
        _option(
            "--max-unpriced",
            panel=PRICING,
            metavar="PERCENT",
            help="Share of tokens without a price above which the answer is exit 3.",
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class OutputFlags:
    """How the report is shown."""

    format: Annotated[Format, _option("--format", panel=SHOWING, help="Format of the report.")] = Format.TABLE
    output: Annotated[
        Path | None,
        _option("-o", "--output", panel=SHOWING, metavar="FILE", help="Write to a file, whole or not at all."),
    ] = None
    by: Annotated[
        list[str],
        _option(
            "--by", panel=SHOWING, metavar="FIELD", help="Break down by a further field: user, team, tags.feature."
        ),
    ] = field(default_factory=list)
    detail: Annotated[
        bool, _option("--detail", panel=SHOWING, help="Say everything, not only what fits one screen.")
    ] = False


@dataclass(frozen=True, slots=True)
class ReplayFlags:
    """What a replay is told of the world beside the log."""

    incidents: Annotated[
        list[Path],
        _option(
            "--incidents",
            panel=REPLAYING,
            metavar="FILE",
            help="When providers or the gateway did not answer, for policies with `failover`; repeatable.",
        ),
    ] = field(default_factory=list)
    scale: Annotated[
        int, _option("--scale", panel=REPLAYING, min=1, help="Hold limits against so many times the traffic.")
    ] = 1


@dataclass(frozen=True, slots=True)
class EngineFlags:
    """Where the work runs."""

    engine: Annotated[
        str, _option("--engine", panel=RUNNING, metavar="NAME", help="duckdb, or spark (canonical Parquet only).")
    ] = "duckdb"
    master: Annotated[
        str | None, _option("--master", panel=RUNNING, metavar="URL", help="Spark master; local[2] by default.")
    ] = None
    threads: Annotated[int | None, _option("--threads", panel=RUNNING, min=1, help="Threads of the engine.")] = None
    memory_limit: Annotated[
        str | None,
        _option("--memory-limit", panel=RUNNING, metavar="SIZE", help="Memory of the engine, such as 600MB."),
    ] = None
    debug: Annotated[bool, _option("--debug", panel=RUNNING, help="Show a traceback for an error.")] = False


def command(app: typer.Typer, name: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a command whose parameters may be flag groups; each group's fields become options."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        hints = get_type_hints(function, include_extras=True)
        groups = {key: kind for key, kind in hints.items() if isinstance(kind, type) and kind.__module__ == __name__}

        @functools.wraps(function)
        def run(**values: Any) -> None:
            for key, group in groups.items():
                values[key] = group(**{one.name: values.pop(one.name) for one in fields(group)})
            function(**values)

        signature = inspect.Signature(_parameters(function, hints, groups))
        run.__dict__["__signature__"] = signature
        run.__annotations__ = {name: one.annotation for name, one in signature.parameters.items()}
        app.command(name)(run)
        return run

    return register


def _parameters(
    function: Callable[..., None], hints: dict[str, Any], groups: dict[str, type]
) -> list[inspect.Parameter]:
    found = []
    for key, parameter in inspect.signature(function).parameters.items():
        if key not in groups:
            found.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hints[key]))
            continue
        types = get_type_hints(groups[key], include_extras=True)
        found += [_parameter(one.name, types[one.name], one) for one in fields(groups[key])]
    return found


def _parameter(name: str, annotation: Any, one: Any) -> inspect.Parameter:
    default = one.default_factory() if one.default is MISSING else one.default
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
