"""What a policy names as evidence of the quality of its models: a file of outcomes, and the quality that is wanted."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from aggcost.strict_yaml import Node

_FLOOR_PERCENT = Decimal(95)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A file of outcomes, and the floor: the share of the best model's quality that would do, in percent."""

    path: Path
    floor_percent: Decimal = _FLOOR_PERCENT


def read_evidence(node: Node | None, folder: Path) -> Evidence | None:
    """Return what stands at ``outcomes:``, a file relative to `folder`, alone or with a floor."""
    if node is None:
        return None
    fields = node.fields(required=("file",), optional=("floor_percent",)) if node.is_mapping else {"file": node}
    path = folder / fields["file"].text()
    if not path.is_file():
        raise fields["file"].error(f"there is no file of outcomes {path}")
    floor = node.given("floor_percent") if node.is_mapping else None
    return Evidence(path, _FLOOR_PERCENT if floor is None else floor.decimal(minimum=0, maximum=100))
