"""Builds the shipped catalogue: ``python -m aggcost.price_sources.build``.

Needs the package `genai-prices` in the pinned version of the development dependencies.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from aggcost.price_sources import genai_prices
from aggcost.price_sources.catalogue import DATA, PATTERN

NOTE = "Converted from the data of genai-prices, MIT licence; see licence_text. Built by aggcost, do not edit."


def catalogue_text() -> str:
    """Return the catalogue as JSON text, one model a line, the same for the same package version."""
    head = {"aggcost_prices": 1, "note": NOTE, "currency": "USD", "source": genai_prices.source()}
    lines = [f"{_json(key)}:{_json(value)}," for key, value in head.items()]
    blocks = [_provider_text(name, tree) for name, tree in genai_prices.providers().items()]
    return "\n".join(["{", *lines, '"providers":{', ",\n".join(blocks), "}}", ""])


def _provider_text(name: str, tree: dict[str, Any]) -> str:
    facts = "".join(f"{_json(key)}:{_json(tree[key])}," for key in tree if key != "models")
    models = ",\n".join(f"{_json(model)}:{_json(facts)}" for model, facts in tree["models"].items())
    return f'{_json(name)}:{{{facts}"models":{{\n{models}}}}}'


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))


def refreshed() -> tuple[str, str]:
    """Return the name and the text of a catalogue made from the installed package."""
    return PATTERN.replace("*", str(genai_prices.source()["version"])), catalogue_text()


def main() -> None:
    """Write the catalogue in place of any older one."""
    target = DATA / PATTERN.replace("*", str(genai_prices.source()["version"]))
    for old in DATA.glob(PATTERN):
        old.unlink()
    target.write_text(catalogue_text(), encoding="utf-8")
    sys.stdout.write(f"wrote {target}\n")


if __name__ == "__main__":
    main()
