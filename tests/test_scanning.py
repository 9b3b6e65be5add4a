"""Logs with too many cells by the hour: the time is cut at prices and months instead, and no figure changes."""

from dataclasses import replace
from decimal import Decimal

from contracts import options, request

from aggcost import backtest, ledger

PRICES = """\
providers:
  acme:
    models:
      one:
        rates:
          - {effective: {from: 2026-01-01, to: 2026-02-10}, prices: {input: "2"}}
          - {effective: {from: 2026-02-10}, prices: {input: "1"}}
"""


def test_cutting_the_time_at_prices_instead_of_hours_changes_no_cost(tmp_path, monkeypatch):
    rows = [request(f"2026-02-{day:02d}T{hour:02d}:30:00Z", tokens=1000) for day in range(1, 29) for hour in (0, 23)]
    asked = options(tmp_path, rows, PRICES)
    by_hours = backtest.analyze(asked).arms[0]
    monkeypatch.setattr(ledger, "MAX_CELLS", 300)
    by_instants = backtest.analyze(asked).arms[0]
    assert not by_instants.days
    assert by_hours.cost_monthly == by_hours.cost == Decimal("0.074")  # 9 days at 2, 19 at 1, two requests a day
    assert by_instants == replace(by_hours, by=by_instants.by, days=())
