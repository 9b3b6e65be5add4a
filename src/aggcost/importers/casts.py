"""Strict casts: text to quantities, money, times and states, as SQL of the embedded engine.

DuckDB's own CAST is too kind for an auditor (`12.7` becomes 13, `0x10` becomes 16). Each function
returns an SQL expression that is NULL for an empty cell and for text outside its grammar; a cell
that holds text but has no value is a bad cell, and its row is quarantined.
"""

from __future__ import annotations

from dataclasses import dataclass

from aggcost.engine import quoted
from aggcost.errors import UsageError
from aggcost.usage import MAX_TOKENS_A_ROW

NUMBER = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,2})?"
COUNT = r"[0-9]{1,15}(\.0+)?"
_UNSIGNED = r"([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,2})?"
_DATE_TIME = r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}([T ]([01][0-9]|2[0-4]):[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?)?"
_OFFSET = r".* ?[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?"
_ZONED = _DATE_TIME + r" ?(Z|UTC|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)"
LAST_YEAR = 2999  # of times that numbers or typed columns state: later ones are of another unit, or made up
END_US = 32_503_680_000_000_000  # 3000-01-01
_LONGEST_PLAIN_UTC = len("2026-02-01T12:00:00.123456789Z")
MAX_MILLISECONDS = 10**12  # 31 years
MICROSECONDS = {"s": "1000000", "ms": "1000", "us": "1", "ns": "0.001"}
MILLISECONDS = {"s": "1000", "ms": "1", "us": "0.001"}
_NANOSECONDS = {"s": 10**9, "ms": 10**6, "us": 10**3}

STATES = ("ok", "error", "cancelled", "rejected")
OK = ("ok", "success", "succeeded", "successful", "completed", "complete", "done", "true")
ERROR = ("error", "failure", "failed", "fail", "errored", "false")
CANCELLED = ("cancelled", "canceled", "aborted")
REJECTED = ("rejected", "refused", "blocked")
GRAINS = ("request", "bucket")
_PLAIN_NUMBER, _JSON_ID = "(0|[1-9][0-9]{0,17})", r'(-?[0-9]{1,19}|"([^"\\]|\\.)*")'
_JSON_NUMBERS = rf"\[({_PLAIN_NUMBER}(, ?{_PLAIN_NUMBER})*)?\]"
_JSON_IDS = rf"\[\s*({_JSON_ID}(\s*,\s*{_JSON_ID})*)?\s*\]"
NAMED_CODES = {"timeout": 408, "timed_out": 408, "rate_limited": 429, "rate_limit": 429, "rate_limit_exceeded": 429}


@dataclass(frozen=True, slots=True)
class Cell:
    """A column of a log as SQL: always text, or of a type the file states (`int`, `time`).

    `plain` says that each of its values is its own reading, as a pass over the file finds. `listed` is the column
    itself where it is a list of numbers of up to 64 bits.
    """

    sql: str
    kind: str = "text"
    plain: bool = False
    listed: str = ""

    @property
    def text(self) -> str:
        """The cell as text without spaces around it, NULL where it is empty.

        TRIM reads every character, and few cells need it.
        """
        as_text = f"CAST({self.sql} AS VARCHAR)"
        if self.kind != "text" or self.plain:
            return as_text
        return f"CASE WHEN {_unlike_trimmed(as_text)} THEN NULLIF(TRIM({as_text}), '') ELSE {as_text} END"

    @property
    def is_there(self) -> str:
        """Whether the cell holds anything."""
        return f"{self.listed or self.text} IS NOT NULL"


def _unlike_trimmed(text: str) -> str:
    """Return whether text may be empty or have spaces around it: before '!' come the empty text and the space."""
    return f"{text} < '!' OR suffix({text}, ' ')"


def odd_text(cell: Cell) -> str:
    """Return whether a cell of text is not the text that it is read as."""
    text = f"CAST({cell.sql} AS VARCHAR)"
    return f"({_unlike_trimmed(text)})"


def odd_number(cell: Cell) -> str:
    """Return whether a typed number is not the count or the milliseconds that it is read as."""
    return f"{cell.sql} NOT BETWEEN 0 AND {min(MAX_TOKENS_A_ROW, MAX_MILLISECONDS)}"


def odd_status(cell: Cell) -> str:
    """Return whether a cell of text is not the status that it is read as."""
    return f"CAST({cell.sql} AS VARCHAR) NOT IN ({_listed(STATES)})"


def count(cell: Cell) -> str:
    """Return a token or request count: 0 to 10^12, digits only; ``5.0`` is 5, ``5.5`` and ``1e3`` are nothing."""
    if cell.kind == "int" and cell.plain:
        return f"TRY_CAST({cell.sql} AS BIGINT)"
    if cell.kind == "int":
        return f"CASE WHEN {cell.sql} BETWEEN 0 AND {MAX_TOKENS_A_ROW} THEN CAST({cell.sql} AS BIGINT) END"
    quick, whole = f"TRY_CAST({cell.sql} AS BIGINT)", f"TRY_CAST(split_part({cell.text}, '.', 1) AS BIGINT)"
    slow = f"CASE WHEN regexp_full_match({cell.text}, '{COUNT}') AND {whole} <= {MAX_TOKENS_A_ROW} THEN {whole} END"
    in_range = f"CASE WHEN {quick} BETWEEN 0 AND {MAX_TOKENS_A_ROW} THEN {quick} END"
    return f"CASE WHEN CAST({quick} AS VARCHAR) = {cell.sql} THEN {in_range} ELSE {slow} END"


def money(cell: Cell) -> str:
    """Return an amount as a decimal with 12 places: a plain number, no symbol, no thousands separator."""
    return f"CASE WHEN regexp_full_match({cell.text}, '{NUMBER}') THEN TRY_CAST({cell.text} AS DECIMAL(38, 12)) END"


def milliseconds(cell: Cell, unit: str | None) -> str:
    """Return a duration in whole milliseconds, rounded half-even; the unit is ms unless stated."""
    if cell.kind == "int" and unit in (None, "ms") and cell.plain:
        return f"TRY_CAST({cell.sql} AS BIGINT)"
    if cell.kind == "int" and unit in (None, "ms"):
        return f"CASE WHEN {cell.sql} BETWEEN 0 AND {MAX_MILLISECONDS} THEN CAST({cell.sql} AS BIGINT) END"
    factor = MILLISECONDS.get(unit or "ms")
    if factor is None:
        raise UsageError(f"unknown unit {unit!r} of a duration: s, ms or us")
    exact = f"CAST(TRY_CAST({cell.text} AS DECIMAL(28, 9)) * {factor} AS DECIMAL(38, 12))"
    slow = (
        f"CASE WHEN regexp_full_match({cell.text}, '{_UNSIGNED}') AND {exact} <= {MAX_MILLISECONDS} "
        f"THEN CAST(round_even({exact}, 0) AS BIGINT) END"
    )
    if unit not in (None, "ms"):
        return slow
    quick = f"TRY_CAST({cell.sql} AS BIGINT)"
    in_range = f"{quick} BETWEEN 0 AND {MAX_MILLISECONDS}"
    return f"CASE WHEN CAST({quick} AS VARCHAR) = {cell.sql} AND {in_range} THEN {quick} ELSE {slow} END"


def nanoseconds(cell: Cell, unit: str | None, ms: str) -> str | None:
    """Return a duration that is no whole millisecond in nanoseconds, rounded half-even, else NULL.

    `ms` is the same duration as `milliseconds` reads it. None where no cell can state a fraction.
    """
    if cell.kind == "int" and unit in (None, "ms", "s"):
        return None
    exact = f"TRY_CAST({cell.text} AS DECIMAL(28, 9)) * {_NANOSECONDS[unit or 'ms']}"
    ns = f"CAST(round_even(CAST({exact} AS DECIMAL(38, 9)), 0) AS BIGINT)"
    stated = f"contains({cell.text}, '.')" if unit != "us" else "true"
    return f"CASE WHEN {stated} AND {ms} IS NOT NULL AND {ns} % 1000000 <> 0 THEN {ns} END"


def epoch(cell: Cell, unit: str) -> str:
    """Return a time from seconds, ms, us or ns since 1970 (or since the log began, for small numbers)."""
    factor = MICROSECONDS.get(unit)
    if factor is None:
        raise UsageError(f"unknown unit {unit!r} of a time: s, ms, us or ns")
    micros = f"TRY_CAST({cell.text} AS DECIMAL(28, 9)) * {factor}"
    return (
        f"CASE WHEN regexp_full_match({cell.text}, '{_UNSIGNED}') AND {micros} < {END_US} "
        f"THEN make_timestamp(CAST(floor({micros}) AS BIGINT)) END"
    )


def timestamp(cell: Cell, zone: str | None) -> str:
    """Return a time in UTC from ISO 8601 text; text without a zone is read in `zone`, nothing without one."""
    if cell.kind in ("time", "zoned"):
        typed = _local(_typed(cell), zone) if cell.kind == "time" else _typed(cell)
        return typed if cell.plain else _plausible(typed)
    text = cell.text
    plain = f"TRY_CAST({text} AS TIMESTAMP)"
    zoned = f"CASE WHEN regexp_full_match({text}, '{_OFFSET}') THEN {offset_time(text)} ELSE {plain} END"
    naive = f"CASE WHEN regexp_full_match({text}, '{_DATE_TIME}') THEN {_local(plain, zone)} END"
    slow = f"CASE WHEN regexp_full_match({text}, '{_ZONED}') THEN {zoned} ELSE {naive} END"
    quick = f"TRY_CAST({cell.sql} AS TIMESTAMP)"
    return f"CASE WHEN {_is_plain_utc(cell.sql)} THEN {quick} ELSE {slow} END"


def _is_plain_utc(text: str) -> str:
    """Return whether text has the shape of 2026-02-01T12:00:00.123Z: a third of the cost of a regular expression."""
    return (
        f"{text} LIKE '____-__-__T__:__:__%Z' AND strlen({text}) <= {_LONGEST_PLAIN_UTC} AND {text} BETWEEN '1' AND '3'"
    )


def offset_time(text: str) -> str:
    """Return the UTC time of text that ends in an offset such as +05:30."""
    return f"CAST(TRY_CAST({text} AS TIMESTAMPTZ) AS TIMESTAMP)"


def odd_time(cell: Cell) -> str:
    """Return whether a typed time is none that a log could have, or so near to the end that a zone decides."""
    return f"year({_typed(cell)}) NOT BETWEEN 2 AND {LAST_YEAR - 1}"


def _typed(cell: Cell) -> str:
    if cell.kind == "time":
        return f"CAST({cell.sql} AS TIMESTAMP)"
    return f"CAST(CAST({cell.sql} AS TIMESTAMPTZ) AS TIMESTAMP)"


def _plausible(time: str) -> str:
    return f"CASE WHEN year({time}) BETWEEN 1 AND {LAST_YEAR} THEN {time} END"


def _local(time: str, zone: str | None) -> str:
    if zone is None:
        return "CAST(NULL AS TIMESTAMP)"
    if zone == "UTC":
        return time
    utc = f"CAST(({time} AT TIME ZONE {quoted(zone)}) AS TIMESTAMP)"
    shown = f"CAST({utc} AS TIMESTAMPTZ) AT TIME ZONE {quoted(zone)}"
    return f"CASE WHEN ({shown}) = {time} THEN {utc} END"  # no clock showed an hour that summer time skips


def is_naive(cell: Cell) -> str:
    """Return whether a cell holds a well-formed time without a zone."""
    if cell.kind in ("time", "zoned"):
        return "true" if cell.kind == "time" else "false"
    return f"coalesce(regexp_full_match({cell.text}, '{_DATE_TIME}'), false)"


def status(cell: Cell) -> str:
    """Return ok, error, cancelled or rejected, from a word or an HTTP status code."""
    if cell.plain:
        return cell.text
    word = f"lower({cell.text})"
    return (
        f"CASE WHEN {_raw(cell)} IN ('ok', 'success', '200') THEN 'ok' "  # nearly every row, and quick to tell
        f"WHEN {word} IN ({_listed(OK)}) THEN 'ok' WHEN {word} IN ({_listed((*ERROR, *NAMED_CODES))}) THEN 'error' "
        f"WHEN {word} IN ({_listed(CANCELLED)}) THEN 'cancelled' WHEN {word} IN ({_listed(REJECTED)}) THEN 'rejected' "
        f"WHEN regexp_full_match({word}, '[23][0-9][0-9]') THEN 'ok' "
        f"WHEN regexp_full_match({word}, '[45][0-9][0-9]') THEN 'error' END"
    )


def grain(cell: Cell) -> str:
    """Return whether a row is one request or a bucket that sums several."""
    word = f"lower({cell.text})"
    return f"CASE WHEN {word} IN ({_listed(GRAINS)}) THEN {word} END"


def http_status(cell: Cell) -> str:
    """Return the HTTP status code that a state holds or names."""
    if cell.plain:
        return "CAST(NULL AS BIGINT)"
    word = f"lower({cell.text})"
    named = " ".join(f"WHEN {word} = {quoted(name)} THEN {code}" for name, code in NAMED_CODES.items())
    return (
        f"CASE WHEN {_raw(cell)} IN ('ok', 'success', 'error') THEN NULL "
        f"WHEN regexp_full_match({word}, '[1-5][0-9][0-9]') THEN TRY_CAST({word} AS BIGINT) {named} END"
    )


def _raw(cell: Cell) -> str:
    return f"CAST({cell.sql} AS VARCHAR)"


def yes(cell: Cell) -> str:
    """Return true or false."""
    word = f"lower({cell.text})"
    return f"CASE WHEN {word} IN ('true', '1', 'yes') THEN true WHEN {word} IN ('false', '0', 'no') THEN false END"


def block_ids(cell: Cell) -> str:
    """Return a list of ids as integers: a JSON list of whole numbers and texts; nothing for any other.

    A number in digits is itself; another text is the first 63 bits of its MD5, which every engine has.
    """
    if cell.listed:  # many times as quick, and as small, as its text
        return f"CASE WHEN list_count({cell.listed}) = len({cell.listed}) THEN CAST({cell.listed} AS BIGINT[]) END"
    text = cell.text
    number = "TRY_CAST(e AS BIGINT)"
    whole = f"CASE WHEN CAST({number} AS VARCHAR) = e THEN {number} ELSE CAST(md5_number_upper(e) >> 1 AS BIGINT) END"
    listed = f"list_transform(json_extract_string({text}, '$[*]'), lambda e: {whole})"
    return (
        f"CASE WHEN regexp_full_match({text}, '{_JSON_NUMBERS}') THEN TRY_CAST({text} AS BIGINT[]) "  # half the memory
        f"WHEN regexp_full_match({text}, '{_JSON_IDS}') AND json_valid({text}) THEN {listed} END"
    )


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(quoted(word) for word in words)
