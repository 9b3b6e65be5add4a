"""Requests with cached tokens whose cost is known, in a log of every format that can tell it: exact to the last digit.

Their counts and costs come from invoices, bug reports and price pages; most were once counted twice, or at the full
price, by some tool. `aggcost analyze --format json` must give each its cost, whatever the log.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from formats import own_fields
from formats.calls import Call
from reading_logs import log

import aggcost
from aggcost.importers import FORMATS
from aggcost.output import render

SONNET_37, SONNET_45 = "claude-3-7-sonnet-20250219", "claude-sonnet-4-5-20250929"


@dataclass(frozen=True)
class Case:
    """Disjoint token counts of a request and what it costs: USD, worked out by hand from published prices."""

    model: str
    cost_usd: str
    input: int
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    output: int = 0
    reasoning: int = 0


CASES = {
    # 86 x 2.5 + 1920 x 1.25 + 300 x 10; counted twice it would be 0.010415
    "gpt-4o": Case("gpt-4o", "0.005615", 86, 1920, output=300),
    # 4262 x 1.25 + 4864 x 0.125 + 3197 x 10
    "gpt-5": Case("gpt-5", "0.0379055", 4262, 4864, output=3197),
    # 3 x 3 + 12304 x 3.75 + 550 x 15, as on an invoice
    "invoice": Case(SONNET_37, "0.054399", 3, cache_write_5m=12304, output=550),
    # 100 x 3 + 5000 x 0.3 + 1000 x 3.75 + 2000 x 6 + 400 x 15
    "lifetimes": Case(SONNET_45, "0.02355", 100, 5000, 1000, 2000, output=400),
    # 5 x 3 + 4735 x 3.75 + 255 x 15
    "write": Case(SONNET_45, "0.02159625", 5, cache_write_5m=4735, output=255),
    # 200000 x 1.25 + 1000 x 10: not yet a long prompt
    "boundary": Case("gemini-2.5-pro", "0.26", 200_000, output=1000),
    # 5005 x 2.5 + 257955 x 0.25 + 1744 x 15: cached tokens make the prompt a long one
    "long": Case("gemini-2.5-pro", "0.10316125", 5005, 257_955, output=1744),
    # 2823 x 1.4 + 41518 x 0.26; at the full price it would be 0.0620774
    "fireworks": Case("glm-5p1", "0.01474688", 2823, 41_518),
    # 3914 x 0.5 + 16298 x 0.05 + 931 x 3
    "flash": Case("gemini-3-flash-preview", "0.0055649", 3914, 16_298, output=931),
    # 1000 x 1.1 + 5000 x 4.4; with the reasoning once more it would be 0.0407
    "reasoning": Case("o4-mini", "0.0231", 1000, output=5000, reasoning=4000),
    # 1000 x 1.25 + 2244 x 10: candidates 1744, thoughts 500
    "thoughts": Case("gemini-2.5-pro", "0.02369", 1000, output=2244, reasoning=500),
}

# Anthropic's counts where a log's prompt should contain the cache: 5 tokens, of which 4735 were written.
MISREAD = Case(SONNET_45, CASES["write"].cost_usd, 5 - 4735, cache_write_5m=4735, output=255)

PLAIN = {"boundary", "reasoning", "thoughts"}  # nothing cached
READS = PLAIN | {"gpt-4o", "gpt-5", "long", "fireworks", "flash"}
WRITES = READS | {"invoice", "write"}
ALL = WRITES | {"lifetimes"}
# Format -> the cases that it can tell, and whose models stand in it (every maker's, unless it is one's own).
TOLD: Mapping[str, tuple[set[str], tuple[str, ...]]] = {
    "anthropic-batch": (ALL, ("anthropic",)),
    "anthropic-cost": (set(), ()),
    "anthropic-cost-csv": (set(), ()),
    "anthropic-messages": (ALL, ("anthropic",)),
    "anthropic-tokens-csv": (ALL, ("anthropic",)),
    "anthropic-usage": (ALL, ("anthropic",)),
    "azure-apim": (PLAIN, ("openai",)),
    "azure-openai": (PLAIN, ("openai",)),
    "bedrock": (ALL, ("anthropic",)),
    "bedrock-cloudwatch": (ALL, ("anthropic",)),
    "bifrost": (WRITES, ()),
    "claude-code": (ALL, ("anthropic",)),
    "cloudflare": (PLAIN, ()),
    "codex": (READS, ("openai",)),
    "deepseek-amount": (READS, ("openai", "fireworks")),
    "deepseek-cost": (set(), ()),
    "envoy": (WRITES, ()),
    "gemini": (READS, ("google",)),
    "helicone": (WRITES, ()),
    "helicone-clickhouse": (WRITES, ()),
    "helicone-csv": (PLAIN, ()),
    "kong": (PLAIN, ()),
    "langfuse": (ALL, ()),
    "langfuse-blob": (ALL, ()),
    "langsmith": (ALL, ()),
    "litellm": (ALL, ()),
    "litellm-payload": (ALL, ()),
    "nanogpt": (WRITES, ()),
    "openai-batch": (READS, ("openai",)),
    "openai-chat": (READS, ("openai",)),
    "openai-costs": (set(), ()),
    "openai-costs-csv": (set(), ()),
    "openai-responses": (READS, ("openai",)),
    "openai-usage": (READS, ("openai",)),
    "openai-usage-csv": (READS, ("openai",)),
    "openinference": (WRITES, ()),
    "openrouter-activity": (PLAIN, ()),
    "openrouter-aggregated": (PLAIN, ()),
    "openrouter-chat": (WRITES, ()),
    "openrouter-detailed": (READS, ()),
    "openrouter-generation": (READS, ()),
    "otlp": (WRITES, ()),
    "portkey": (ALL, ()),
    "tensorzero": (WRITES, ()),
    "vercel-generation": (WRITES, ()),
    "vercel-report": (WRITES, ()),
    "vertex": (ALL, ("anthropic", "google")),
    "generic csv": (ALL, ()),
    "generic jsonl": (ALL, ()),
    "generic parquet": (ALL, ()),
    "generic csv without the cache": (ALL, ()),
    "canonical": (ALL, ()),
}
# What becomes of MISREAD. The other formats state no writes, or count them beside the input.
MISREAD_IN = {
    **dict.fromkeys(("envoy", "langsmith", "litellm", "litellm-payload", "nanogpt", "openai-batch", "openai-chat",
                     "openai-responses", "openai-usage", "openai-usage-csv", "openinference", "openrouter-chat",
                     "tensorzero", "generic csv", "generic jsonl", "generic parquet"), "quarantined"),
    # Producers of these differ, so more cached than input means that the input is without the cache.
    **dict.fromkeys(("bifrost", "otlp", "vercel-generation", "vercel-report"), "counted apart"),
}  # fmt: skip
NOON = "2026-11-23T12:00:00Z"
# Tiers and searches are another matter than the cache: what a writer says of them is put aside.
STANDARD, NO_SEARCHES = {"service_tier": "standard"}, {"web_searches": "0"}
OPTIONS: Mapping[str, dict[str, Any]] = {
    **{key: {"assume": STANDARD} for key in ("gemini", "openai-batch", "openai-responses")},
    **{key: {"assume": NO_SEARCHES} for key in ("anthropic-messages", "anthropic-tokens-csv")},
    "anthropic-usage": {"assume": STANDARD | NO_SEARCHES},
    "vertex": {"assume": STANDARD | NO_SEARCHES | {"region": "global"}},  # its endpoints by region cost more
    "anthropic-batch": {"assume": STANDARD | NO_SEARCHES | {"timestamp": NOON}},
    "generic csv without the cache": {"input_excludes_cache": True},
}
# Writers vary the form of a line by the number of its call, in cycles of 2, 3 or 4: each case is written with twelve.
# A bucket sums as many requests as its number says, from 0: only of one is the size of its prompt known.
TWELVE = tuple(range(12))
NUMBERS = {
    **dict.fromkeys(("anthropic-usage", "openai-usage", "openai-usage-csv", "openrouter-activity",
                     "openrouter-aggregated", "vercel-report"), (0,)),
    "anthropic-tokens-csv": (2,),
    "deepseek-amount": (0, 1, 2, 3),  # a row a meter
}  # fmt: skip

# Those who sell the models of others have prices of their own: here the makers'.
PRICES = {
    "gpt-4o": '{input: "2.5", cache_read: "1.25", output: "10"}',
    "gpt-5": '{input: "1.25", cache_read: "0.125", output: "10"}',
    SONNET_37: '{input: "3", cache_read: "0.3", cache_write: "3.75", output: "15"}',
    SONNET_45: '{input: "3", cache_read: "0.3", cache_write: "3.75", output: "15"}',
    "glm-5p1": '{input: "1.4", cache_read: "0.26", output: "4.4"}',
    "gemini-3-flash-preview": '{input: "0.5", cache_read: "0.05", output: "3"}',
    "o4-mini": '{input: "1.1", cache_read: "0.275", output: "4.4"}',
    "gemini-2.5-pro": '{input: "1.25", cache_read: "0.125", output: "10"}',
}
LONG = '[{when: {prompt_tokens: {gt: 200000}}, prices: {input: "2.5", cache_read: "0.25", output: "15"}}]'
RESELLERS = ("openrouter", "nanogpt", "deepseek")
FIRST_DAY = datetime(2026, 11, 2, 9, tzinfo=UTC)


def writer_of(name: str) -> Any:
    return own_fields.FORMS.get(name) or importlib.import_module(f"formats.write_{name.replace('-', '_')}")


def calls_of(name: str, case: Case, day: int) -> list[Call]:
    """The calls of a case in a format, all on one day."""
    numbers = NUMBERS.get(name, tuple(12 * day + place for place in TWELVE))
    return [_call(name, case, number, FIRST_DAY + timedelta(days=day, minutes=number % 12)) for number in numbers]


def _call(name: str, case: Case, number: int, at: datetime) -> Call:
    made = Call(
        number=number, at=at, model=case.model, user="u", session=f"s{at:%d}", input=case.input,
        cache_read=case.cache_read, cache_write_5m=case.cache_write_5m, cache_write_1h=case.cache_write_1h,
        output=case.output, reasoning=case.reasoning, latency_ms=900, ttft_ms=80, cost_usd=Decimal("0.01"), ok=True,
    )  # fmt: skip
    if name.startswith("bedrock"):
        place = "us" if case.model == SONNET_37 else "global"
        return replace(made, model=f"{place}.anthropic.{case.model}-v1:0")
    sold = name.startswith(("openrouter", "vercel", "nanogpt", "deepseek"))
    return replace(made, model=f"{made.maker}/{case.model}") if sold else made


def tells(name: str, calls: list[Call], case: Case) -> list[Call]:
    """The calls whose counts a reader of the format can know, by what its writer says."""
    if name == "deepseek-amount":
        rows = [meters(writer_of(name).expect(call)) for call in calls]
        return calls[:1] if [sum(counted) for counted in zip(*rows, strict=True)] == meters(vars(case)) else []
    return [call for call in calls if meters(writer_of(name).expect(call)) == meters(vars(case))]


def meters(known: Mapping[str, Any]) -> list[int]:
    """Counts by meter; a write whose lifetime is not known costs what one for five minutes does."""
    parts = (("input",), ("cache_read",), ("cache_write_5m", "cache_write_other"), ("cache_write_1h",), ("output",))
    return [sum(known.get(name) or 0 for name in names) for names in parts]


@pytest.fixture(scope="module")
def card(tmp_path_factory):
    path = tmp_path_factory.mktemp("prices") / "resold.yaml"
    lines = ["aggcost_prices: 1", "providers:"]
    for seller in RESELLERS:
        lines += [f"  {seller}:", "    models:"]
        for model, prices in PRICES.items():
            tiers = f", tiers: {LONG}" if model == "gemini-2.5-pro" else ""
            name = _call(seller, Case(model, "0", 0), 0, FIRST_DAY).model
            lines.append(f"      {name}: {{rates: [{{prices: {prices}{tiers}}}]}}")
    path.write_text("\n".join(lines) + "\n")
    return aggcost.load_rates(path)


def analyzed(folder: Path, name: str, calls: list[Call], card: Any) -> dict[str, Any]:
    """What `aggcost analyze --format json` says of the calls."""
    folder.mkdir()
    paths = [log(folder, text, file) for file, text in writer_of(name).write(calls).items()]
    report = aggcost.analyze(aggcost.read_usage(*paths, **OPTIONS.get(name, {})), card)
    found: dict[str, Any] = json.loads(render(report, "json"))
    assert {one["format"] for one in found["inputs"]} == {name.split(" ", maxsplit=1)[0]}
    return found


def costs_by_day(found: dict[str, Any]) -> dict[str, Decimal]:
    return {one["key"]: Decimal(one["cost"]) for one in found["arms"][0]["by"]["day"] if one["cost"]}


def test_every_format_is_here():
    assert TOLD.keys() == {one.NAME for one in FORMATS if one.LAYOUT is not None} | own_fields.FORMS.keys()


@pytest.mark.parametrize("name", TOLD)
def test_which_cases_a_format_can_tell(name):
    cases, makers = TOLD[name]
    every = {key: calls_of(name, case, 0) for key, case in CASES.items()}
    carried = {key for key, calls in every.items() if not makers or calls[0].maker in makers}
    assert {key for key in carried if tells(name, every[key], CASES[key])} == cases & carried


@pytest.mark.parametrize("name", [name for name, (cases, _) in TOLD.items() if cases])
def test_calls_cost_exactly_what_is_known(name, card, tmp_path):
    cases, makers = TOLD[name]
    written, expected = [], {}
    for day, (key, case) in enumerate(CASES.items()):
        calls = calls_of(name, case, day)
        if key in cases and (not makers or calls[0].maker in makers):
            told = tells(name, calls, case)
            expected[f"{calls[0].at:%Y-%m-%d}"] = Decimal(case.cost_usd) * len(told)
            written += calls if name == "deepseek-amount" else told
    found = analyzed(tmp_path / "log", name, written, card)
    if name == "anthropic-batch":  # which has no times: all is of the day that is assumed
        expected = {NOON[:10]: sum(expected.values())}
    assert costs_by_day(found) == expected


@pytest.mark.parametrize("name", TOLD)
def test_more_written_to_the_cache_than_sent(name, card, tmp_path):
    """Anthropic's counts read as if the prompt contained the cache: neither a negative count nor a clamped one."""
    case = MISREAD if not TOLD[name][1] else replace(MISREAD, model="gpt-4o")
    calls = calls_of(name, case, 0)
    if name not in MISREAD_IN:
        text = b"".join(writer_of(name).write(calls).values())
        assert b"-4730" in text or b"-4,730" in text or b"4735" not in text
        return
    found = analyzed(tmp_path / "log", name, calls, card)
    if MISREAD_IN[name] == "counted apart":
        assert costs_by_day(found) == {f"{calls[0].at:%Y-%m-%d}": Decimal(case.cost_usd) * len(calls)}
        return
    assert found["coverage"]["priced"] == 0
    assert found["coverage"]["quarantined"] >= len(calls)  # repeats among them
    assert "input_tokens: less than the cached tokens" in {one["message"] for one in found["issues"]}
