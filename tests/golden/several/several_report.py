"""Three policies beside the article's: dearer, the same, and one that cannot be priced."""

from __future__ import annotations

import runpy
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

ARTICLE = runpy.run_path(str(Path(__file__).parents[1] / "article" / "article_report.py"))
ONE = ARTICLE["REPORT"]
COMPARISON = ONE.comparisons[0]


def total(before, after, percent):
    saved = None if after is None else Decimal(before) - Decimal(after)
    return replace(
        COMPARISON.total,
        before=Decimal(before),
        after=None if after is None else Decimal(after),
        savings=saved,
        savings_percent=None if percent is None else Decimal(percent),
    )


DEARER = replace(
    COMPARISON,
    candidate="premium-everywhere",
    total=total(10000, "12345.675", "-23.45675"),
    roi=replace(COMPARISON.roi, payback_months=None, payback_reason="never"),
)
SAME = replace(COMPARISON, candidate="as-logged", total=total(10000, 10000, 0), moved_requests=0, roi=None)
UNKNOWN = replace(COMPARISON, candidate="house-models", total=total(10000, None, None), roi=None)

REPORT = replace(
    ONE,
    arms=(ONE.arms[0], *(replace(ONE.arms[1], name=name) for name in ("premium", "same", "house", "article"))),
    comparisons=(DEARER, SAME, UNKNOWN, COMPARISON),
)
