"""The generic importer: any table whose headers name the fields of the contract, or a usual synonym."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aggcost.errors import InputError
from aggcost.importers.casts import Cell
from aggcost.importers.fields import SYNONYMS, Source, by_header, listed
from aggcost.importers.layout import Layout
from aggcost.importers.sampling import Sample

NAME = "generic"
TITLE = "CSV, TSV, JSONL or Parquet with fields by name"
SEMANTICS = "input_tokens contains cached tokens (unless --input-excludes-cache); output_tokens contains reasoning"
CAPABILITIES: Mapping[str, str] = {
    "time": "where a column has it", "latency": "where a column has it", "cache split": "where columns have it",
    "session": "where a column has it", "cost": "where a column has it", "grain": "request, or where a column has it",
    "prompt": "hashed",
}  # fmt: skip


RULE = "names of fields"
LAYOUT: Layout | None = None  # what people call the fields decides


def detect(sample: Sample) -> str | None:
    """Return the rule by which a file is of this format; the generic one takes what is left."""
    return RULE if sample.shape else None


def fields(
    names: Sequence[str], cells: Mapping[str, Cell], mapping: Mapping[str, str], shown: str
) -> dict[str, Source]:
    """Return where each field comes from; InputError where no column says anything that is billed."""
    found = by_header(names, cells, mapping, shown)
    if not found.keys() & {"input_tokens", "output_tokens", "requests", "model", "cost_usd"}:
        raise InputError(
            f"{shown}: no column that this program knows among {listed(names)}",
            hint="name them: --map input_tokens=COLUMN --map output_tokens=COLUMN --map model=COLUMN (fields: "
            + ", ".join(SYNONYMS)
            + ")",
        )
    return found
