"""Eligibility by hand: what refuses a route, what is unknown and assumed instead, and how many requests rest on it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from test_rating import cells
from test_replay import Quotes, policy

from aggcost.abilities import shown
from aggcost.assumed import assumptions
from aggcost.conditions import Truths
from aggcost.eligibility import Facts, eligibility
from aggcost.gates import Gates
from aggcost.ledger import Cells, Dim
from aggcost.policy import Route
from aggcost.price_sources import load_rates
from aggcost.replay import decide
from aggcost.route_facts import facts_of_routes
from aggcost.scales import Scaling
from aggcost.within_caps import WithinCaps

SMALL, TINY = Route("acme", "small"), Route("acme", "tiny")
CHAIN = "rules:\n- {name: one, when: true, route: acme/small, fallback: [acme/tiny]}\n"
# Provider, model, prompt bin, input, cache_read, output, requests.
LOG = [("acme", "a", 0, 10, 0, 0, 1), ("acme", "b", 0, 20, 0, 0, 2), ("other", "a", 0, 40, 0, 0, 4)]


def with_dim(found: Cells, name: str, values: list[object]) -> Cells:
    distinct = tuple(dict.fromkeys(values))
    codes = np.array([distinct.index(value) for value in values], np.int32)
    return replace(found, dims={**found.dims, name: Dim(codes, distinct)})


def log() -> Cells:
    return with_dim(cells(*LOG), "output_tokens", [0] * len(LOG))


def replayed(tmp_path, text, found, facts):
    asked, truths = policy(tmp_path, text), Truths(found, ZoneInfo("UTC"))
    gate = eligibility(asked, found, truths, facts, Scaling())
    routed = decide(asked, found, np.ones(len(found), dtype=bool), truths, [gate], Quotes(found, {}))
    return routed, assumptions(asked, found, routed, Gates(gate, WithinCaps({}, {}), None))


def went(routed):
    """The model that each cell goes to, None where it stays."""
    names = [None if route is None else route.model for route in routed.routes]
    return [names[route] for _, route in sorted(zip(routed.cell.tolist(), routed.route.tolist(), strict=True))]


def refusals(routed):
    return {(one.route, one.reason): one.requests for one in routed.refusals}


def assumed(found):
    return {one.name: one.requests for one in found}


ALL_KNOWN = Facts(context_window=9, max_output=9, has=frozenset({"tools", "json_schema", "vision", "audio", "video"}))
NO_VISION = replace(ALL_KNOWN, has=ALL_KNOWN.has - {"vision"}, lacks=frozenset({"vision"}))


def test_requests_that_show_images_pass_a_route_without_vision_by(tmp_path):
    found = with_dim(log(), shown("vision"), [False, True, True])
    text = CHAIN + "require: {capabilities: true}\n"
    routed, _ = replayed(tmp_path, text, found, {SMALL: NO_VISION, TINY: ALL_KNOWN})
    assert went(routed) == ["small", "tiny", "tiny"]
    assert refusals(routed) == {("acme/small", "no vision"): 6}


def test_without_the_requirement_images_are_not_looked_at(tmp_path):
    found = with_dim(log(), shown("vision"), [False, True, True])
    routed, _ = replayed(tmp_path, CHAIN, found, {SMALL: NO_VISION, TINY: ALL_KNOWN})
    assert went(routed) == ["small"] * 3


def test_a_list_is_asked_of_every_request_that_moves(tmp_path):
    routed, _ = replayed(
        tmp_path, CHAIN + "require: {capabilities: [vision]}\n", log(), {SMALL: NO_VISION, TINY: ALL_KNOWN}
    )
    assert went(routed) == ["tiny"] * 3


def test_the_needs_of_a_rule_stand_instead_of_the_list(tmp_path):
    text = (
        "rules:\n- {name: one, when: model == 'a', route: acme/small, needs: []}\n"
        "- {name: two, when: true, route: acme/small}\nrequire: {capabilities: [vision]}\n"
    )
    routed, _ = replayed(tmp_path, text, log(), {SMALL: NO_VISION})
    assert went(routed) == ["small", None, "small"]
    assert routed.refused.tolist().count(True) == 1


def test_what_is_shown_is_asked_beside_the_needs_of_a_rule(tmp_path):
    found = with_dim(log(), shown("vision"), [True, False, False])
    text = CHAIN.replace("fallback: [acme/tiny]", "needs: [audio]") + "require: {capabilities: true}\n"
    deaf = replace(NO_VISION, has=frozenset(), lacks=frozenset({"vision"}))
    routed, found_assumed = replayed(tmp_path, text, found, {SMALL: deaf})
    assert went(routed) == [None, "small", "small"]
    assert assumed(found_assumed)["audio of acme/small"] == 6


@pytest.mark.parametrize(
    ("wanted", "region", "takes"),
    [("eu", "eu", True), ("eu", "EU-West-1", True), ("eu", "europe-west4", False), ("[us, eu-west]", "eu-west-1", True),
     ("eu-west", "eu", False)],
)  # fmt: skip
def test_a_region_is_the_required_one_or_a_part_of_it(tmp_path, wanted, region, takes):
    text = f"{CHAIN}require: {{region: {wanted}}}\n"
    routed, _ = replayed(tmp_path, text, log(), {SMALL: Facts(region=region), TINY: Facts(region="xx")})
    assert went(routed) == ["small" if takes else None] * 3


def test_a_region_named_by_the_route_counts_before_any_other(tmp_path):
    text = "rules: [{when: true, route: {provider: acme, model: small, region: us-east-1}}]\nrequire: {region: eu}\n"
    routed, _ = replayed(tmp_path, text, log(), {Route("acme", "small", "us-east-1"): Facts(region="eu")})
    assert went(routed) == [None] * 3


def test_the_logged_region_holds_while_the_provider_stays(tmp_path):
    found = with_dim(log(), "region", ["us", "eu-1", "us"])
    routed, found_assumed = replayed(tmp_path, CHAIN + "require: {region: eu}\n", found, {})
    assert went(routed) == [None, "small", "small"]
    assert assumed(found_assumed)["region of acme/small"] == 4  # another provider's region was logged


def test_a_data_policy_must_be_granted_where_the_policy_states_any(tmp_path):
    text = CHAIN + "require: {data_policy: [zero_retention, gdpr]}\n"
    facts = {
        SMALL: Facts(data_policy=frozenset({"gdpr"})),
        TINY: Facts(data_policy=frozenset({"gdpr", "zero_retention"})),
    }
    routed, found_assumed = replayed(tmp_path, text, log(), facts)
    assert went(routed) == ["tiny"] * 3
    assert refusals(routed) == {("acme/small", "no zero_retention"): 7}
    assert "gdpr of acme/tiny" not in assumed(found_assumed)


def test_each_assumption_counts_the_requests_that_rest_on_it(tmp_path):
    text = "rules:\n- {name: one, when: model == 'a', split: {acme/small: 25, acme/tiny: 75}}\n"
    _, found = replayed(tmp_path, text, log(), {TINY: Facts(context_window=5)})
    assert assumed(found) == {
        "context window of acme/small": Fraction(5, 4), "maximum output of acme/small": Fraction(5, 4),
        "maximum output of acme/tiny": Fraction(15, 4),
    }  # fmt: skip


def test_nothing_is_assumed_of_a_route_that_no_request_takes(tmp_path):
    text = "rules:\n- {name: one, when: model == 'z', route: acme/small}\n"
    assert replayed(tmp_path, text, log(), {})[1] == ()
    text = "rules:\n- {name: one, when: true, route: acme/small}\nrequire: {context: false}\n"
    assert replayed(tmp_path, text, log(), {})[1] == ()


def test_what_the_log_does_not_tell_is_assumed_not_to_be_used(tmp_path):
    text = CHAIN + "require: {capabilities: true}\n"
    _, found = replayed(
        tmp_path, text, with_dim(log(), shown("vision"), [True, False, False]), {SMALL: NO_VISION, TINY: NO_VISION}
    )
    assert [(one.name, one.requests, one.source) for one in found] == []
    bare = replace(NO_VISION, has=frozenset({"tools"}))
    _, found = replayed(tmp_path, text, log(), {SMALL: bare})
    assert assumed(found) == {"use of json_schema, vision, audio, video": 7}  # it has tools


PRICES = """\
aggcost_prices: 1
currency: USD
providers:
  acme:
    models:
      small: {capabilities: [function_calling], limits: {context: 100}, rates: [{prices: {input: "1", output: "1"}}]}
      tiny: {rates: [{prices: {input: "1", output: "1"}}]}
"""


def test_what_the_policy_states_counts_before_the_facts(tmp_path):
    path = tmp_path / "prices.yaml"
    path.write_text(PRICES)
    card = load_rates([path])
    known = facts_of_routes(policy(tmp_path, CHAIN), card)
    assert known[SMALL] == Facts(
        context_window=100, has=frozenset({"tools"}), lacks=frozenset({"json_schema", "vision"})
    )
    assert known[TINY] == Facts()
    stated = "routes: {acme/small: {capabilities: [vision], context_window: 7, max_output: 5, region: eu, data_policy: gdpr}}\n"
    own = facts_of_routes(policy(tmp_path, CHAIN + stated), card)[SMALL]
    assert (own.context_window, own.max_output, own.region, own.data_policy) == (7, 5, "eu", frozenset({"gdpr"}))
    assert own.has == {"vision"}
    assert {"tools", "audio", "web_search"} <= own.lacks
