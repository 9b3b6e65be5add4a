"""aggcost backtests an LLM bill: exported request logs, priced exactly, replayed against routing policies.

The public names load on first use; importing the package loads no engine and no data frame.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aggcost.api import (
        Log,
        Table,
        analyze,
        compare,
        load_policy,
        load_rates,
        rate,
        read_usage,
        reconcile,
        replay,
        reprice,
    )
    from aggcost.errors import AggcostError

__version__ = "0.1.0"

__all__ = [
    "AggcostError",
    "Log",
    "Table",
    "analyze",
    "compare",
    "load_policy",
    "load_rates",
    "rate",
    "read_usage",
    "reconcile",
    "replay",
    "reprice",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'aggcost' has no attribute {name!r}")
    if name == "AggcostError":
        return importlib.import_module("aggcost.errors").AggcostError
    api = importlib.import_module("aggcost.api")
    # All at once: loading the library also binds the modules `replay`, `compare` and `reconcile` to this package.
    globals().update({public: getattr(api, public) for public in api.__all__})
    return globals()[name]


def __dir__() -> list[str]:
    return __all__
