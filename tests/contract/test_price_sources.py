"""What every price source must do, over the registry."""

import numpy as np
import pytest
from pricing import charge

from aggcost.price_sources import SOURCES
from aggcost.ratecard import RateCard, RateLine, Unpriced

# A file of each source that prices acme/one at 1 USD per million input tokens, if it reads files.
SAMPLES = {
    "yaml": 'aggcost_prices: 1\nproviders: {acme: {models: {one: {rates: [{prices: {input: "1"}}]}}}}\n',
}


@pytest.fixture(params=sorted(SOURCES))
def book(request, tmp_path):
    path = tmp_path / "prices.txt"
    path.write_text(SAMPLES[request.param], encoding="utf-8")
    return SOURCES[request.param](path)


def test_it_says_where_its_prices_come_from(book):
    assert book.source.name
    assert len(book.source.digest or "") == 64


def test_it_prices_its_model(book):
    rates = RateCard([book]).resolve("acme", "one").rates
    assert rates is not None
    assert rates.source == book.source
    assert charge(rates, input=1_000_000) == "1"


def test_names_are_canonical_and_openable(book):
    for provider in book.provider_names:
        assert provider == provider.lower()
        opened = book.provider(provider)
        assert opened is not None
        assert all(listing.load().provider == provider for listing in opened.listings)
    assert book.provider("nobody") is None


def test_every_line_is_a_price_or_a_reason(book):
    for rates in RateCard([book]).models():
        for tier in (None, *rates.service_tiers, "bogus"):
            lines, index = rates.lines(tier, None, np.array([-1, 0, 2**31]), np.array([0, 1, 10**6]))
            assert len(index) == 3
            assert all(isinstance(one, RateLine | Unpriced) for one in lines)
            assert set(index.tolist()) == set(range(len(lines)))
