"""The formats this program reads: a module each in `formats`, those that other packages register, and `generic`."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Protocol

from aggcost.errors import UsageError, did_you_mean
from aggcost.importers import formats, generic
from aggcost.importers.layout import Layout, top_names
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


def named(name: str) -> Format:
    """Return a format by its name; UsageError for an unknown one, with the nearest."""
    known = {one.NAME: one for one in FORMATS}
    if name not in known:
        raise UsageError(f"unknown format {name!r}: one of {', '.join(known)}", hint=did_you_mean(name, known))
    return known[name]


def tables(form: Format) -> tuple[str, ...]:
    """Return the tables that a format keeps its log in, none for one that says nothing of tables."""
    stated: tuple[str, ...] = getattr(form, "TABLES", ())
    return stated


def choose(sample: Sample, asked: str | None, like: Format = generic) -> tuple[Format, str]:
    """Return the format of a file and the rule that says so, or the format asked for by name.

    Since no two formats take the same file, that of the file before (`like`) may be asked first.
    """
    if asked is not None:
        return named(asked), f"--from {asked}"
    first = () if like is generic else (like,)
    return next((one, rule) for one in (*first, *FORMATS) if (rule := one.detect(sample)))


def near(sample: Sample, most: int = 3) -> str:
    """Return the formats that a file of none has most names in common with, in words; "" for none.

    Each with what it lacks of theirs, first what they are known by.
    """
    found = []
    present = {name.strip().lower() for name in sample.names}
    for one in FORMATS:
        names = set() if one.LAYOUT is None else top_names(one.LAYOUT)
        missing = [name for name in sorted(names) if name.lower() not in present]
        known_by = [name for name in sorted(names) if name in re.findall(r"\w+", one.RULE)]
        missing = [*(name for name in known_by if name in missing), *(name for name in missing if name not in known_by)]
        in_common = len(names) - len(missing)
        if in_common:
            told = sum(name not in missing for name in known_by)
            found.append((-told, -in_common, one.NAME, missing))
    return "; ".join(f"{name} (no {', '.join(missing[:4])})" for *_, name, missing in sorted(found)[:most])
