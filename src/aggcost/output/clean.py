"""Text from logs made safe to show: no secret, no control sequence, no invisible sign, no endless line."""

from __future__ import annotations

import re

from rich.cells import cell_len

from aggcost.output.redacted import redacted

MAX_CELLS = 80
_ELLIPSIS = "..."
_MARKS_A_CELL = 4  # a character may carry a few combining marks, not a thousand

# C0 but the newline, DEL, C1, bidirectional controls, zero-width and other invisible characters, line
# and paragraph separators, the byte order mark, surrogates that stand alone, and tag characters.
UNSAFE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


def clean(text: str, cells: int = MAX_CELLS) -> str:
    """Return `text` on one line, secrets redacted, unsafe characters as visible escapes, at most `cells` wide."""
    return cut(visible(text), cells)


def visible(text: str) -> str:
    """Return `text` on one line, secrets redacted, unsafe characters as visible hexadecimal escapes."""
    return UNSAFE.sub(_escaped, redacted(text)).replace("\n", "\\n")


def cut(text: str, cells: int) -> str:
    """Return `text`, its end replaced by ``...`` where it is wider than `cells` display cells."""
    if cell_len(text) <= cells and len(text) <= cells * _MARKS_A_CELL:
        return text
    room = max(cells - len(_ELLIPSIS), 0)
    end = width = 0
    while end < min(len(text), cells * _MARKS_A_CELL) and width + cell_len(text[end]) <= room:
        width += cell_len(text[end])
        end += 1
    return text[:end] + _ELLIPSIS[:cells]


def _escaped(match: re.Match[str]) -> str:
    character = ord(match.group())
    if character <= 0xFF:  # noqa: PLR2004
        return f"\\x{character:02x}"
    return f"\\u{character:04x}" if character <= 0xFFFF else f"\\U{character:08x}"  # noqa: PLR2004
