"""The words in which layouts say where fields stand: the first of several, a sum, a part, a time, an amount.

Each returns a template over paths. What is no count, amount or time stays text that the strict casts refuse, so that
its row is quarantined.
"""

from __future__ import annotations

from collections.abc import Mapping

from aggcost.engine import quoted
from aggcost.importers.casts import COUNT, END_US, MICROSECONDS, NUMBER
from aggcost.importers.layout import Place, json_path, segments

_WHOLE_US = {"s": 1_000_000, "ms": 1_000}  # whole numbers in these units are quick to read
_GROUPED = r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?"


def at(*paths: str, unit: str | None = None) -> Place:
    """Return the first of these paths that holds something."""
    listed = ", ".join(f"{{{path}}}" for path in paths)
    return Place(listed if len(paths) == 1 else f"coalesce({listed})", unit)


def sql(template: str, unit: str | None = None) -> Place:
    """Return what SQL makes of the paths in its braces."""
    return Place(template, unit)


def total(*stated: str | Place) -> Place:
    """Return the sum of several counts; missing ones are left out, and one that is no count spoils the sum."""
    return Place(_summed(f"[{', '.join(map(_text, stated))}]"))


def summed(path: str, names: str, but: str = "") -> Place:
    """Return the sum of those counts of an object whose names match one regular expression and not another.

    An object without such a name gives nothing, and one that is no count spoils the sum.
    """
    # The object may stand in a string; the lambda gives the list a name, so that it is made once.
    decoded = f"TRY_CAST(json_extract_string(TRY_CAST({{{path}}} AS JSON), '$') AS JSON)"
    other = f" AND NOT regexp_matches(lower(e.key), {quoted(but)})" if but else ""
    wanted = f"lambda e: e.value IS NOT NULL AND regexp_matches(lower(e.key), {quoted(names)}){other}"
    listed = f"list_filter(map_entries(TRY_CAST({decoded} AS MAP(VARCHAR, VARCHAR))), {wanted})"
    bad = f"len(list_filter(l, lambda e: NOT regexp_full_match(e.value, '{COUNT}'))) > 0"
    added = "list_sum(list_transform(l, lambda e: TRY_CAST(split_part(e.value, '.', 1) AS BIGINT)))"
    cases = f"CASE WHEN len(l) = 0 THEN NULL WHEN {bad} THEN 'not a count' ELSE CAST({added} AS VARCHAR) END"
    return Place(f"list_transform([{listed}], lambda l: {cases})[1]")


def counted(elements: Place, name: str, value: str, *members: str, besides: Place | None = None) -> Place:
    """Return the sum of a count over the objects of a list of which a member `name` is `value`.

    The count is the first of `members` that an object has; one that is no count spoils the sum. `besides` is
    a count that is added, and the sum where there is no list.
    """
    tested, *texts = (f"json_extract_string(one, {json_path(segments(path)[1])})" for path in (name, *members))
    text = texts[0] if len(texts) == 1 else f"coalesce({', '.join(texts)})"
    listed = f"json_extract(TRY_CAST({elements.template} AS JSON), '$[*]')"
    alone = "CAST(NULL AS VARCHAR)" if besides is None else besides.template
    found = f"[{text} FOR one IN {listed} IF {tested} = {quoted(value)}]"
    return Place(
        f"CASE WHEN {elements.template} IS NULL THEN {alone} ELSE {_summed(f'list_append({found}, {alone})')} END"
    )


def grouped(path: str) -> Place:
    """Return a number without the commas between its thousands, where they stand as they should."""
    text = f"{{{path}}}"
    return Place(f"CASE WHEN regexp_full_match({text}, '{_GROUPED}') THEN replace({text}, ',', '') ELSE {text} END")


def rest(whole: Place, *parts: Place) -> Place:
    """Return what of a count its parts do not say; parts that say more than the whole make it no count."""
    known = " + ".join(f"coalesce(CAST(TRY_CAST({part.template} AS BIGINT) AS HUGEINT), 0)" for part in parts)
    left = f"CAST(TRY_CAST({whole.template} AS BIGINT) - ({known}) AS VARCHAR)"
    split = f"({known}) > 0 AND regexp_full_match({whole.template}, '{COUNT}')"
    return Place(f"CASE WHEN {split} THEN {left} ELSE {whole.template} END")


def inclusive(whole: Place, *parts: Place) -> Place:
    """Return a total that a log states with or without its parts: parts that are more than it cannot be in it.

    Where one of them is no count the total stays as it stands.
    """
    listed = [whole, *parts]
    numbers = [f"coalesce(CAST(split_part({one.template}, '.', 1) AS BIGINT), 0)" for one in listed]
    good = " AND ".join(f"coalesce(regexp_full_match({one.template}, '{COUNT}'), true)" for one in listed)
    inside = " + ".join(numbers[1:])
    return Place(
        f"CASE WHEN NOT ({good}) OR {whole.template} IS NULL THEN {whole.template} "
        f"WHEN {inside} > {numbers[0]} THEN CAST({inside} + {numbers[0]} AS VARCHAR) ELSE {whole.template} END"
    )


def dollars(*parts: Place) -> Place:
    """Return the sum of several amounts of dollars; missing ones are left out, and one that is none spoils the sum."""
    texts = [f"NULLIF({part.template}, '')" for part in parts]
    bad = " OR ".join(f"NOT regexp_full_match({text}, '{NUMBER}')" for text in texts)
    summed = " + ".join(f"coalesce(TRY_CAST({text} AS DECIMAL(28, 12)), 0)" for text in texts)
    return Place(
        f"CASE WHEN coalesce({', '.join(texts)}) IS NULL THEN NULL WHEN {bad} THEN 'not an amount' "
        f"ELSE CAST({summed} AS VARCHAR) END"
    )


def size(*paths: str) -> str:
    """Return the template of a sum of counts to `keep` the larger of; what is no count of an int is 0."""
    return " + ".join(f"CAST(coalesce(TRY_CAST({{{path}}} AS INTEGER), 0) AS BIGINT)" for path in paths)


def folder(template: str) -> Place:
    """Return the last part of a path in a file system."""
    return Place(f"nullif(regexp_extract({template}, '([^/\\\\]+)[/\\\\]*$', 1), '')")


def cents(path: str) -> Place:
    """Return an amount of dollars that a log states in cents."""
    return _scaled(path, "DECIMAL(28, 12)", "0.01")


def billionths(path: str) -> Place:
    """Return an amount of dollars that a log states in billionths of a dollar."""
    return _scaled(path, "DECIMAL(28, 3)", "0.000000001")


def moment(path: str, unit: str = "s") -> Place:
    """Return a time that a log states as ISO 8601 text or as a number in this unit since 1970.

    A number so large that it is of another unit stays what it is, and is no time.
    """
    text = f"{{{path}}}"
    micros = f"TRY_CAST({text} AS DECIMAL(28, 9)) * {MICROSECONDS[unit]}"
    is_number = f"regexp_full_match({text}, '[0-9]{{1,18}}([.][0-9]*)?') AND {micros} < {END_US}"
    cases = f"WHEN {is_number} THEN {_iso(f'CAST(floor({micros}) AS BIGINT)')}"
    if unit in _WHOLE_US:
        whole = f"TRY_CAST({text} AS BIGINT)"
        is_whole = f"{whole} BETWEEN 0 AND {END_US // _WHOLE_US[unit] - 1} AND CAST({whole} AS VARCHAR) = {text}"
        cases = f"WHEN {is_whole} THEN {_iso(f'{whole} * {_WHOLE_US[unit]}')} {cases}"
    return Place(f"CASE {cases} ELSE {text} END")


def _iso(micros: str) -> str:
    return f"replace(CAST(make_timestamp({micros}) AS VARCHAR), ' ', 'T') || 'Z'"


def between(start: str, end: str) -> Place:
    """Return the milliseconds from one ISO 8601 time to another."""
    times = [f"epoch_us(TRY_CAST({{{path}}} AS TIMESTAMP))" for path in (end, start)]
    return Place(f"CAST(CAST({times[0]} - {times[1]} AS DECIMAL(28, 3)) / 1000 AS VARCHAR)")


def in_milliseconds(path: str) -> Place:
    """Return milliseconds of a duration that a log states in seconds, for templates: `at` takes a unit."""
    text = f"{{{path}}}"
    exact = f"CAST(TRY_CAST({text} AS DECIMAL(28, 9)) * 1000 AS VARCHAR)"
    return Place(f"CASE WHEN regexp_full_match({text}, '{NUMBER}') THEN {exact} ELSE {text} END")


def renamed(stated: str | Place, names: Mapping[str, str]) -> Place:
    """Return a text, where it is one of these words (whatever its case) by its usual name."""
    text = _text(stated)
    cases = " ".join(f"WHEN {quoted(word)} THEN {quoted(name)}" for word, name in names.items())
    return Place(f"CASE lower({text}) {cases} ELSE {text} END")


def _text(stated: str | Place) -> str:
    """Return the template of a place, or of the place at a path."""
    return stated.template if isinstance(stated, Place) else f"{{{stated}}}"


def _summed(texts: str) -> str:
    """Return SQL of the sum of a list of counts. The list is bound to a name: every copy of it would be planned."""
    bad = f"len([one FOR one IN found IF NOT regexp_full_match(one, '{COUNT}')]) > 0"
    total = "CAST(list_sum([CAST(split_part(one, '.', 1) AS BIGINT) FOR one IN found]) AS VARCHAR)"
    return f"[CASE WHEN {bad} THEN 'not a count' ELSE {total} END FOR found IN [{texts}]][1]"


def _scaled(path: str, sql_type: str, factor: str) -> Place:
    text = f"{{{path}}}"
    exact = f"CAST(TRY_CAST({text} AS {sql_type}) * {factor} AS VARCHAR)"
    checked = f"CASE WHEN regexp_full_match({text}, '{NUMBER}') THEN {exact} END"
    return Place(f"CASE WHEN {text} IS NOT NULL THEN coalesce({checked}, 'not an amount') END")
