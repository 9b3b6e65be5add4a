"""What the numbers of a report are measured in: aliases that carry the unit in the annotation.

``Usd | None`` reads as "an amount in dollars, or unknown". The JSON Schema takes its descriptions
from here.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal, TypeAlias, get_args, get_origin

Usd: TypeAlias = Annotated[Decimal, "US dollars"]
Percent: TypeAlias = Annotated[Decimal, "percent, at most 6 decimals"]
Months: TypeAlias = Annotated[Decimal, "months, at most 6 decimals"]
Hours: TypeAlias = Annotated[Decimal, "hours"]
Milliseconds: TypeAlias = Annotated[int, "milliseconds"]
Count: TypeAlias = Annotated[int, "count"]
TokenCount: TypeAlias = Annotated[int, "tokens"]
Quantity: TypeAlias = Annotated[int | Decimal, "units of the meter; an integer where whole, else a decimal"]
# A split policy is a weight on requests, so its arms may serve a fraction of one.
_REQUESTS = "requests; an integer where whole, else a decimal"
Requests: TypeAlias = Annotated[int | Decimal, _REQUESTS]

# How a figure came about: read from the log; quantities of the log times prices; predicted by a
# model fitted to the log; stated by the user.
Label: TypeAlias = Literal["measured", "recomputed", "modelled", "assumed"]


def is_requests(hint: Any) -> bool:
    """Return whether a field's type is `Requests`, or `Requests | None`."""
    if get_origin(hint) is Annotated:
        return bool(get_args(hint)[1] == _REQUESTS)
    return any(is_requests(option) for option in get_args(hint))
