"""Decisions on cells: first match, fallbacks, splits, limits, and the cheapest of a list."""

from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from test_rating import cells

from aggcost.conditions import Truths
from aggcost.eligibility import Eligibility, Facts
from aggcost.policy import Route, load_policy
from aggcost.replay import decide

SMALL, TINY = Route("acme", "small"), Route("acme", "tiny")


class Quotes:
    """Prices a million input tokens by hand."""

    def __init__(self, found, usd):
        self.found, self.usd = found, usd

    def same_price(self, _routes):
        return np.zeros(len(self.found), np.int64)

    def cost(self, route, rows):
        usd = self.usd.get(route)
        return None if usd is None else Fraction(usd) * int(self.found.sums["input"][rows].sum())


def policy(tmp_path, text):
    path = tmp_path / "policy.yaml"
    path.write_text("policy: 1\nname: test\n" + text)
    return load_policy(path)


def decided(tmp_path, text, found, facts=None, usd=None):
    everything = np.ones(len(found), dtype=bool)
    truths = Truths(found, ZoneInfo("UTC"))
    asked = policy(tmp_path, text)
    gates = [Eligibility(found, facts or {}, asked.require.context)]
    return decide(asked, found, everything, truths, gates, Quotes(found, usd or {}))


def went(routed):
    """For each cell its (route, weight) pairs."""
    pairs: dict[int, list[tuple[str | None, Fraction]]] = {}
    for cell, route, parts in zip(routed.cell, routed.route, routed.parts, strict=True):
        name = routed.routes[route]
        pairs.setdefault(int(cell), []).append(
            (None if name is None else name.model, Fraction(int(parts), routed.whole))
        )
    return pairs


LOG = [("acme", "a", 0, 10, 0, 0, 1), ("acme", "b", 4000, 20, 0, 0, 2), ("other", "a", 9000, 40, 0, 0, 4)]


def test_the_first_rule_that_matches_decides(tmp_path):
    one = "- {name: one, when: model == 'a', route: acme/small}\n"
    text = f"rules:\n{one}- {{name: two, when: provider == 'acme', route: acme/tiny}}\n"
    routed = decided(tmp_path, text, cells(*LOG))
    assert went(routed) == {0: [("small", 1)], 1: [("tiny", 1)], 2: [("small", 1)]}
    assert routed.matched == (5, 2)


def test_what_no_rule_matches_goes_where_otherwise_says(tmp_path):
    routed = decided(
        tmp_path, "rules:\n- {name: one, when: model == 'z', route: acme/small}\notherwise: acme/tiny\n", cells(*LOG)
    )
    assert set(map(tuple, went(routed).values())) == {(("tiny", 1),)}


def test_a_split_is_a_weight_and_sums_to_one(tmp_path):
    text = "rules:\n- {name: one, when: model == 'a', split: {acme/small: 33.3, acme/tiny: 0.2, as_logged: 66.5}}\n"
    routed = decided(tmp_path, text, cells(*LOG))
    assert routed.whole == 1000
    assert went(routed)[0] == [("small", Fraction(333, 1000)), ("tiny", Fraction(2, 1000)), (None, Fraction(665, 1000))]
    assert went(routed)[1] == [(None, 1)]


def test_a_prompt_over_the_window_takes_the_fallback_or_stays(tmp_path):
    text = "rules:\n- {name: one, when: true, route: acme/small, fallback: [acme/tiny]}\n"
    facts = {SMALL: Facts(context_window=3999), TINY: Facts(context_window=8999)}
    routed = decided(tmp_path, text, cells(*LOG), facts)
    assert went(routed) == {0: [("small", 1)], 1: [("tiny", 1)], 2: [(None, 1)]}
    assert routed.refused.tolist() == [False, False, True]
    assert {(one.route, one.requests) for one in routed.refusals} == {("acme/small", 6), ("acme/tiny", 4)}


def test_context_is_not_asked_where_the_policy_says_so(tmp_path):
    text = "rules:\n- {name: one, when: true, route: acme/small}\nrequire: {context: false}\n"
    routed = decided(tmp_path, text, cells(*LOG), {SMALL: Facts(context_window=1)})
    assert went(routed)[2] == [("small", 1)]


def test_a_retired_model_is_refused_from_its_date(tmp_path):
    text = "rules:\n- {name: one, when: true, route: acme/small}\n"
    assert went(decided(tmp_path, text, cells(*LOG), {SMALL: Facts(retired_s=0)}))[0] == [(None, 1)]
    assert went(decided(tmp_path, text, cells(*LOG), {SMALL: Facts(retired_s=3600)}))[0] == [("small", 1)]


@pytest.mark.parametrize(("usd", "chosen"), [({SMALL: 3, TINY: 2}, "tiny"), ({SMALL: 2, TINY: 2}, "small"),
                                             ({SMALL: 5}, "small"), ({}, None)])  # fmt: skip
def test_the_cheapest_is_chosen_once_for_the_whole_group(tmp_path, usd, chosen):
    text = "rules:\n- {name: one, when: true, route: {cheapest: [acme/small, acme/tiny]}}\n"
    routed = decided(tmp_path, text, cells(*LOG), usd=usd)
    assert set(map(tuple, went(routed).values())) == {((chosen, Fraction(1)),)}


def test_the_cheapest_of_the_eligible_ones(tmp_path):
    text = "rules:\n- {name: one, when: true, route: {cheapest: [acme/small, acme/tiny]}}\n"
    routed = decided(tmp_path, text, cells(*LOG), {TINY: Facts(context_window=3999)}, {SMALL: 3, TINY: 2})
    assert went(routed) == {0: [("tiny", 1)], 1: [("small", 1)], 2: [("small", 1)]}


def test_a_missing_field_is_counted_and_does_not_match(tmp_path):
    found = cells(("acme", None, 0, 10, 0, 0, 3), ("acme", "a", 0, 10, 0, 0, 5))
    routed = decided(tmp_path, "rules:\n- {name: one, when: model != 'a', route: acme/small}\n", found)
    assert routed.unknown == {"one": 3}
    assert went(routed) == {0: [(None, 1)], 1: [(None, 1)]}


class Down:
    """A gate that lets nothing through to some routes for now, and costs 2 s to find out."""

    lasting, wait_ms = False, 2_000

    def __init__(self, *routes):
        self.routes = routes

    def refused(self, route, rows):
        yield "down", np.full(len(rows), route in self.routes)


CHAIN = "rules:\n- {name: one, when: true, route: acme/small, fallback: [acme/tiny]}\n"


def gated(tmp_path, text, gates, usd=None):
    found = cells(*LOG)
    everything = np.ones(len(found), dtype=bool)
    return decide(
        policy(tmp_path, text), found, everything, Truths(found, ZoneInfo("UTC")), gates, Quotes(found, usd or {})
    )


def test_a_route_that_is_down_costs_time_and_the_next_one_serves(tmp_path):
    routed = gated(tmp_path, CHAIN, [Down(SMALL)])
    assert went(routed) == {0: [("tiny", 1)], 1: [("tiny", 1)], 2: [("tiny", 1)]}
    assert routed.waited_ms.tolist() == [2000, 2000, 2000]
    assert not routed.refused.any()


def test_where_every_route_is_down_nobody_serves(tmp_path):
    routed = gated(tmp_path, CHAIN, [Down(SMALL, TINY)])
    assert set(map(tuple, went(routed).values())) == {(("no live route", Fraction(1)),)}
    assert routed.waited_ms.tolist() == [4000, 4000, 4000]


def test_a_route_that_cannot_take_a_request_is_not_waited_for(tmp_path):
    text = CHAIN.replace("true", "provider == 'other'")
    small = Eligibility(cells(*LOG), {SMALL: Facts(context_window=1)}, context=True)
    routed = gated(tmp_path, text, [small, Down(SMALL)])
    assert went(routed)[2] == [("tiny", 1)]
    assert not routed.waited_ms.any()


def test_behind_the_cheapest_stands_the_next_cheapest(tmp_path):
    text = "rules:\n- {name: one, when: true, route: {cheapest: [acme/small, acme/tiny]}}\n"
    routed = gated(tmp_path, text, [Down(TINY)], usd={SMALL: 3, TINY: 2})
    assert set(map(tuple, went(routed).values())) == {(("small", Fraction(1)),)}
    assert routed.waited_ms.tolist() == [2000, 2000, 2000]
