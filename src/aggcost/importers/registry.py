"""The formats this program reads: the built-in ones, before them those that other packages register."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points
from typing import Protocol

from aggcost.errors import UsageError, did_you_mean
from aggcost.importers import generic, litellm
from aggcost.importers.casts import Cell
from aggcost.importers.fields import Source

GROUP = "aggcost.importers"


class Format(Protocol):
    """What a module must offer to be a log format."""

    NAME: str
    TITLE: str
    SEMANTICS: str
    CAPABILITIES: Mapping[str, str]

    def detect(self, names: frozenset[str]) -> bool:
        """Return whether the headers or keys of a file are this format's."""

    def fields(
        self, names: Sequence[str], cells: Mapping[str, Cell], mapping: Mapping[str, str], shown: str
    ) -> dict[str, Source]:
        """Return where each field of the contract comes from."""


def _installed() -> tuple[Format, ...]:
    """Return the plugins of other packages, then the built-in formats, the most general one last."""
    own = {litellm.NAME, generic.NAME}
    plugins = [
        point.load()
        for point in sorted(entry_points(group=GROUP), key=lambda point: point.name)
        if point.name not in own
    ]
    return (*plugins, litellm, generic)


FORMATS: tuple[Format, ...] = _installed()


def choose(names: Sequence[str], asked: str | None) -> Format:
    """Return the format of a file with these headers or keys, or the one asked for by name."""
    known = {one.NAME: one for one in FORMATS}
    if asked is None:
        return next(one for one in FORMATS if one.detect(frozenset(names)))
    if asked not in known:
        raise UsageError(f"unknown format {asked!r}: one of {', '.join(known)}", hint=did_you_mean(asked, known))
    return known[asked]
