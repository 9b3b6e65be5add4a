"""Times that a log states more finely than milliseconds: kept where they are stated, and told by percentiles."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from reading_logs import read

from aggcost import percentiles, service
from aggcost.engine import open_engine
from aggcost.importers import ReadOptions, read_usage
from aggcost.importers.reading import write_canonical
from aggcost.ledger import Plan

HEADER = "timestamp,provider,model,input_tokens,output_tokens,latency_ms,ttft_ms\n"


def csv(folder, *times, name="log.csv"):
    path = folder / name
    rows = [f"2026-02-01T00:00:00Z,acme,{'one' if n % 3 else 'two'},1,2,{ms},5" for n, ms in enumerate(times)]
    path.write_text(HEADER + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def distributions(path, **options):
    with open_engine(threads=1) as engine:
        table = read_usage(engine, [str(path)], ReadOptions(**options)).table
        parts = service.observed(service.scan(engine, table, Plan()))
    return {part.route: service.distribution([part]) for part in parts} | {None: service.distribution(parts)}


def test_a_fraction_is_kept_and_a_whole_number_needs_nothing_more(tmp_path):
    rows = read(csv(tmp_path, "12.5", "13", "0.0004997", "12.0")).rows
    found = sorted((row["latency_ms"], row["latency_ns"]) for row in rows if row["latency_ns"] is not None)
    assert found == [(0, 500), (12, 12_500_000)]  # half-even: 12.5 ms is 12, 499.7 ns are 500
    assert sum(row["latency_ns"] is None for row in rows) == 2
    assert "ttft_ns" not in rows[0]  # no row of the log states one


def test_a_log_of_whole_milliseconds_has_no_finer_column(tmp_path):
    assert "latency_ns" not in read(csv(tmp_path, "12", "13.0", "1400")).rows[0]


@pytest.mark.parametrize(("unit", "text", "ns"), [("s", "0.4168282939999983", 416_828_294), ("us", "1500", 1_500_000)])
def test_units(tmp_path, unit, text, ns):
    (row,) = read(csv(tmp_path, text), mapping={"latency_ms": f"latency_ms:{unit}"}).rows
    assert row["latency_ns"] == ns
    assert row["latency_ms"] == round(Fraction(ns, 10**6))


def test_doubles_of_parquet(tmp_path):
    path = tmp_path / "log.parquet"
    pq.write_table(pa.table({"model": ["m"] * 2, "input_tokens": [1, 1], "latency_ms": [1.25, 3.0]}), path)
    assert sorted(row["latency_ns"] or 0 for row in read(path).rows) == [0, 1_250_000]


def test_conversion_keeps_them(tmp_path):
    log, kept = csv(tmp_path, "12.5", "13"), tmp_path / "kept.parquet"
    with open_engine(threads=1) as engine:
        write_canonical(engine, read_usage(engine, [str(log)], ReadOptions(writes=(kept,))), kept)
    assert sorted(row["latency_ns"] or 0 for row in read(kept).rows) == [0, 12_500_000]


def test_a_bad_duration_stays_bad(tmp_path):
    log = read(csv(tmp_path, "12.5", "-1.5", "1e3.2", "9" * 30 + ".5"))
    assert [row["latency_ns"] for row in log.good] == [12_500_000]
    assert len(log.bad) == 3


def test_percentiles_are_those_of_the_finer_times(tmp_path):
    times = np.random.default_rng(4).uniform(5, 25, 400).round(3)
    found = distributions(csv(tmp_path, *times))
    for name, own in (("acme/two", times[::3]), ("acme/one", np.delete(times, slice(None, None, 3))), (None, times)):
        for share in (0.25, 0.5, 0.95, 0.99):
            assert float(found[name].at(Fraction(str(share)))) == pytest.approx(np.quantile(own, share), abs=1e-9)


def test_a_large_log_tells_its_percentiles_as_finely(tmp_path, monkeypatch):
    """Of a large log only requests around the percentiles are fetched; no percentile and no bound shows it."""
    path = csv(tmp_path, *np.random.default_rng(4).uniform(5, 25, 12_000).round(3))
    all_of_it = distributions(path)
    monkeypatch.setattr(service, "_ALL_FINE", 0)
    part = distributions(path)
    for name, whole in all_of_it.items():
        assert len(part[name].fine.ns) < len(whole.fine.ns)
        for percentile in percentiles.PERCENTILES:
            assert part[name].named(percentile) == whole.named(percentile)
            assert part[name].interval(percentile, whole.n) == whole.interval(percentile, whole.n)
