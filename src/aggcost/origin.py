"""Where a report comes from: the files that were read, the prices, and the time that the log covers."""

from __future__ import annotations

from collections.abc import Iterable

from aggcost.importers import InputFile
from aggcost.ratecard import RateCard
from aggcost.report import Input, Period, Prices
from aggcost.scanning import Ledgers


def inputs(files: Iterable[InputFile]) -> tuple[Input, ...]:
    """Return the files of a log as a report lists them."""
    return tuple(map(_input, files))


def _input(one: InputFile) -> Input:
    return Input(
        path=one.path, sha256=one.sha256, format=one.format, bytes=one.bytes, records=one.records, read_as=one.read_as
    )


def prices(card: RateCard) -> Prices:
    """Return the sources of a rate card, and the digest of all prices together."""
    return Prices(source=", ".join(str(source) for source in card.sources), digest=card.digest)


def period(ledgers: Ledgers) -> Period:
    """Return the time that a log covers, and how a month is made of it."""
    span = ledgers.span
    return Period(
        from_=None if span.first is None else span.first.isoformat(),
        to=None if span.last is None else span.last.isoformat(),
        days=len(span.days),
        timezone=str(ledgers.zone),
        indicative=span.indicative,
        name=span.name,
        basis=span.basis,
    )
