"""What every command does around its library function: options from flags, and showing the report."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from aggcost.errors import UsageError
from aggcost.money import dec

if TYPE_CHECKING:
    from aggcost.baseline import Options
    from aggcost.cli.flags import EngineFlags, OutputFlags, PriceFlags, ReadFlags
    from aggcost.config import Project
    from aggcost.report import Report
    from aggcost.reports import AnyReport

MAX_UNPRICED_PERCENT = Decimal("0.1")
MAX_QUARANTINED_PERCENT = Decimal("0.1")


def project(start: Path | None = None) -> Project:
    """Return the project file found upward from the working directory, or an empty project."""
    from aggcost.config import Project, find_project, load_project

    found = find_project(start or Path.cwd())
    return Project.empty() if found is None else load_project(found)


def options(
    logs: Sequence[str], read: ReadFlags, price: PriceFlags, output: OutputFlags, engine: EngineFlags, facts: Project
) -> Options:
    """Return what a command reads and how; without a LOG, the project's logs."""
    from aggcost.baseline import Options
    from aggcost.importers import ReadOptions

    named = tuple(logs) or tuple(str(log) for log in facts.logs)
    if not named:
        raise UsageError(
            "no log to read: none on the command line, and no `logs:` in an aggcost.yaml",
            hint="aggcost analyze LOG.csv, or aggcost init to write an aggcost.yaml, or aggcost demo",
        )
    reading = ReadOptions(
        mapping=_pairs("--map", read.map),
        assume=_pairs("--assume", read.assume),
        timezone=read.tz or facts.timezone,
        since=read.since,
        encoding=read.encoding,
        allow_partial=read.allow_partial,
        until=read.until,
        input_excludes_cache=read.input_excludes_cache,
        dedupe=read.dedupe,
        format=read.from_,
        tasks=facts.tasks,
    )
    return Options(
        logs=named,
        read=reading,
        project=facts,
        prices=tuple(price.prices),
        catalogue_only=price.catalogue_only,
        by=tuple(output.by),
        engine=engine.engine,
        master=engine.master,
        threads=engine.threads,
        memory_limit=engine.memory_limit,
        quarantine=read.quarantine,
    )


def _pairs(flag: str, texts: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name or not value:
            raise UsageError(f"{flag} {text}: expected FIELD=VALUE")
        if name in found:
            raise UsageError(f"{flag} {name} is given twice: {found[name]} and {value}")
        found[name] = value
    return found


def percent_flag(flag: str, text: str | None, default: Decimal) -> Decimal:
    """Return a percentage given as text, or the default."""
    if text is None:
        return default
    try:
        return dec(text.removesuffix("%").strip())
    except ValueError as error:
        raise UsageError(f"{flag} {text}: expected a percentage such as 0.5") from error


def usd_flag(flag: str, text: str | None) -> Decimal | None:
    """Return an amount given as text, None where there is none."""
    if text is None:
        return None
    try:
        return dec(text.removeprefix("$").strip())
    except ValueError as error:
        raise UsageError(f"{flag} {text}: expected dollars such as 10247 or 10247.50") from error


def instant_flag(flag: str, text: str | None) -> int | None:
    """Return the epoch seconds of a date or time (in UTC unless it names its zone), None where there is none."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{flag} {text}: expected a date such as 2026-02-01") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def show(report: AnyReport, flags: OutputFlags) -> None:
    """Write the report to standard output, or to a file whole or not at all."""
    from aggcost.output import View, render, write

    wide = shutil.get_terminal_size((80, 40)).columns
    view = View(width=wide, colour=_colour(flags), detail=flags.detail, unicode=_unicode())
    text = render(report, flags.format.value, view)
    if flags.output is not None:
        write(text, flags.output)
        return
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader went away (`| head`): nothing more can be said to it, and nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _colour(flags: OutputFlags) -> bool:
    if flags.output is not None or os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def _unicode() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"


def finish(report: Report, read: ReadFlags, *, max_quarantined: Decimal, max_unpriced: Decimal | None) -> None:
    """Stop with exit 3 where the log is not good enough to judge; the report has been shown by then."""
    from aggcost.backtest import verdict

    limit = percent_flag("--max-quarantined", read.max_quarantined, max_quarantined)
    reason = verdict(report, max_quarantined_percent=limit, max_unpriced_percent=max_unpriced)
    if reason is not None:
        raise reason
