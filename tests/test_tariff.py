from fractions import Fraction

import pytest

from aggcost.meters import USAGE_KEYS
from aggcost.tariff import Step, Tariff, line_prices, overlay

ONE, TWO, THREE, FREE = Fraction(1), Fraction(2), Fraction(3), Fraction(0)


def prices(stated, multiplier=ONE):
    return dict(zip(USAGE_KEYS, line_prices(stated, multiplier), strict=True))


def test_every_prompt_meter_climbs_to_input():
    found = prices({"input": ONE, "output": TWO})
    assert [found[key] for key in USAGE_KEYS] == [ONE, ONE, ONE, ONE, ONE, TWO, FREE]


def test_cache_writes_climb_to_the_price_of_writes_before_input():
    found = prices({"input": ONE, "cache_write": TWO, "cache_write_1h": THREE})
    assert (found["cache_write_5m"], found["cache_write_1h"], found["cache_write_other"]) == (TWO, THREE, TWO)
    assert found["cache_read"] == ONE


def test_an_explicit_zero_ends_the_climb():
    assert prices({"input": ONE, "cache_read": FREE})["cache_read"] == FREE


def test_an_unsupported_meter_has_no_price_and_ends_the_climb():
    found = prices({"input": ONE, "cache_write": None})
    assert found["cache_write_5m"] is None
    assert found["cache_read"] == ONE


def test_a_meter_without_any_price_is_unknown_not_free():
    assert prices({"input": ONE})["output"] is None
    assert prices({"output": ONE})["input"] is None


def test_a_price_for_requests_alone_includes_the_tokens():
    found = prices({"requests": TWO})
    assert found == dict.fromkeys(USAGE_KEYS, FREE) | {"requests": TWO}


def test_a_price_for_requests_beside_a_token_price_does_not_hide_a_missing_one():
    assert prices({"requests": TWO, "input": ONE})["output"] is None


def test_a_region_multiplies_every_price():
    found = prices({"input": ONE, "output": TWO, "requests": THREE}, Fraction(11, 10))
    assert (found["input"], found["output"], found["requests"]) == (
        Fraction(11, 10),
        Fraction(22, 10),
        Fraction(33, 10),
    )


TIERED = Tariff({"input": ONE, "cache_read": ONE, "output": TWO}, (Step(201, {"input": THREE, "output": THREE}),))


@pytest.mark.parametrize(("prompt", "price"), [(0, ONE), (200, ONE), (201, THREE), (10**12, THREE)])
def test_a_step_begins_at_its_first_token(prompt, price):
    stated = TIERED.at(prompt)
    assert stated is not None
    assert stated["input"] == price


def test_a_step_keeps_the_base_price_of_what_it_does_not_state():
    assert TIERED.at(201) == {"input": THREE, "cache_read": ONE, "output": THREE}


def test_a_second_step_starts_from_the_base_price_not_from_the_first_step():
    tariff = Tariff({"input": ONE, "output": ONE}, (Step(10, {"output": TWO}), Step(20, {"input": THREE})))
    assert tariff.at(20) == {"input": THREE, "output": ONE}


def test_an_overlay_wins_at_every_size_for_what_it_prices():
    batch = overlay(TIERED, Tariff({"input": FREE}))
    assert batch.at(0) == {"input": FREE, "cache_read": ONE, "output": TWO}
    assert batch.at(201) == {"input": FREE, "cache_read": ONE, "output": THREE}


def test_an_overlay_may_have_steps_of_its_own():
    batch = overlay(TIERED, Tariff({"input": FREE}, (Step(101, {"input": ONE}),)))
    assert batch.sizes == (101, 201)
    assert batch.at(101) == {"input": ONE, "cache_read": ONE, "output": TWO}
    assert batch.at(201) == {"input": ONE, "cache_read": ONE, "output": THREE}


def test_an_offer_may_end_at_a_size():
    priority = overlay(TIERED, Tariff({"input": TWO}, (Step(201, None),)))
    assert priority.at(200) is not None
    assert priority.at(201) is None
