"""Reports as text. Renderers lay out what the report says; they compute nothing.

`FORMATS` names the formats; one is loaded when it is rendered, so that a table costs no HTML.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TypeAlias

from aggcost.errors import UsageError, did_you_mean
from aggcost.output.view import View
from aggcost.reports import AnyReport
from aggcost.whole_file import write

__all__ = ["FORMATS", "View", "render", "write"]

Renderer: TypeAlias = Callable[[AnyReport, View], str]
FORMATS: tuple[str, ...] = ("table", "json", "markdown", "csv", "html")


def render(report: AnyReport, name: str = "table", view: View | None = None) -> str:
    """Return the report in the format `name`, with a final newline; UsageError for another one.

    The view's width, colour and characters concern the table, its detail the table and Markdown.
    """
    if name not in FORMATS:
        raise UsageError(
            f"unknown format {name!r}: expected one of {', '.join(FORMATS)}", hint=did_you_mean(name, FORMATS)
        )
    renderer: Renderer = getattr(import_module(f"aggcost.output.as_{name}"), f"as_{name}")
    return renderer(report, view or View())
