"""Names from a log that try to drive a terminal, a spreadsheet, a browser and a Markdown page."""

from __future__ import annotations

import runpy
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from aggcost.errors import Issue
from aggcost.report_arms import Group, Tokens

ANALYZE = runpy.run_path(str(Path(__file__).parents[1] / "analyze" / "analyze_report.py"))["REPORT"]
NAMES = (
    "\x1b[2J\x1b]0;title\x07gpt",
    "[bold red]markup[/] [/x] :smile:",
    "<script>alert(1)</script><img src=x onerror=alert(2)>",
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd",
    "\t=1+1",
    "\uff1d1+1",
    "-2+3",
    "a\u202egpj.exe\u2066\u200b\u200d\ufeff",
    "line\nbreak\r\x00nul\x85\x9b31m",
    "| pipe | `code` [link](http://x) ![img](y) @user #1 <!-- --> **b** \\",
    "e\u0301le\u0300ve 模型 🤖",
    "x" * 300,
    "\udcff lone surrogate",
    "%s {name} ${ENV} {{7*7}}",
)
GROUPS = tuple(
    Group(key=name, cost=Decimal(100 - position), requests=1, tokens=Tokens(input=1), share=Decimal(1))
    for position, name in enumerate(NAMES)
)

REPORT = replace(
    ANALYZE,
    period=replace(ANALYZE.period, name=NAMES[2]),
    arms=(
        replace(ANALYZE.arms[0], by={"model": GROUPS, NAMES[0]: GROUPS[:3], "team": GROUPS[10:13]}),
    ),
    issues=tuple(
        Issue(code="unpriced_model", severity="warning", count=1, message=f"no price for {name}", where=name, hint=name)
        for name in NAMES
    ),
    coverage=replace(ANALYZE.coverage, unpriced_models=NAMES),
)  # fmt: skip
