"""How a report is to be shown: what the terminal can do and what the reader asked for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class View:
    """`width` in display cells; `unicode` is False where the output's encoding knows ASCII only."""

    width: int = 80
    colour: bool = False
    detail: bool = False
    unicode: bool = True
