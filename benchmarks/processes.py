"""Whole processes, timed from outside: seconds of wall clock, and peak memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

AGGCOST = (sys.executable, "-m", "aggcost")
_RSS_UNITS_A_MB = 1 << 20 if sys.platform == "darwin" else 1 << 10  # bytes there, kilobytes elsewhere


@dataclass(frozen=True, slots=True)
class Run:
    """A finished command: wall-clock seconds, peak memory in MB, and what it printed."""

    seconds: float
    peak_mb: float
    out: str


class FailedError(Exception):
    """A command that ended with an error; the message is what it said."""


def best(command: Sequence[str], *, times: int = 3, environment: Mapping[str, str] | None = None) -> Run:
    """Run a command several times; return its shortest time and its highest memory."""
    runs = [_once(command, environment or {}) for _ in range(times)]
    return Run(min(run.seconds for run in runs), max(run.peak_mb for run in runs), runs[0].out)


def _once(command: Sequence[str], environment: Mapping[str, str]) -> Run:
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        begin = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=errors, env={**os.environ, **environment})
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        errors.seek(0)
        if process.returncode:
            said = errors.read().strip().splitlines() or ["no message"]
            message = next((line for line in said if line.startswith("error:")), said[-1])
            raise FailedError(f"ended with {process.returncode}, {message}")
        return Run(seconds, usage.ru_maxrss / _RSS_UNITS_A_MB, out.read())
