"""The formats this program reads: a module each in `formats`, those that other packages register, and `generic`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Protocol

from aggcost.errors import UsageError, did_you_mean
from aggcost.importers import formats, generic
from aggcost.importers.layout import Layout
from aggcost.importers.sampling import Sample

GROUP = "aggcost.importers"


class Format(Protocol):
    """What a module must offer to be a log format.

    `TABLES`, which it may leave out, names the tables of a database that it keeps its log in: ``LiteLLM_SpendLogs``,
    ``tensorzero.model_inferences``. One of them is taken before other tables whose columns `detect` knows.
    """

    NAME: str
    TITLE: str
    SEMANTICS: str
    CAPABILITIES: Mapping[str, str]
    RULE: str
    LAYOUT: Layout | None

    def detect(self, sample: Sample) -> str | None:
        """Return `RULE` where a file is of this format, None where it is not."""


def _found() -> tuple[Format, ...]:
    """Return the plugins of other packages, then the built-in formats, the most general one last."""
    names = sorted(module.name for module in pkgutil.iter_modules(formats.__path__))
    own = [importlib.import_module(f"{formats.__name__}.{name}") for name in names]
    known = {one.NAME for one in (*own, generic)}
    plugins = [
        point.load()
        for point in sorted(entry_points(group=GROUP), key=lambda point: point.name)
        if point.name not in known
    ]
    return (*plugins, *own, generic)


FORMATS: tuple[Format, ...] = _found()


def choose(sample: Sample, asked: str | None) -> tuple[Format, str]:
    """Return the format of a file and the rule that says so, or the format asked for by name."""
    if asked is None:
        return next((one, rule) for one in FORMATS if (rule := one.detect(sample)))
    known = {one.NAME: one for one in FORMATS}
    if asked not in known:
        raise UsageError(f"unknown format {asked!r}: one of {', '.join(known)}", hint=did_you_mean(asked, known))
    return known[asked], f"--from {asked}"


def tables(form: Format) -> tuple[str, ...]:
    """Return the tables that a format keeps its log in, none for one that says nothing of tables."""
    named: tuple[str, ...] = getattr(form, "TABLES", ())
    return named
