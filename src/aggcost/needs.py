"""What conditions and the levers of policies make a ledger keep apart, beside what prices and limits look at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from aggcost import sticky
from aggcost.abilities import ABILITIES
from aggcost.capping import cut_at
from aggcost.routes import Split
from aggcost.rules import Atom, Condition

if TYPE_CHECKING:
    from aggcost.ledger import Plan
    from aggcost.policy import Policy

_NO_SESSION = Atom("session_id", "is_missing")


@dataclass(frozen=True, slots=True)
class Needs:
    """The tests of conditions and levers, the bounds of hashes of sessions by rule, and what routes are asked for.

    `context_windows` and `max_outputs` are limits in tokens that policies state, `abilities` what requests may use;
    `lengths` are answers (tokens) from which on a cap cuts. The ratios are those by which prompts and answers may be
    scaled, so that limits lie elsewhere among the tokens of the log.
    """

    atoms: tuple[Atom, ...] = ()
    sticky: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    context_windows: tuple[int, ...] = ()
    max_outputs: tuple[int, ...] = ()
    abilities: tuple[str, ...] = ()
    lengths: tuple[int, ...] = ()
    prompt_ratios: frozenset[Fraction] = frozenset()
    answer_ratios: frozenset[Fraction] = frozenset()

    def added_to(self, plan: Plan) -> Plan:
        """Return the plan with what the levers keep apart."""
        lengths = sorted({*plan.cuts.get("output_tokens", ()), *self.lengths})
        cuts = {**plan.cuts, "output_tokens": tuple(lengths)}
        return replace(plan, sticky=self.sticky, abilities=self.abilities, cuts=cuts)


def needs(policies: Sequence[Policy], conditions: Iterable[Condition] = ()) -> Needs:
    """Return what the policies' levers, and these conditions, need kept apart so that one ledger serves them all."""
    looked_at = (*conditions, *(condition for policy in policies for condition in _looked_at(policy)))
    atoms = tuple(atom for condition in looked_at for atom in condition.atoms)
    found = sticky.together([_sticky(policy) for policy in policies])
    stated = [one for policy in policies for one in policy.stated.values()]
    return Needs(
        atoms=(*atoms, _NO_SESSION) if found else atoms,
        sticky=found,
        context_windows=tuple(one.context_window for one in stated if one.context_window is not None),
        max_outputs=tuple(one.max_output for one in stated if one.max_output is not None),
        abilities=tuple(ABILITIES) if any(policy.require.shown for policy in policies) else (),
        prompt_ratios=frozenset(ratio for policy in policies for ratio in policy.levers.prompt_ratios),
        answer_ratios=frozenset(ratio for policy in policies for ratio in policy.levers.answer_ratios),
        lengths=tuple(sorted({cut_at(cap) for policy in policies for cap in policy.levers.caps})),
    )


def _looked_at(policy: Policy) -> tuple[Condition, ...]:
    return (*policy.levers.conditions, *policy.in_order.conditions)


def _sticky(policy: Policy) -> dict[str, tuple[int, ...]]:
    splits = ((rule.name, rule.target) for rule in policy.rules)
    return {
        name: sticky.bounds(target.percents) for name, target in splits if isinstance(target, Split) and target.sticky
    }
