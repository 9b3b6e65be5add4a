"""Prints two times in milliseconds: loading the shipped prices, and finding the line of 10,000 distinct groups.

A group is a logged provider and model with a service tier, a region and an hour, as `simulate` rates them; nothing is
known of any of them beforehand. Both are processor times of a process that has done its imports.
"""

from __future__ import annotations

import random
import time
from itertools import groupby

import numpy as np

from aggcost.price_sources import catalogue, overlay
from aggcost.ratecard import RateCard

GROUPS = 10_000
FIRST_S, HOURS = 1_735_689_600, 16_000  # from 2025-01-01 on
TIERS, REGIONS = (None, "batch", "flex", "priority"), (None, "us", "eu", "global")

Group = tuple[str, str, str | None, str | None, int]


def groups(card: RateCard) -> list[Group]:
    """Return distinct groups over every model of the much used providers, some names unknown, seeded."""
    rng = random.Random(2026)
    names = [(rates.provider, rates.model) for name in ("openai", "anthropic", "google", "x-ai", "deepseek", "mistral")
             for rates in card.models(name)]  # fmt: skip
    names += [(provider, f"{model}-new-thing") for provider, model in names[::20]]
    drawn: set[Group] = set()
    while len(drawn) < GROUPS:
        provider, model = rng.choice(names)
        hour_s = FIRST_S + 3600 * rng.randrange(HOURS)
        drawn.add((provider, model, rng.choice(TIERS), rng.choice(REGIONS), hour_s))
    return sorted(drawn, key=str)


def find_lines(card: RateCard, asked: list[Group]) -> int:
    """Return how many distinct lines the groups have: rated as `rating` does it, by everything but the hour."""
    found = 0
    for (provider, model, tier, region), rows in groupby(asked, key=lambda group: group[:4]):
        rates = card.resolve(provider, model).rates
        if rates is None:
            continue
        starts = np.array([row[4] for row in rows])
        lines, _ = rates.lines(tier, region, starts, np.full(len(starts), 1000))
        found += len(lines)
    return found


def _card() -> RateCard:
    return RateCard((overlay.load(), catalogue.load()))


def main() -> None:
    """Print both times, the best of five."""
    asked = groups(_card())
    loads, finds = [], []
    for _ in range(5):
        began = time.process_time()
        card = _card()
        loaded = time.process_time()
        find_lines(card, asked)
        loads.append(loaded - began)
        finds.append(time.process_time() - loaded)
    print(f"{min(loads) * 1000:.1f} {min(finds) * 1000:.1f}")


if __name__ == "__main__":
    main()
