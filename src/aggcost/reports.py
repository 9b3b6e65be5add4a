"""Every kind of report that a command may write; the outputs render any of them."""

from __future__ import annotations

from typing import TypeAlias

from aggcost.report import Report
from aggcost.report_audit import Audit
from aggcost.report_reconcile import Reconciliation

AnyReport: TypeAlias = Report | Reconciliation | Audit
