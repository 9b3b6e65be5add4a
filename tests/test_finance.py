"""The return of a policy, against figures worked out by hand from the article and its critics."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pytest

from aggcost.finance import MonthlyCost, Roi, roi


@dataclass(frozen=True)
class Migration:
    hours: Decimal = Decimal(160)
    hourly_rate_usd: Decimal = Decimal(150)
    one_off_usd: Decimal = Decimal(0)
    weeks: Decimal = Decimal(6)
    parallel_run_monthly_usd: Decimal = Decimal(0)
    ramp_months: Decimal = Decimal(0)


@dataclass(frozen=True)
class Upkeep:
    hours_per_week: Decimal
    hourly_rate_usd: Decimal | None = Decimal(150)
    count_as: str = "capacity"


@dataclass(frozen=True)
class Settings:
    horizon_months: int = 12
    discount_rate_percent: Decimal = Decimal(10)
    growth_percent_monthly: Decimal = Decimal(0)


TODAY = MonthlyCost(Decimal(3680), Decimal(6320), Upkeep(Decimal(15)))
POLICY = MonthlyCost(Decimal(1390), Decimal(710), Upkeep(Decimal(2)))


def article_roi(today=TODAY, policy=POLICY, migration=Migration(), settings=Settings()) -> Roi:
    return roi(today, policy, migration=migration, settings=settings, assumed_savings_usd=Decimal(5610))


def months(number: Decimal | None) -> str:
    assert number is not None
    return f"{number:.2f}"


def test_the_article_as_it_reads_itself():
    found = article_roi()
    assert found.investment == 24000
    assert found.monthly_savings == 7900
    assert found.payback_months == Decimal("3.037975")  # 240 / 79
    assert found.recovered_in_month == 4
    assert found.annual_savings == 94800
    assert found.payback_reason is None


def test_both_formulas_of_the_article_agree():
    found = article_roi()
    assert found.payback_by_hours_months == found.payback_months  # 160 / (7,900 / 150) = 24,000 / 7,900


def test_the_first_year_net_is_not_the_gross():
    found = article_roi()
    assert found.first_year_net == 70800
    assert found.roi_percent == 295


def test_net_present_value_takes_the_effective_monthly_rate():
    # 7,900 x (1 - 1 / 1.1) / (1.1 ** (1 / 12) - 1) - 24,000 = 66,063.853852.
    # The nominal rate 10 / 12 would give 65,859.
    assert article_roi().npv == Decimal("66063.853852")
    assert months(article_roi().discounted_payback_months) == "3.09"


def test_without_a_discount_rate_net_present_value_is_the_net():
    found = article_roi(settings=Settings(discount_rate_percent=Decimal(0)))
    assert found.npv == found.first_year_net
    assert found.discounted_payback_months == found.payback_months


def test_the_horizon_belongs_to_the_roi():
    found = article_roi(settings=Settings(horizon_months=36))
    assert found.roi_percent == 1085
    assert found.first_year_net == 70800


def test_the_golden_report_shows_what_is_computed(article):
    assert article_roi() == article.comparisons[0].roi


@pytest.mark.parametrize(
    ("name", "savings", "payback"),
    [
        ("api_only", "2290", "10.48"),
        ("hours_as_cash", "16350", "1.47"),  # + 13 h x 52 / 12 x 150
        ("hours_charged", "6600", "3.64"),  # - 2 h x 52 / 12 x 150
        ("from_project_start", "7900", "4.42"),  # + 6 weeks
        ("fee_5_percent", "7795", "3.08"),  # - 0.05 x 2,100
        ("lost_discount_10_percent", "7666.666667", "3.13"),  # 10,000 - 2,100 / 0.9
        ("lost_discount_20_percent", "7375", "3.25"),
        ("policy_cost_plus_50_percent", "6850", "3.50"),
        ("all_together", "5392.5", "6.68"),  # 36,000 / (10,000 - 2,100 x 1.5 x 1.05 - 1,300)
    ],
)
def test_readings(name, savings, payback):
    reading = {reading.name: reading for reading in article_roi().readings}[name]
    assert reading.monthly_savings == Decimal(savings)
    assert months(reading.payback_months) == payback


def test_the_api_reading_comes_first_with_its_own_first_year():
    first = article_roi().readings[0]
    assert first.name == "api_only"
    assert first.roi_percent == Decimal("14.5")  # 12 x 2,290 = 27,480 on 24,000


def test_a_fee_on_the_api_cost_alone():
    # 5.5 % on 1,390 leaves 2,213.55 a month.
    found = article_roi(policy=MonthlyCost(Decimal(1390) * Decimal("1.055"), Decimal(710)))
    assert months(found.readings[0].payback_months) == "10.84"


def test_what_share_of_the_saving_is_assumed():
    assert article_roi().assumed_share_percent == Decimal("71.012658")  # 5,610 / 7,900


def test_hours_that_count_as_cash_are_inside_the_saving():
    found = article_roi(policy=MonthlyCost(Decimal(1390), Decimal(710), Upkeep(Decimal(2), count_as="cash")))
    assert found.monthly_savings == 16350
    assert found.hours_savings_monthly == 8450
    names = [reading.name for reading in found.readings]
    assert "without_hours" in names
    assert "hours_as_cash" not in names


def test_a_policy_without_upkeep_keeps_todays_hours():
    found = article_roi(policy=MonthlyCost(Decimal(1390), Decimal(710)))
    assert found.monthly_savings == 7900
    assert found.hours_savings_monthly is None
    assert not {"hours_as_cash", "hours_charged"} & {reading.name for reading in found.readings}


def test_hours_without_a_rate_are_not_worth_nothing():
    today = MonthlyCost(Decimal(3680), Decimal(6320), Upkeep(Decimal(15), None))
    found = article_roi(today=today, policy=MonthlyCost(Decimal(1390), Decimal(710), Upkeep(Decimal(2), None)))
    assert found.hours_savings_monthly is None


@pytest.mark.parametrize(("ramp", "payback"), [(1, "3.04"), (2, "3.54"), (3, "4.04")])
def test_a_linear_ramp_delays(ramp, payback):
    assert months(article_roi(migration=Migration(ramp_months=Decimal(ramp))).payback_months) == payback


def test_growth_applies_to_requests_and_not_to_overheads():
    # Months: 2,290 + 5,610; x 1.1 + 5,610 = 8,129; x 1.21 = 8,380.9: 24,409.9 after three.
    found = article_roi(settings=Settings(growth_percent_monthly=Decimal(10)))
    assert found.payback_months == round(2 + (24000 - 7900 - 8129) / Decimal("8380.9"), 6)
    assert found.recovered_in_month == 3
    assert found.monthly_savings == 7900


def test_one_off_fees_and_a_parallel_run_are_invested():
    found = article_roi(
        migration=Migration(one_off_usd=Decimal(1000), weeks=Decimal(13), parallel_run_monthly_usd=Decimal(500))
    )
    assert found.investment == 24000 + 1000 + 1500  # 13 weeks are three months
    assert found.payback_by_hours_months == Decimal("3.037975")  # knows the hours only


def test_recovered_exactly_at_the_end_of_a_month():
    found = article_roi(migration=Migration(hours=Decimal(158)))  # 23,700 = 3 x 7,900
    assert found.payback_months == 3
    assert found.recovered_in_month == 3


def test_a_policy_that_saves_nothing_never_pays_back():
    found = article_roi(policy=MonthlyCost(Decimal(3680), Decimal(6320)))
    assert found.payback_months is None
    assert found.payback_reason == "never"
    assert found.recovered_in_month is None
    assert found.assumed_share_percent is None
    assert found.first_year_net == -24000
    assert found.roi_percent == -100


def test_a_policy_that_costs_more_never_pays_back_even_for_free():
    found = article_roi(policy=MonthlyCost(Decimal(3681), Decimal(6320)), migration=None)
    assert found.payback_reason == "never"
    assert found.monthly_savings == -1


def test_without_a_migration_there_is_nothing_to_recover():
    found = article_roi(migration=None)
    assert (found.payback_months, found.payback_reason, found.recovered_in_month) == (0, "immediate", 0)
    assert found.roi_percent is None
    assert found.payback_by_hours_months is None
    assert "from_project_start" not in {reading.name for reading in found.readings}


def test_the_identity_without_a_migration_is_immediate():
    found = article_roi(policy=TODAY, migration=None)
    assert found.monthly_savings == 0
    assert found.payback_reason == "immediate"


def test_a_saving_too_small_for_a_century_never_pays_back():
    found = article_roi(policy=MonthlyCost(Decimal(3680), Decimal(6310)))  # 10 a month on 24,000
    assert found.payback_reason == "never"
