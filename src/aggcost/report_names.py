"""What became of the names in a log: the values that `aggcost prices resolve` shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReadName:
    """A logged provider and model: how much of the log it is, and what became of it.

    `read_as` is ``provider/model`` of the rates, None where there are none. `sources` priced its requests;
    `unpriced` says why others have no price. `suggestions` are nearby names, best first.
    """

    provider: str | None
    model: str | None
    requests: int
    tokens: int
    how: str
    read_as: str | None
    sources: tuple[str, ...]
    unpriced_requests: int
    unpriced: tuple[str, ...]
    suggestions: tuple[str, ...]

    @property
    def needs_price(self) -> bool:
        """Whether no price source has a price of the model at any time, so that one has to be stated."""
        return self.model is not None and "unpriced_model" in self.unpriced
