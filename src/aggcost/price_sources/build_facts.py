"""Builds the shipped facts of models: ``python -m aggcost.price_sources.build_facts WHEEL``.

WHEEL is the pinned wheel of LiteLLM (dependency group `facts`). It is unzipped, never installed or imported: what is
taken is the table inside it. Only facts that hold for every entry which the catalogue reads as one model are taken.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from aggcost.price_sources import catalogue, facts
from aggcost.price_sources.draft import Conversion, Tree
from aggcost.price_sources.tables import SOURCES

SOURCE = "litellm"
TABLE = "litellm/model_prices_and_context_window_backup.json"
NOTE = "Facts of models, taken from the price table of LiteLLM, MIT licence; see licence_text. Built, do not edit."
_WHEEL = re.compile(r"litellm-(?P<version>[0-9.]+)-.*\.whl")
# A fact of a list: context window, maximum output, abilities, day of retirement.
Facts = list[Any]


def facts_text(head: Mapping[str, Any], table: bytes) -> str:
    """Return the facts as JSON text, one model a line, the same for the same table and catalogue."""
    source = {**head, "digest": hashlib.sha256(table).hexdigest()}
    blocks = [f"{_json(name)}:{{\n{_models_text(models)}}}" for name, models in _by_provider(table).items()]
    lines = [f'"note":{_json(NOTE)},', f'"source":{_json(source)},', '"providers":{', ",\n".join(blocks) + "}}"]
    return "\n".join(["{", *lines, ""])


def _models_text(models: Mapping[str, Facts]) -> str:
    return ",\n".join(f"{_json(model)}:{_json(stated)}" for model, stated in models.items())


def head_of(wheel: Path) -> tuple[dict[str, Any], bytes]:
    """Return what the wheel says of itself, and its table."""
    named = _WHEEL.fullmatch(wheel.name)
    if named is None:
        raise ValueError(f"{wheel.name} is no wheel of LiteLLM")
    with zipfile.ZipFile(wheel) as archive:
        (licence,) = [name for name in archive.namelist() if name.endswith("dist-info/licenses/LICENSE")]
        head = {
            "name": "LiteLLM",
            "version": named["version"],
            "url": "https://github.com/BerriAI/litellm",
            "released": date(*archive.getinfo(TABLE).date_time[:3]).isoformat(),
            "licence": "MIT",
            "licence_text": archive.read(licence).decode(),
        }
        return head, archive.read(TABLE)


def _by_provider(table: bytes) -> dict[str, dict[str, Facts]]:
    to = Conversion(TABLE)
    SOURCES[SOURCE].convert(json.loads(table, parse_float=Decimal), to)
    found = {name: _of_models(name, tree["models"]) for name, tree in sorted(to.providers.items())}
    return {name: models for name, models in found.items() if models}


def _of_models(provider: str, models: Tree) -> dict[str, Facts]:
    """Return the facts of the catalogue's models of a provider, by the catalogue's names."""
    known = catalogue.load().provider(provider)
    if known is None:
        return {}
    entries: dict[str, dict[str, Facts]] = {}
    for name, tree in models.items():
        if listing := known.find(name.lower()):
            entries.setdefault(listing.model, {})[name] = _stated(tree)
    agreed = {model: _agreed(model, entries[model]) for model in sorted(entries)}
    return {model: stated for model, stated in agreed.items() if any(fact is not None for fact in stated)}


def _stated(tree: Tree) -> Facts:
    limits = tree.get("limits", {})
    return [limits.get("context"), limits.get("max_output"), tree.get("capabilities"), tree.get("retired")]


def _agreed(model: str, entries: Mapping[str, Facts]) -> Facts:
    """Return the facts of the entry of that very name, else those that all entries share."""
    if model in entries:
        return entries[model]
    return [_same(column) for column in zip(*entries.values(), strict=True)]


def _same(values: Sequence[Any]) -> Any:
    return values[0] if all(value == values[0] for value in values) else None


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))


def main() -> None:
    """Write the facts in place of any older ones."""
    head, table = head_of(Path(sys.argv[1]))
    target = facts.DATA / facts.PATTERN.replace("*", f"{SOURCE}-{head['version']}")
    for old in facts.DATA.glob(facts.PATTERN):
        old.unlink()
    target.write_text(facts_text(head, table), encoding="utf-8")
    sys.stdout.write(f"wrote {target}\n")


if __name__ == "__main__":
    main()
