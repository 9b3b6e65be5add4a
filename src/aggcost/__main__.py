"""The console script: run a command, and turn whatever goes wrong into one message and an exit code."""

from __future__ import annotations

import gc
import signal
import sys
from types import FrameType
from typing import TYPE_CHECKING

from aggcost.errors import AggcostError, EngineDiedError, UsageError
from aggcost.supervisor import supervised

if TYPE_CHECKING:
    import typer

INTERRUPTED, TERMINATED, BUG = 130, 143, 70


def main() -> None:
    """Run the command line and exit: 0 fine, 1 a budget is broken, 2 usage, 3 data, 70 a bug, 130/143 signals."""
    try:
        code = supervised(_work)
    except EngineDiedError as error:
        code = _told(error)
    sys.exit(code)


def _work() -> int:
    # Imports and expressions make objects by the hundred thousand that live to the end: looking for rubbish among
    # them as often as Python does by itself takes a twentieth of a short run.
    gc.set_threshold(100_000, 50, 100)
    signal.signal(signal.SIGTERM, _terminate)
    code = _run(sys.argv[1:])
    # An exception raised while foreign code calls back is lost there; the signal itself is not.
    return TERMINATED if _signals else code


def _run(arguments: list[str]) -> int:
    import typer

    from aggcost.cli import app

    try:
        return app(arguments, prog_name="aggcost", standalone_mode=False) or 0
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except typer.TyperException as error:
        return _usage(error)
    except AggcostError as error:
        if "--debug" in arguments:
            raise
        return _told(error)
    except MemoryError:
        return _told(UsageError("out of memory", hint="read fewer files at once, or on a larger machine"))
    except Exception as error:
        if "--debug" in arguments:
            raise
        return _bug(error)


def _usage(error: typer.TyperException) -> int:
    import typer

    context = getattr(error, "ctx", None)
    typer.echo(f"error: {error.format_message()}", err=True)
    if context is not None:
        typer.echo(f"  hint: {context.command_path} --help", err=True)
    return error.exit_code


def _told(error: AggcostError) -> int:
    import typer

    from aggcost.output.clean import visible

    typer.echo(f"error: {visible(error.message)}", err=True)
    if error.hint:
        typer.echo(f"  hint: {visible(error.hint)}", err=True)
    return error.exit_code


def _bug(error: Exception) -> int:
    import typer

    from aggcost.output.clean import visible

    typer.echo(f"error: {type(error).__name__}: {visible(str(error))}", err=True)
    typer.echo("  this is a bug of aggcost; --debug shows where", err=True)
    return BUG


_signals: list[int] = []


def _terminate(number: int, _frame: FrameType | None) -> None:
    _signals.append(number)
    raise SystemExit(TERMINATED)


if __name__ == "__main__":
    main()
