"""`make bench`: aggcost beside bare scans and per-row loops, in one run on one machine.

Every figure is a whole process unless it says otherwise, the best of three, files warm in the page
cache, two threads. Ratios are what to look at: seconds depend on the machine. The logs (about 4 GB)
are generated once. ``python benchmarks/run.py --rows 1000000 --dry`` tries it on a tenth.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import imports as importing
import logs
import price_tables
import proposals
import replays
from processes import AGGCOST, FailedError, Run, best
from table import Line, machine, markdown, publish

HERE = Path(__file__).parent
LOOP_ROWS = 100_000  # rows that the per-row loops really price; their cost grows with the rows exactly
SCANS = {"parquet": ("Parquet", 4.0), "csv": ("CSV", 2.5), "jsonl": ("JSONL", 3.0)}
STARTUP_SECONDS = 1.0
MEMORY_MB = 1024
MEMORY_GROWTH = 1.3
MANY_POLICIES = 5.0
MARGINAL, WHOLE = 300, 40
HELP_SECONDS, SMALL_SECONDS = 0.3, 1.2
DIFF_SECONDS = 2.0
LOAD_MS, RESOLVE_MS = 50, 500


@dataclass(frozen=True, slots=True)
class Bench:
    """What the lines of the table share: the number of rows, the policies, and the runs already made."""

    rows: int
    policy: Path
    many: list[Path]
    runs: dict[tuple[int, str], Run]

    @property
    def small(self) -> int:
        """A tenth of the rows: where growth with the rows is read off."""
        return self.rows // 10

    def simulate(self, rows: int, file_format: str) -> Run:
        """Return `aggcost simulate` on a log under the one policy; measured once."""
        key = (rows, file_format)
        if key not in self.runs:
            self.runs[key] = best(_simulate(logs.log(rows, file_format), [self.policy]))
        return self.runs[key]


def _simulate(log: Path, chosen: list[Path]) -> list[str]:
    named = [part for path in chosen for part in ("--policy", str(path))]
    return [*AGGCOST, "simulate", str(log), *named, "--threads", "2", "--tz", "UTC"]


def scans(bench: Bench) -> Iterator[Line]:
    """Yield `simulate` on each format against a bare scan of the same file."""
    for file_format, (name, factor) in SCANS.items():
        path = logs.log(bench.rows, file_format)
        bare = float(best([sys.executable, str(HERE / "scan.py"), str(path)], times=1).out)
        run = bench.simulate(bench.rows, file_format)
        allowed = factor * bare + STARTUP_SECONDS
        yield Line(
            f"`simulate` on {name}, {bench.rows:,} rows", f"{run.seconds:.2f} s", f"bare scan {bare:.2f} s",
            f"{run.seconds / bare:.1f} x", f"{factor:g} x + {STARTUP_SECONDS:g} s = {allowed:.2f} s",
            run.seconds <= allowed,
        )  # fmt: skip


def many_policies(bench: Bench) -> Iterator[Line]:
    """Yield a hundred policies against one."""
    one = bench.simulate(bench.rows, "parquet")
    many = best(_simulate(logs.log(bench.rows, "parquet"), bench.many), times=2)
    ratio = many.seconds / one.seconds
    yield Line(
        "100 policies, Parquet", f"{many.seconds:.2f} s", f"one policy {one.seconds:.2f} s", f"{ratio:.1f} x",
        f"{MANY_POLICIES:g} x", ratio <= MANY_POLICIES,
    )  # fmt: skip


def memory(bench: Bench) -> Iterator[Line]:
    """Yield the peak memory of each format, and how it grows from a tenth of the rows."""
    for file_format, (name, _) in SCANS.items():
        few, all_rows = bench.simulate(bench.small, file_format), bench.simulate(bench.rows, file_format)
        growth = all_rows.peak_mb / few.peak_mb
        yield Line(
            f"peak memory, {name}", f"{all_rows.peak_mb:.0f} MB", f"{bench.small:,} rows {few.peak_mb:.0f} MB",
            f"{growth:.2f} x", f"{MEMORY_MB} MB, {MEMORY_GROWTH} x",
            all_rows.peak_mb <= MEMORY_MB and growth <= MEMORY_GROWTH,
        )  # fmt: skip


def loops(bench: Bench) -> Iterator[Line]:
    """Yield the per-row loops of other packages: by marginal row, and as whole processes at a tenth."""
    few, all_rows = bench.simulate(bench.small, "parquet"), bench.simulate(bench.rows, "parquet")
    marginal_us = max(all_rows.seconds - few.seconds, 0.001) / (bench.rows - bench.small) * 1e6
    sample = logs.log(LOOP_ROWS, "parquet")
    for package in ("genai_prices", "litellm"):
        command = [sys.executable, str(HERE / "per_row.py"), package, str(sample)]
        try:
            loop = best(command, times=1, environment={"LITELLM_LOCAL_MODEL_COST_MAP": "True"})
        except FailedError as error:
            yield Line(f"per-row loop of `{package}`", "", str(error), "", "", None)
            continue
        row_us = float(loop.out) / LOOP_ROWS * 1e6
        scaled = loop.seconds + row_us * (bench.small - LOOP_ROWS) / 1e6
        yield Line(
            f"one more row, `{package}`", f"{marginal_us:.2f} us", f"{row_us:.0f} us", f"{row_us / marginal_us:.0f} x",
            f"{MARGINAL} x", row_us >= MARGINAL * marginal_us,
        )  # fmt: skip
        yield Line(
            f"{bench.small:,} rows, `{package}`", f"{few.seconds:.2f} s", f"{scaled:.0f} s (scaled)",
            f"{scaled / few.seconds:.0f} x", f"{WHOLE} x", scaled >= WHOLE * few.seconds,
        )  # fmt: skip


def small_things(_bench: Bench) -> Iterator[Line]:
    """Yield what a person waits for: the help, and a small file."""
    helped = best([*AGGCOST, "--help"], times=5).seconds
    yield Line("`aggcost --help`", f"{helped:.2f} s", "", "", f"{HELP_SECONDS} s", helped <= HELP_SECONDS)
    analyzed = best([*AGGCOST, "analyze", str(logs.log(1_000, "csv")), "--tz", "UTC"], times=5).seconds
    yield Line(
        "`analyze`, CSV of 1,000 rows", f"{analyzed:.2f} s", "", "", f"{SMALL_SECONDS} s", analyzed <= SMALL_SECONDS
    )


def imports(bench: Bench) -> Iterator[Line]:
    """Yield what importing costs, by the format, by the file and beside `ccusage`, on a twentieth of the rows."""
    yield from importing.lines(bench.rows // 20)


def prices(_bench: Bench) -> Iterator[Line]:
    """Yield what the shipped prices cost in time: reading them, and finding the lines of a large log."""
    run = best([sys.executable, str(HERE / "prices.py")], times=3)
    load_ms, find_ms = (float(text) for text in run.out.split())
    yield Line("loading the shipped prices", f"{load_ms:.0f} ms", "", "", f"{LOAD_MS} ms", load_ms <= LOAD_MS)
    yield Line(
        "resolving 10,000 distinct (provider, model, tier, region, hour)", f"{find_ms:.0f} ms", "", "",
        f"{RESOLVE_MS} ms", find_ms <= RESOLVE_MS,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        tables = price_tables.write(Path(folder))
        seconds = best([*AGGCOST, "prices", "diff", *map(str, tables)]).seconds
    yield Line(
        "`prices diff`, two tables of 4,000 models", f"{seconds:.2f} s", "", "", f"{DIFF_SECONDS:.0f} s",
        seconds <= DIFF_SECONDS,
    )  # fmt: skip


def service(bench: Bench) -> Iterator[Line]:
    """Yield what failover, limits and caches cost beside the plain replay."""
    return replays.replays(bench.rows)


PARTS: tuple[Callable[[Bench], Iterator[Line]], ...] = (
    scans,
    many_policies,
    memory,
    loops,
    small_things,
    imports,
    prices,
    service,
)


def main() -> None:
    """Measure everything, print the table and write it into docs/benchmarks.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000, help="rows of the large log")
    parser.add_argument("--dry", action="store_true", help="print only; leave docs/benchmarks.md as it is")
    parser.add_argument("--only", choices=[part.__name__ for part in PARTS], help="one part of the table")
    asked = parser.parse_args()
    one, many = proposals.write(logs.DATA / "policies")
    bench = Bench(asked.rows, one, many, {})
    lines: list[Line] = []
    for part in PARTS:
        if asked.only in {None, part.__name__}:
            lines += _measured(part, bench)
    text = f"{markdown(lines)}\n{machine()}\n"
    print(text)
    if not asked.dry and not asked.only:
        publish(text)


def _measured(part: Callable[[Bench], Iterator[Line]], bench: Bench) -> Iterator[Line]:
    """Yield the lines of a part; one that fails becomes a line that says so."""
    print(f"measuring {part.__name__} ...", file=sys.stderr)
    try:
        yield from part(bench)
    except FailedError as error:
        yield Line(part.__name__, "", str(error), "", "", None)


if __name__ == "__main__":
    main()
