"""From the text of a condition to its typed tree; nothing is ever evaluated by Python.

The grammar is what Python and SQL have in common, so `ast.parse` reads it and a whitelist of node
kinds decides what may stand where.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass

from aggcost.errors import RuleError, did_you_mean
from aggcost.names import canonical_provider
from aggcost.rules_atoms import FIELDS, TAG, WEEKDAYS, Atom, Comparison, FieldType, lower
from aggcost.rules_text import RuleText
from aggcost.rules_tree import And, Condition, Constant, Node, Not, Or, Test
from aggcost.usage import STATUSES

MAX_DEPTH = 50  # of `and`, `or` and `not` inside each other

_COMPARISONS: dict[type[ast.cmpop], Comparison] = {
    ast.Eq: "==", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.In: "in",
}  # fmt: skip
_NEGATED: dict[type[ast.cmpop], type[ast.cmpop]] = {ast.NotEq: ast.Eq, ast.NotIn: ast.In}
_TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = {ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE}
_TESTS: dict[str, Comparison] = {
    "starts_with": "starts_with", "ends_with": "ends_with", "contains": "contains", "is_missing": "is_missing",
}  # fmt: skip
_BOOLEANS = {"true": True, "false": False}
_CLOSED = {"weekday": WEEKDAYS, "status": STATUSES}  # fields whose values are known
_WHOLE = re.compile(r"([0-9]+(?:_[0-9]+)*)(?:\.0+)?", re.ASCII)
_MAX_DIGITS = 15
_EXAMPLE = "a test looks like: task == 'intent'"

_KEYWORDS = ("and", "or", "not", "in")


@dataclass(frozen=True, slots=True)
class _Subject:
    """What a test looks at."""

    field: str
    type: FieldType
    lowered: bool = False


def parse(text: str, *, where: str, extra: Mapping[str, FieldType] | None = None) -> Condition:
    """Return the typed condition; RuleError with a caret line and the nearest name.

    `where` (``file:line``) opens the error message; `extra` names fields that only some conditions know.
    """
    return Condition(text, _Parser(RuleText(text, where), {**FIELDS, **(extra or {})}).tree())


class _Parser:
    def __init__(self, text: RuleText, fields: Mapping[str, FieldType]) -> None:
        self._text = text
        self._fields = fields

    def tree(self) -> Node:
        self._text.check()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                body = ast.parse(self._text.line, mode="eval").body
        except SyntaxError as problem:
            raise self._unreadable(max((problem.offset or 1) - 1, 0)) from None
        except (ValueError, RecursionError, MemoryError):
            raise self._text.error(0, "this is not a condition", _EXAMPLE) from None
        return self._boolean(body, 0)

    # -- conditions -----------------------------------------------------------------------------

    def _boolean(self, node: ast.expr, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise self._refused(node, f"nested more than {MAX_DEPTH} levels deep")
        match node:
            case ast.BoolOp(op=op, values=values):
                parts = tuple(self._boolean(value, depth + 1) for value in values)
                return And(parts) if isinstance(op, ast.And) else Or(parts)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return Not(self._boolean(operand, depth + 1))
            case ast.Compare(left=left, ops=ops, comparators=rest):
                pairs = zip([left, *rest[:-1]], ops, rest, strict=True)
                tests = tuple(self._compare(one, op, other) for one, op, other in pairs)
                return tests[0] if len(tests) == 1 else And(tests)
            case ast.Call(func=ast.Name(id=name)) if name in _TESTS:
                return self._function(node, _TESTS[name])
            case ast.Constant(value=bool() as value):
                return Constant(value)
            case ast.Name(id="true" | "false" as name):
                return Constant(_BOOLEANS[name])
        raise self._not_boolean(node)

    def _not_boolean(self, node: ast.expr) -> RuleError:
        if isinstance(node, ast.Name | ast.Attribute | ast.Call):
            subject = self._subject(node)
            example = "'intent'" if subject.type == "text" else "1000"
            return self._refused(node, f"{subject.field} is not compared with anything", f"add == {example}")
        return self._refused(node, "this is not a test", _EXAMPLE)

    def _compare(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Node:
        kind = type(op)
        if kind in _NEGATED:
            return Not(self._compare(left, _NEGATED[kind](), right))
        if kind not in _COMPARISONS:
            raise self._refused(left, "`is` does not compare", "write ==, or is_missing(...)")
        if isinstance(left, ast.Constant) and kind is not ast.In:
            left, right, kind = right, left, _TURNED.get(kind, kind)
        subject = self._subject(left)
        if kind is ast.In:
            return Test(self._member(subject, right))
        if subject.type == "text" and kind is not ast.Eq:
            hint = "text is compared with ==, !=, in, starts_with, ends_with and contains"
            raise self._refused(left, f"{subject.field} is text, and text has no order here", hint)
        return Test(Atom(subject.field, _COMPARISONS[kind], (self._literal(right, subject),), subject.lowered))

    def _member(self, subject: _Subject, node: ast.expr) -> Atom:
        if not isinstance(node, ast.List | ast.Tuple) or not node.elts:
            raise self._refused(node, "`in` needs a list of values", "write them as ['a', 'b']")
        values = sorted({self._literal(element, subject) for element in node.elts})
        test: Comparison = "==" if len(values) == 1 else "in"
        return Atom(subject.field, test, tuple(values), subject.lowered)

    def _function(self, node: ast.Call, test: Comparison) -> Node:
        expected = 1 if test == "is_missing" else 2
        if len(node.args) != expected or node.keywords:
            raise self._refused(node, f"{test} takes {expected} value(s)", f"write {_EXAMPLES[test]}")
        subject = self._subject(node.args[0])
        if test == "is_missing":
            return Test(Atom(subject.field, "is_missing"))
        if subject.type == "number":
            raise self._refused(node.args[0], f"{subject.field} is a number, and {test} looks at text")
        value = str(self._literal(node.args[1], subject, whole=False))
        return Test(Atom(subject.field, test, (value,), subject.lowered))

    # -- fields and values ----------------------------------------------------------------------

    def _subject(self, node: ast.expr) -> _Subject:
        match node:
            case ast.Name(id=name) if name in self._fields:
                return _Subject(name, self._fields[name])
            case ast.Attribute(value=ast.Name(id="tags"), attr=name):
                return _Subject(TAG + name, "text")
            case ast.Call(func=ast.Name(id="hour" | "weekday" as name), args=[], keywords=[]):
                return _Subject(name, self._fields[name])
            case ast.Call(func=ast.Name(id="lower"), args=[argument], keywords=[]):
                inner = self._subject(argument)
                if inner.type == "number" or inner.lowered:
                    raise self._refused(argument, "lower looks at a text field")
                return _Subject(inner.field, "text", lowered=True)
        raise self._no_subject(node)

    def _no_subject(self, node: ast.expr) -> RuleError:
        match node:
            case ast.Name(id="tags"):
                return self._refused(node, "tags is not one value", "name the tag: tags.feature")
            case ast.Name(id=name):
                hint = did_you_mean(name, (*self._fields, *_EXAMPLES))
                return self._refused(node, f"unknown field {name!r}", hint or f"fields: {', '.join(self._fields)}")
            case ast.Call(func=ast.Name(id=name)):
                return self._no_function(node, name)
            case ast.BinOp() | ast.UnaryOp():
                return self._refused(node, "a condition does not calculate", "compare a field with a number")
        return self._refused(node, "a field must stand here", _EXAMPLE)

    def _no_function(self, node: ast.Call, name: str) -> RuleError:
        if name in _EXAMPLES:
            return self._refused(node, f"{name} cannot be used like this", f"write {_EXAMPLES[name]}")
        hint = did_you_mean(name, _EXAMPLES)
        return self._refused(node, f"unknown function {name!r}", hint or f"functions: {', '.join(_EXAMPLES)}")

    def _literal(self, node: ast.expr, subject: _Subject, *, whole: bool = True) -> str | int:
        """Return the value with which the field is compared; `whole` says that all of it must be equal."""
        written = ast.get_source_segment(self._text.line, node) or ""
        if not isinstance(node, ast.Constant) or isinstance(node.value, bool) or node.value is None:
            raise self._no_literal(node, subject)
        if subject.type == "number":
            return self._number(node, written, subject)
        if isinstance(node.value, int | float | complex):
            raise self._refused(node, f"{subject.field} is text, and {written} is a number", f"write '{written}'")
        if not isinstance(node.value, str) or written[1:-1] != node.value:  # b'..', r'..', '''..''', 'a' 'b'
            raise self._refused(node, "a text is one pair of quotes with nothing before it", "write 'text'")
        return self._word(node, node.value, subject, whole=whole)

    def _no_literal(self, node: ast.expr, subject: _Subject) -> RuleError:
        if isinstance(node, ast.Constant) and node.value is None:
            return self._refused(node, "nothing equals None", f"write is_missing({subject.field})")
        if isinstance(node, ast.Name) and node.id not in self._fields and subject.type == "text":
            return self._refused(node, f"{node.id} is neither a field nor text", f"write '{node.id}'")
        expected = "a whole number" if subject.type == "number" else "text in quotes"
        hint = "a field cannot be compared with another"
        return self._refused(node, f"{subject.field} is compared with {expected}", hint)

    def _number(self, node: ast.expr, written: str, subject: _Subject) -> int:
        found = _WHOLE.fullmatch(written)
        if found is None or len(found[1].replace("_", "")) > _MAX_DIGITS:
            wrong = "text" if written[:1] in "'\"" else "not a whole number"
            hint = f"write digits only, at most {_MAX_DIGITS}"
            raise self._refused(node, f"{subject.field} is a number, and {written} is {wrong}", hint)
        return int(found[1])

    def _word(self, node: ast.expr, value: str, subject: _Subject, *, whole: bool) -> str:
        if subject.field == "provider" and whole:
            value = canonical_provider(value)
        if subject.lowered and lower(value) != value:
            raise self._refused(node, "lower(...) never holds capitals", f"write '{lower(value)}'")
        known = _CLOSED.get(subject.field)
        if known is not None and whole and value not in known:
            hint = did_you_mean(value, known) or f"expected {', '.join(known)}"
            raise self._refused(node, f"{subject.field} is never {value!r}", hint)
        return value

    # -- errors ---------------------------------------------------------------------------------

    def _unreadable(self, position: int) -> RuleError:
        found = re.match(r"\w+", self._text.after(position))
        word = found[0] if found else ""
        if word.lower() in _KEYWORDS and word.lower() != word:
            return self._text.error(position, f"{word} is not known", f"write `{word.lower()}` in small letters")
        return self._text.error(position, "this is not a condition", _EXAMPLE)

    def _refused(self, node: ast.expr, message: str, hint: str | None = None) -> RuleError:
        before = self._text.line.encode()[: node.col_offset].decode()  # `ast` counts bytes
        return self._text.error(len(before), message, hint)


_EXAMPLES = {
    "lower": "lower(task) == 'intent'", "hour": "hour() >= 9", "weekday": "weekday() == 'mon'",
    "is_missing": "is_missing(task)", "starts_with": "starts_with(model, 'gpt')",
    "ends_with": "ends_with(model, '-mini')", "contains": "contains(model, 'mini')",
}  # fmt: skip
