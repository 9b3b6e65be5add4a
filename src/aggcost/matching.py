"""Which model a logged name means: other spellings of a name, and the clauses of a price table.

Nothing is guessed from a part of a name. A clause such as ``starts_with: gpt-5-nano-`` covers a
name only where what is left over is a version (a date, ``-latest``, ``-001``, ``-v1:0``,
``-preview``), because a name that merely begins alike, ``gpt-4o-mini-new-thing``, is another model
with another price.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from aggcost.names import canonical_provider

CLAUSES: tuple[str, ...] = ("equals", "starts_with", "ends_with", "contains", "regex", "any", "all")

# What may follow a name without making it another model.
_VERSION = re.compile(
    r"(?:[-@](?:\d{4}-\d{2}-\d{2}|\d{2}-\d{4}|\d{2}-\d{2}|\d{8}|\d{6}|\d{4}|\d{3}|latest|default|preview|v\d+)|:\d+)*",
    re.ASCII,
)
_TRAILING_NUMBERS = re.compile(r"[-@\d]*$", re.ASCII)
# What may stand before it: Bedrock's region and vendor (`us.anthropic.`), or a path.
_LEAD = re.compile(r"(?:.*/)?(?:[a-z][a-z-]*\.){0,2}", re.ASCII)
_COMPACT_DATE = re.compile(r"-(20\d{2})(\d{2})(\d{2})(?=-|:|$)", re.ASCII)

# The first segment of a name that only says by which router it went, with the provider it implies.
_ROUTERS: Mapping[str, str | None] = {
    "openrouter": "openrouter", "azure": "azure", "bedrock": "aws", "vertex_ai": "google", "models": None,
}  # fmt: skip
_ARN = re.compile(r"arn:aws[a-z-]*:bedrock:[a-z0-9-]*:\d*:([a-z-]+)/(.+)", re.ASCII)
# What a Bedrock ARN names by its own model id; everything else is an id that somebody was given.
_NAMING_ARNS = frozenset({"foundation-model", "inference-profile"})
# Bedrock's geographic inference profiles charge what the model costs in a region, which is its id without any prefix.
# `global.` has another price, and `us-gov.` another list.
_GEOGRAPHY = re.compile(r"(us|eu|apac|ap|au|jp|ca)\.(?=[a-z-]+\.)", re.ASCII)
_DASHED_DATE = re.compile(r"-(20\d{2})-(\d{2})-(\d{2})(?=-|:|$)", re.ASCII)
_VERTEX_PATH = re.compile(r"(?:projects/[^/]+/locations/[^/]+/)?publishers/[^/]+/models/")
_BEDROCK_NAME = re.compile(r"[a-z-]+\.[a-z]")


@dataclass(frozen=True, slots=True)
class Clause:
    """One test on a lower-case name; `any` and `all` hold further clauses."""

    kind: str
    text: str = ""
    parts: tuple[Clause, ...] = ()

    def covers(self, name: str) -> bool:
        """Return whether the clause means `name`: the whole of it, up to a version."""
        match self.kind:
            case "any":
                return any(part.covers(name) for part in self.parts)
            case "all":
                return all(part.covers(name) for part in self.parts)
            case "equals":
                return name == self.text
            case "regex":
                return _regex_covers(self.text, name)
            case _:
                return any(_leftover_is_version(name, start, self) for start in self._places(name))

    def mentions(self, name: str) -> bool:
        """Return whether the clause holds as it stands, versions or not: used to name the maker of a model."""
        match self.kind:
            case "any":
                return any(part.mentions(name) for part in self.parts)
            case "all":
                return all(part.mentions(name) for part in self.parts)
            case "regex":
                return _compiled(self.text).search(name) is not None
            case "equals":
                return name == self.text
            case _:
                return any(True for _ in self._places(name))

    def equal_names(self) -> Iterator[str]:
        """Yield the names that the clause lists literally."""
        if self.kind == "equals":
            yield self.text
        elif self.kind == "any":
            for part in self.parts:
                yield from part.equal_names()

    def _places(self, name: str) -> Iterator[int]:
        """Yield where the text of a starts_with, ends_with or contains clause begins in `name`."""
        if self.kind == "starts_with":
            yield from (0,) if name.startswith(self.text) else ()
        elif self.kind == "ends_with":
            yield from (len(name) - len(self.text),) if name.endswith(self.text) else ()
        else:
            yield from (found.start() for found in re.finditer(re.escape(self.text), name))


def _leftover_is_version(name: str, start: int, clause: Clause) -> bool:
    end = start + len(clause.text)
    lead_end = start + clause.text.startswith("/")
    return _LEAD.fullmatch(name, 0, lead_end) is not None and _ends_in_version(name, end)


def _ends_in_version(name: str, end: int) -> bool:
    """Return whether only a version follows; it may begin inside the clause (`sonnet-4-2025` + `0514`)."""
    numbers = _TRAILING_NUMBERS.search(name, 0, end)
    first = end if numbers is None else numbers.start()
    begins = [end, *(place for place in range(first, end) if name[place] in "-@")]
    return any(_VERSION.fullmatch(name, place) for place in begins)


def _regex_covers(pattern: str, name: str) -> bool:
    found = _compiled(pattern).search(name)
    if found is None:
        return False
    only_a_condition = found.start() == found.end()  # a lookahead, beside the clause that names the model
    return only_a_condition or (found.start() == 0 and _ends_in_version(name, found.end()))


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


@dataclass(frozen=True, slots=True)
class Form:
    """A spelling of a logged name; `provider` is what the name itself says, `how` for people."""

    name: str
    provider: str | None
    how: str


def name_forms(model: str) -> tuple[Form, ...]:
    """Return the spellings to look up, best first: as logged, then without prefixes, then with other dates."""
    name = model.strip().lower()
    forms = [Form(name, None, "as logged")]
    forms.extend(_without_prefixes(name))
    if _BEDROCK_NAME.match(forms[-1].name) and forms[-1].provider is None:
        forms.append(Form(forms[-1].name, "aws", "Bedrock model id"))
    if forms[-1].provider == "aws" and (geography := _GEOGRAPHY.match(forms[-1].name)):
        regional = forms[-1].name[geography.end() :]
        forms.append(Form(regional, "aws", f"Bedrock in the geography {geography.group(1)}"))
    for form in tuple(forms):
        forms.extend(_other_dates(form))
    return tuple(dict.fromkeys(forms))


def nameless_arn(model: str) -> str | None:
    """Return why a Bedrock ARN says nothing about the model behind it, or None where it does, or is none."""
    arn = _ARN.fullmatch(model.strip().lower())
    if arn is None or arn.group(1) in _NAMING_ARNS:
        return None
    return f"the ARN of an {arn.group(1)} does not name its model: say it in `deployments`"


def _without_prefixes(name: str) -> Iterator[Form]:
    provider: str | None = None
    if arn := _ARN.fullmatch(name):
        kind, name, provider = *arn.groups(), "aws"
        yield Form(name, provider, "end of the ARN")
        if kind not in _NAMING_ARNS:
            return
    if path := _VERTEX_PATH.match(name):
        name, provider = name[path.end() :], "google"
        yield Form(name, provider, f"without {path.group()}")
    first, slash, rest = name.partition("/")
    while slash and first in _ROUTERS:
        name, provider = rest, _ROUTERS[first] or provider
        yield Form(name, provider, f"without the prefix {first}/")
        first, slash, rest = name.partition("/")
    if slash:
        yield Form(rest, canonical_provider(first), f"without the prefix {first}/")
    if name.startswith("ft:"):
        base = ":".join(name.split(":")[:2])
        yield Form(base, provider, "fine-tuned model without its owner")


def _other_dates(form: Form) -> Iterator[Form]:
    dashed = re.sub(r"@(?=\d)", "-", form.name)
    if dashed != form.name:
        yield Form(dashed, form.provider, f"{form.how}, @date as -date".removeprefix("as logged, "))
    spelled = _COMPACT_DATE.sub(_spell_date, dashed)
    if spelled != dashed:
        yield Form(spelled, form.provider, f"{form.how}, date with dashes".removeprefix("as logged, "))
    compact = _DASHED_DATE.sub(r"-\1\2\3", form.name)
    if compact != form.name:
        yield Form(compact, form.provider, f"{form.how}, date without dashes".removeprefix("as logged, "))


def _spell_date(found: re.Match[str]) -> str:
    year, month, day = found.groups()
    try:
        return f"-{date(int(year), int(month), int(day)).isoformat()}"
    except ValueError:
        return found.group()
