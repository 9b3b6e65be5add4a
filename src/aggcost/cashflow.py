"""A saving month by month, and when it has paid for an investment: exact arithmetic, no policy.

Month 1 is the first month after go-live. Later months grow with traffic; during a ramp only a part of
the saving arrives, linearly: 1/r of it in month 1, all of it from month r on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from itertools import islice

MONTHS_A_YEAR = 12
LAST_MONTH = 1200  # a payback of more than a hundred years is none
_DISCOUNT_PLACES = 30  # keeps the fractions of present values short
_DISCOUNTING = Context(prec=50, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class Cashflow:
    """An investment at month 0 and the saving it brings, in US dollars.

    `growing` is the monthly saving that follows traffic, by `growth` a month (0.02 is 2 percent);
    `fixed` is the one that does not.
    """

    growing: Fraction
    fixed: Fraction
    investment: Fraction
    growth: Fraction = Fraction(0)
    ramp_months: Fraction = Fraction(0)

    @property
    def monthly(self) -> Fraction:
        """The saving of a month after the ramp, at today's traffic."""
        return self.growing + self.fixed

    def savings(self) -> Iterator[Fraction]:
        """Yield the saving of month 1, 2, 3 and so on."""
        growing = self.growing
        for month in range(1, LAST_MONTH + 1):
            arrived = min(Fraction(1), month / self.ramp_months) if self.ramp_months else Fraction(1)
            yield (growing + self.fixed) * arrived
            growing *= 1 + self.growth

    def present_values(self, discount_rate_percent: Decimal) -> Iterator[Fraction]:
        """Yield the savings discounted to month 0 at an effective rate a year."""
        factor = _monthly_factor(discount_rate_percent)
        worth = Fraction(1)
        for saving in self.savings():
            worth = round(worth / factor, _DISCOUNT_PLACES)
            yield saving * worth

    def net(self, months: int) -> Fraction:
        """Return what is left of the savings of the first `months` after the investment."""
        return sum(islice(self.savings(), months), Fraction(0)) - self.investment

    def net_present_value(self, months: int, discount_rate_percent: Decimal) -> Fraction:
        """Return `net` with every saving discounted to month 0."""
        return sum(islice(self.present_values(discount_rate_percent), months), Fraction(0)) - self.investment

    def payback(self, discount_rate_percent: Decimal = Decimal(0)) -> Fraction | None:
        """Return the months after which the savings equal the investment, or None where they never do.

        That is (m - 1) + shortfall / saving of m, with m the month in which the sum reaches it. Zero
        where there is nothing to recover.
        """
        if self.investment <= 0 <= self.monthly:
            return Fraction(0)
        if self.monthly <= 0:
            return None
        missing = self.investment
        flows = self.present_values(discount_rate_percent) if discount_rate_percent else self.savings()
        for elapsed, saving in enumerate(flows):
            if saving >= missing:
                return elapsed + missing / saving
            missing -= saving
        return None


def _monthly_factor(discount_rate_percent: Decimal) -> Fraction:
    """Return (1 + r) ** (1/12): the effective monthly rate, which is not r / 12."""
    yearly = _DISCOUNTING.add(Decimal(1), _DISCOUNTING.divide(discount_rate_percent, Decimal(100)))
    return Fraction(_DISCOUNTING.power(yearly, _DISCOUNTING.divide(Decimal(1), Decimal(MONTHS_A_YEAR))))
