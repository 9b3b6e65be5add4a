"""The condition language of policies, discounts, components, budgets and task rules, in one place.

`parse` gives a typed `Condition`. Three evaluators read it: `matches` for one request (the reference),
`combine` for the cells of a ledger, and `to_ibis` for the engine. docs/policies.md describes the language.
"""

from aggcost.rules_atoms import FIELDS, WEEKDAYS, Atom, FieldType, atom_cuts, atom_truth
from aggcost.rules_columns import atom_to_ibis, field_column, to_ibis
from aggcost.rules_parser import parse
from aggcost.rules_tree import And, Condition, Constant, Node, Not, Or, Test, combine, cuts, matches

__all__ = [
    "FIELDS",
    "WEEKDAYS",
    "And",
    "Atom",
    "Condition",
    "Constant",
    "FieldType",
    "Node",
    "Not",
    "Or",
    "Test",
    "atom_cuts",
    "atom_to_ibis",
    "atom_truth",
    "combine",
    "cuts",
    "field_column",
    "matches",
    "parse",
    "to_ibis",
]
