"""Which assumption the payback hangs on: the article's figures by hand."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from aggcost.change_costs import Migration, Upkeep
from aggcost.finance import MonthlyCost, roi


class Settings:
    horizon_months = 12
    discount_rate_percent = Decimal(10)
    growth_percent_monthly = Decimal(0)


def article(migration):
    return roi(
        MonthlyCost(Decimal(3680), Decimal(6320), Upkeep(Decimal(15), Decimal(150), "capacity")),
        MonthlyCost(Decimal(1390), Decimal(710), Upkeep(Decimal(2), None, "capacity")),
        migration=migration,
        settings=Settings(),
        assumed_savings_usd=Decimal(5610),
    )


HOURS = Migration(hours=Decimal(160), hourly_rate_usd=Decimal(150), one_off_usd=Decimal(0), weeks=Decimal(6),
                  parallel_run_monthly_usd=Decimal(0), ramp_months=Decimal(0))  # fmt: skip


def test_the_article_by_hand():
    """$24,000 for $7,900 a month, with one thing changed at a time."""
    found = {row.name: row for row in article(HOURS).sensitivity}
    expected = {
        "migration_hours": (Fraction(12_000, 7900), Fraction(48_000, 7900)),
        "hourly_rate": (Fraction(16_000, 7900), Fraction(32_000, 7900)),
        "policy_cost": (Fraction(24_000, 7900), Fraction(24_000, 5800)),
        "router_fee": (Fraction(24_000, 7900), Fraction(24_000, 7795)),
        "lost_discount": (Fraction(24_000, 7900), Fraction(24_000, 7375)),
        "list_prices": (Fraction(24_000, 7900), Fraction(24_000, 5530)),
        "overheads": (Fraction(24_000, 7900), Fraction(24_000, 5095)),
        "upkeep": (Fraction(24_000, 7900), Fraction(24_000, 6600)),
    }
    assert found.keys() == expected.keys()
    for name, (kind, hard) in expected.items():
        shown = found[name].payback_kind, found[name].payback_hard
        assert [round(one, 4) for one in shown] == [round(Decimal(float(end)), 4) for end in (kind, hard)]


def test_what_matters_most_comes_first():
    rows = article(HOURS).sensitivity
    assert rows[0].name == "migration_hours"
    swings = [row.payback_hard - row.payback_kind for row in rows]
    assert swings == sorted(swings, reverse=True)


def test_a_doubt_that_ends_the_payback_stands_above_all():
    found = roi(
        MonthlyCost(Decimal(100)), MonthlyCost(Decimal(60)), migration=HOURS, settings=Settings()
    ).sensitivity  # fmt: skip
    assert (found[0].name, found[0].payback_hard) == ("policy_cost", None)


def test_without_a_migration_nothing_hangs_on_anything():
    assert article(None).sensitivity == ()
