"""Promises checked on every run, not only in tests: nothing lost, nothing counted twice.

A failed check is a bug of this program (exit 70), never a property of the log.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import numpy as np

from aggcost.errors import InvariantError
from aggcost.ledger import USAGE, Cells
from aggcost.rating import Charges
from aggcost.replay import Routed
from aggcost.report import Coverage


def every_record_has_one_outcome(found: Coverage, records_read: int) -> None:
    """Check that the outcomes add up to the records, and those to what the importers read."""
    outcomes = (
        found.priced, found.free, found.unpriced, found.not_billed, found.quarantined, found.duplicate, found.filtered,
    )  # fmt: skip
    _equal("records by outcome", sum(outcomes), found.records)
    _equal("records in the ledger", found.records, records_read)
    _equal("duplicates rated", found.duplicates.records, found.duplicate)
    _equal("duplicates by reason", sum(part.records for part in found.duplicates.by), found.duplicate)


def breakdowns_add_up(charges: Charges, names: Iterable[str]) -> None:
    """Check that every breakdown has the cost, the requests and the tokens of the whole."""
    whole = charges.total()
    for name in names:
        parts = charges.by(name).values()
        _equal(f"cost by {name}", sum((part.cost_usd for part in parts), Fraction(0)), whole.cost_usd)
        _equal(f"requests by {name}", sum((part.requests for part in parts), Fraction(0)), whole.requests)
        for kind, number in whole.tokens.items():
            _equal(f"{kind} tokens by {name}", sum((part.tokens[kind] for part in parts), Fraction(0)), number)
        for meter, number in whole.units.items():
            _equal(f"{meter} by {name}", sum((part.units[meter] for part in parts), Fraction(0)), number)


def every_cell_goes_somewhere(cells: Cells, routed: Routed) -> None:
    """Check that the weights of every cell of usage sum to exactly one, and that no other cell moves."""
    weights = np.zeros(len(cells), np.int64)
    np.add.at(weights, routed.cell, routed.parts)
    expected = np.where(cells.dims["outcome"].mask(lambda outcome: outcome == USAGE), routed.whole, 0)
    wrong = int(np.count_nonzero(weights != expected))
    _equal("cells whose destination weights are not one", wrong, 0)


def _equal(what: str, found: object, expected: object) -> None:
    if found != expected:
        raise InvariantError(
            f"a check failed: {what}: {found} instead of {expected}",
            hint="this is a bug; please report it with the command and, if you can, the log",
        )
