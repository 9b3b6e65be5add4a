"""What few logs count beside tokens by kind and requests: columns of the usage that are asked for where they are there.

A log without them must not pay for them, so a table has only those that its log tells.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import ibis

from aggcost.meters import UNIT_KEYS
from aggcost.usage import OPTIONAL_NAMES

if TYPE_CHECKING:
    from aggcost.tariff import Rounding


USES = "uses "


def uses(meter: str) -> str:
    """Return the key that tells rows that used a unit meter: where it has no price, these alone are unpriced."""
    return f"{USES}{meter}"


def use_keys(usage: ibis.Table) -> list[ibis.Value]:
    """Return for each unit meter that a log counts whether a row used it."""
    return [(usage[key].fill_null(0) > 0).name(uses(key)) for key in told_units(usage)]


def told_units(usage: ibis.Table) -> list[str]:
    """Return the unit meters that a log counts."""
    return [key for key in UNIT_KEYS if key in usage.columns]


def sums(usage: ibis.Table, roundings: Iterable[tuple[str, Rounding]]) -> dict[str, ibis.Value]:
    """Return the sums of what a log counts, as it was used, and as prices with a minimum bill it."""
    return {name: value.sum().fill_null(0).cast("int64") for name, value in counted(usage, roundings).items()}


def counted(usage: ibis.Table, roundings: Iterable[tuple[str, Rounding]]) -> dict[str, ibis.Value]:
    """Return what each row counts, by the names of the sums; null is not told."""
    found = {key: usage[key] for key in OPTIONAL_NAMES if key in usage.columns}
    for meter, rounding in roundings:
        if meter in found:
            raised = ibis.greatest(usage[meter], rounding.minimum) + (rounding.step - 1)
            billed = raised - raised % rounding.step
            found[rounding.column(meter)] = ibis.ifelse(usage[meter] > 0, billed, 0)
    return found
