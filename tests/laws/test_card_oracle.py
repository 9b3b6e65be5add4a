"""10,000 random rate cards: what a request costs, against the definition, token by token group, in fractions.

The oracle reads the same text as the program and shares no code with it: it takes every group of alike tokens to the
nearest price, where the program sums whole meters and takes parts out of them.
"""

import random
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from aggcost import charging
from aggcost.model_rates import RateLine, SourceInfo
from aggcost.price_sources.price_format import read_model
from aggcost.strict_yaml import from_data

CARDS, SEEDS = 10_000, 8
# From docs/prices.md: where the price of a group of tokens is looked for, the first that is there.
CLIMB = {
    "input": ("input",),
    "cache_read": ("cache_read", "input"),
    "cache_write_5m": ("cache_write_5m", "cache_write", "input"),
    "cache_write_1h": ("cache_write_1h", "cache_write", "input"),
    "cache_write_other": ("cache_write_other", "cache_write", "input"),
    "output": ("output",),
    "input_audio": ("input_audio", "input"),
    "input_image": ("input_image", "input"),
    "input_video": ("input_video", "input"),
    "cache_read_audio": ("cache_read_audio", "cache_read", "input_audio", "input"),
    "cache_read_image": ("cache_read_image", "cache_read", "input_image", "input"),
    "reasoning": ("reasoning", "output"),
    "output_audio": ("output_audio", "output"),
    "output_image": ("output_image", "output"),
    "output_video": ("output_video", "output"),
}
INSIDE = {
    "input_audio": "input", "input_image": "input", "input_video": "input", "cache_read_audio": "cache_read",
    "cache_read_image": "cache_read", "reasoning": "output", "output_audio": "output", "output_image": "output",
    "output_video": "output",
}  # fmt: skip
PROMPT = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "cache_write_other")
TOKEN_PRICES = (*CLIMB, "cache_write", "input", "output", "input", "output")
UNITS = ("web_search", "file_search", "image", "second_audio_in", "page", "char", "session")
SECONDS = ("second_audio_in",)
YEAR_S = 1_767_225_600  # 2026-01-01 in UTC
MODES = ("batch", "flex")


def amount(rng):
    if rng.random() < 0.06:
        return rng.choice(["unsupported", "0"])
    return f"{rng.randrange(1, 4000)}e-{rng.randrange(4)}"


def prices(rng, most=4):
    found = {}
    for meter in rng.sample(TOKEN_PRICES, rng.randrange(1, most + 1)):
        found[meter] = (
            amount(rng) if rng.random() < 0.8 else {"price": amount(rng), "per": str(rng.choice([1, 7, 1000]))}
        )
    if rng.random() < 0.15:
        found["requests"] = amount(rng)
    return found


def fees(rng):
    found = {}
    for meter in rng.sample(UNITS, rng.randrange(0, 3)):
        found[meter] = {"price": amount(rng), "per": str(rng.choice([1, 3, 3600]))}
        if rng.random() < 0.4:
            found[meter] |= {"minimum": str(rng.randrange(1, 9)), "round_up": str(rng.randrange(1, 5))}
    return {"fees": found} if found else {}


def tier(rng, size, meters):
    stated = {meter: amount(rng) for meter in rng.sample(meters, rng.randrange(1, len(meters) + 1))}
    return {"when": {"prompt_tokens": {rng.choice(["gt", "ge"]): str(size)}}, "prices": stated}


def tiers(rng, meters, sizes=(0, 1, 2)):
    chosen = sorted(rng.sample([3, 8, 20], rng.choice(sizes)))
    return [tier(rng, size, meters) for size in chosen]


def layer(rng, standard=None):
    """A set of prices; over standard prices with tiers it says what larger prompts cost."""
    usual = {"input": amount(rng), "output": amount(rng)} if standard is None and rng.random() < 0.85 else {}
    stated = usual | prices(rng)
    found = {"prices": stated} | fees(rng)
    meters = [meter for meter in stated if meter != "requests"] or ["input"]
    if standard is None:
        return found | {"tiers": tiers(rng, meters)}
    if standard["tiers"] and rng.random() < 0.2:
        return found | {"tiers": "unsupported"}
    return found | {"tiers": tiers(rng, meters, (0, 1))}


def window(rng, rate):
    hours = rng.choice(["09:00-18:00", "22:00-06:00", "00:00-24:00", "23:30-00:30"])
    found = {"hours": [hours], "tz": rng.choice(["UTC", "Asia/Shanghai", "America/New_York"])} | layer(rng, rate)
    if rng.random() < 0.6:
        found["days"] = rng.sample(["mon", "tue", "wed", "thu", "fri", "sat", "sun"], rng.randrange(1, 7))
    inside = {}
    for name, mode in rate.get("modes", {}).items():
        both = [meter for kind in ("prices", "fees") for meter in found.get(kind, {}) if meter in stated_by(mode)]
        if both:  # then the card must say what holds for both
            own = {meter: amount(rng) for meter in both if meter not in UNITS} or {"input": amount(rng)}
            own_fees = {meter: {"price": amount(rng), "per": "1"} for meter in both if meter in UNITS}
            inside[name] = {"prices": own, "tiers": []} | ({"fees": own_fees} if own_fees else {})
    return found | ({"modes": inside} if inside else {})


def stated_by(tree):
    return {**tree["prices"], **tree.get("fees", {})}


def card(rng):
    edges = sorted(rng.sample(range(1, 300), rng.randrange(0, 3)))
    rates = []
    for begin, end in zip([None, *edges], [*edges, None], strict=True):
        rate = {"effective": {"from": day(begin), "to": day(end)}} | layer(rng)
        if rng.random() < 0.3:
            rate["per"] = str(rng.choice([1000, 3]))
        if rng.random() < 0.5:
            rate["modes"] = {name: layer(rng, rate) for name in rng.sample(MODES, rng.randrange(1, 3))}
        if rng.random() < 0.4:
            rate["windows"] = [window(rng, rate) for _ in range(rng.randrange(1, 3))]
        if rng.random() < 0.3:
            rate["regions"] = {"eu": {"multiply": "1.10"}}
        rates.append(rate)
    return {"rates": rates}


def day(number):
    return None if number is None else (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number)).date().isoformat()


def request(rng, tree):
    """Groups of alike tokens, and units, mostly such as the card prices; seconds are in thousandths."""
    known = [meter for rate in tree["rates"] for meter in rate.get("fees", {})]
    groups = {meter: rng.randrange(1, 9) for meter in rng.sample(list(CLIMB), rng.randrange(1, 5))}
    units = {meter: rng.randrange(1, 12) for meter in rng.sample(known, min(len(known), 2))}
    if rng.random() < 0.1:
        units[rng.choice(UNITS)] = 5
    units = {
        meter: number * 1000 + rng.randrange(1000) if meter in SECONDS else number for meter, number in units.items()
    }
    return groups, units


# The definition.


def oracle(tree, start_s, mode, region, groups, units):
    rate = next(one for one in tree["rates"] if holds(one["effective"], start_s))
    prompt = sum(number for meter, number in groups.items() if INSIDE.get(meter, meter) in PROMPT)
    opened = [one for one in rate.get("windows", []) if in_window(one, start_s)]
    layers = [rate]
    if opened:
        layers.append(opened[-1])
    if mode is not None:
        if mode not in rate.get("modes", {}):
            return None
        layers.append(rate["modes"][mode])
        if opened and mode in opened[-1].get("modes", {}):
            layers.append(opened[-1]["modes"][mode])
    stated = {}
    for one in layers:
        if one["tiers"] == "unsupported" and prompt >= first_size(rate):
            return None
        stated |= stated_at(one, prompt, Fraction(rate.get("per", 1_000_000)))
    return cost(stated, rate.get("regions", {}).get(region), groups, units)


def holds(span, start_s):
    today = datetime.fromtimestamp(start_s, UTC).date().isoformat()
    return (span["from"] is None or span["from"] <= today) and (span["to"] is None or today < span["to"])


def in_window(one, start_s):
    local = datetime.fromtimestamp(start_s, UTC).astimezone(ZoneInfo(one["tz"]))
    (hours,) = one["hours"]
    begin, end = hours.split("-")
    clock = local.strftime("%H:%M")
    began = local
    if begin < end:
        inside = begin <= clock < end
    else:
        inside = clock >= begin or clock < end
        if clock < end:
            began = local - timedelta(days=1)
    return inside and ("days" not in one or began.strftime("%a").lower() in one["days"])


def first_size(rate):
    return min(size_of(one) for one in rate["tiers"])


def size_of(one):
    ((operator, size),) = one["when"]["prompt_tokens"].items()
    return int(size) + (operator == "gt")


def stated_at(one, prompt, per):
    """The prices of one layer: (USD for one, or None, and the rounding), those of the highest tier that is reached."""
    found = {meter: priced(meter, price, per) for meter, price in stated_by(one).items()}
    reached = [] if one["tiers"] == "unsupported" else [step for step in one["tiers"] if size_of(step) <= prompt]
    if reached:
        last = max(reached, key=size_of)
        found |= {meter: priced(meter, price, per) for meter, price in last["prices"].items()}
    return found


def priced(meter, price, per):
    usual = Fraction(1000) if meter == "requests" else per
    minimum = step = None
    if isinstance(price, dict):
        usual, minimum, step = Fraction(price.get("per", usual)), price.get("minimum"), price.get("round_up")
        price = price["price"]
    usd = None if price == "unsupported" else Fraction(price) / usual
    return usd, Fraction(minimum or 0), Fraction(step) if step else None


def cost(stated, region, groups, units):
    if "requests" in stated and not any(meter in stated for meter in (*CLIMB, "cache_write")):
        stated = {**stated, "input": (Fraction(0), 0, None), "output": (Fraction(0), 0, None)}
    bill = [(next((stated[one][0] for one in CLIMB[group] if one in stated), None), number)
            for group, number in groups.items()]  # fmt: skip
    bill.append((stated.get("requests", (Fraction(0),))[0], 1))
    for meter, number in units.items():
        usd, minimum, step = stated.get(meter, (None, 0, None))
        used = max(Fraction(number, 1000) if meter in SECONDS else Fraction(number), minimum)
        bill.append((usd, -(-used // step) * step if step else used))
    if any(usd is None for usd, _ in bill):
        return None
    return sum((usd * number for usd, number in bill), Fraction(0)) * Fraction(region["multiply"] if region else 1)


# The program.


def program(tree, start_s, mode, region, groups, units):
    rates = read_model("acme", "m", from_data(tree, "card"), SourceInfo("test"))
    sums = dict.fromkeys(("input", *PROMPT, "output"), 0) | {"requests": 1}
    for meter, number in groups.items():
        sums[INSIDE.get(meter, meter)] += number
    sums |= {meter: groups.get(meter, 0) for meter in INSIDE} | {meter: units.get(meter, 0) for meter in UNITS}
    prompt = sum(sums[meter] for meter in PROMPT)
    lines, index = rates.lines(mode, region, np.array([start_s]), np.array([prompt]))
    line = lines[index[0]]
    if not isinstance(line, RateLine):
        return None
    for meter, rounding in line.roundings.items():
        used = sums[meter]
        billed = -(-max(used, rounding.minimum) // rounding.step) * rounding.step if used else 0
        sums[rounding.column(meter)] = billed
    pricer = charging.Pricer([line], [Fraction(1)], [(0, 0)], tuple(sums), [*INSIDE, *UNITS])
    found = pricer.cost(0, 0, [sums[column] for column in pricer.columns])
    return None if found is None else Fraction(found, pricer.denominator)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_request_costs_what_the_definition_says(seed):
    rng, known = random.Random(seed), 0
    for _ in range(CARDS // SEEDS):
        tree = card(rng)
        start_s = YEAR_S + rng.randrange(300 * 86_400)
        modes = {name for rate in tree["rates"] for name in rate.get("modes", {})}
        asked = (
            start_s,
            rng.choice([None, None, "flex", *sorted(modes)]),
            rng.choice([None, "eu"]),
            *request(rng, tree),
        )
        expected = oracle(tree, *asked)
        assert program(tree, *asked) == expected, (tree, asked)
        known += expected is not None
    assert known > CARDS // SEEDS // 4
