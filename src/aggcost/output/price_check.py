"""What was found in price files, as text: `aggcost prices check`."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from dataclasses import asdict

from aggcost.output.clean import clean, visible
from aggcost.report_prices import PriceCheck

SHOWN = 30
_NEXT = {
    "unreadable": "correct the file",
    "overlap": "end the earlier price where the later one begins (`effective: {to: DATE}`), or keep one of the files",
    "gap": "state what held in between, or join the periods",
    "ended": "state what holds now; requests without a price are unpriced, never free",
    "stale": "compare the prices with their source, then set `source: {checked: DATE}`",
    "unchecked": "add `source: {checked: DATE}` once the prices are compared with their source",
    "retired": "choose a successor: aggcost simulate compares them",
}


def check_table(check: PriceCheck, width: int = 80) -> str:
    """Return the findings, worst first, and what to do about each kind of them."""
    return "".join(f"{line}\n" for line in _lines(check, width))


def _lines(check: PriceCheck, width: int) -> Iterator[str]:
    log = "" if check.logged_models is None else f", {check.logged_models:,} models of the log"
    yield f"checked {len(check.files):,} price files with {check.models:,} models{log}: {_verdict(check)}"
    for one in check.findings[:SHOWN]:
        text = f"{one.severity:<7}  {one.code:<10}  {clean(one.where)}: {visible(one.message)}"
        yield from textwrap.wrap(text, width, subsequent_indent=" " * 21, break_on_hyphens=False)
    if (hidden := len(check.findings) - SHOWN) > 0:
        yield f"{hidden:,} more: --format json lists all"
    for code in dict.fromkeys(one.code for one in check.findings):
        yield from textwrap.wrap(f"next: {code}: {_NEXT[code]}", width, subsequent_indent="      ")


def _verdict(check: PriceCheck) -> str:
    counts = {name: sum(one.severity == name for one in check.findings) for name in ("error", "warning", "info")}
    found = [
        f"{count:,} {name}{'s' if count > 1 and name != 'info' else ''}" for name, count in counts.items() if count
    ]
    return ", ".join(found) or "nothing to do"


def check_json(check: PriceCheck) -> str:
    """Return every finding as JSON."""
    tree = {
        "schema_version": "1",
        "command": "prices check",
        "files": list(check.files),
        "models": check.models,
        "logged_models": check.logged_models,
        "findings": [asdict(one) for one in check.findings],
    }
    return json.dumps(tree, indent=2) + "\n"
