"""A terminal shows how far the reading of a log is; nothing else does, and nothing of it stays."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aggcost import activity
from aggcost.activity import Course
from aggcost.cli.progress import Pace, duration, line, size

pty = pytest.importorskip("pty")

ESCAPE = "\x1b"
COMMAND = [sys.executable, "-m", "aggcost", "analyze", "--threads", "1"]
ENVIRONMENT = os.environ | {"TERM": "xterm", "COLUMNS": "100", "NO_COLOR": "1"}


def on_terminal(arguments: list[str], *, stop_at: str | None = None, term: str = "xterm") -> tuple[int, str]:
    """Return the exit code of a command on a terminal, and all that it wrote; Ctrl-C once `stop_at` is written."""
    child, terminal = pty.fork()
    if child == 0:
        os.execve(arguments[0], arguments, ENVIRONMENT | {"TERM": term})  # noqa: S606 - our own command
    said, end_s = b"", time.monotonic() + 60
    while time.monotonic() < end_s:
        if not select.select([terminal], [], [], 0.1)[0]:
            continue
        try:
            block = os.read(terminal, 1 << 16)
        except OSError:
            break
        if not block:
            break
        said += block
        if stop_at is not None and re.search(stop_at, said.decode(errors="replace")):
            os.write(terminal, b"\x03")
            stop_at = None
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said.decode()


@pytest.fixture(scope="module")
def long_log(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("long") / "long\x1b[31mer.csv"
    row = "2026-02-{:02}T09:00:00Z,r{},openai,gpt-4o,{},{}\n"
    with path.open("w") as file:
        file.write("timestamp,request_id,provider,model,input_tokens,output_tokens\n")
        file.writelines(row.format(1 + number % 28, number, number % 1000, number % 77) for number in range(1_000_000))
    return path


@pytest.mark.skipif(sys.platform != "linux", reason="pseudo-terminals")
def test_a_terminal_shows_the_file_and_a_percentage_and_keeps_nothing(long_log):
    code, said = on_terminal([*COMMAND, str(long_log)])
    assert code == 0
    painted, _, report = said.rpartition("\r\x1b[2K")
    assert re.search(r"long\\x1b\[31mer\.csv +\[#*\.*\] +\d+ % +[\d.]+ .?B of \d\d\.\d MB", painted)
    assert re.search(r"MB/s", painted)
    assert "\x1b[31m" not in said
    assert "\x1b[?25l" not in said
    assert "1,000,000 requests" in report


@pytest.mark.skipif(sys.platform != "linux", reason="pseudo-terminals")
def test_ctrl_c_is_130_and_leaves_the_line_empty(long_log):
    code, said = on_terminal([*COMMAND, str(long_log)], stop_at=r"\d %")
    assert code == 130
    assert said.endswith("\r\x1b[2K")
    assert "error" not in said


@pytest.mark.skipif(sys.platform != "linux", reason="pseudo-terminals")
def test_a_dumb_terminal_is_shown_nothing(long_log):
    code, said = on_terminal([*COMMAND, str(long_log)], term="dumb")
    assert code == 0
    assert "%  " not in said.partition("February")[0]
    assert ESCAPE not in said


def test_a_pipe_is_shown_nothing(long_log):
    done = subprocess.run([*COMMAND, str(long_log)], capture_output=True, check=True, env=ENVIRONMENT)
    assert done.stderr == b""
    assert ESCAPE.encode() not in done.stdout


def test_what_is_left_follows_from_the_mean_speed():
    pace = Pace(bytes_done=300, all_bytes=1000, elapsed_s=2.0)
    assert (pace.percent, pace.bytes_a_second, pace.left_s) == (30, 150.0, 700 / 150)


@pytest.mark.parametrize(
    ("pace", "percent", "left_s"),
    [
        (Pace(0, 1000, 5.0), 0, None),
        (Pace(999, 1000, 0.5), 99, None),
        (Pace(1000, 1000, 4.0), 100, 0.0),
        (Pace(1200, 1000, 4.0), 100, 0.0),
        (Pace(0, 0, 0.0), 100, None),
    ],
)
def test_nothing_is_said_that_is_not_known(pace, percent, left_s):
    assert (pace.percent, pace.left_s) == (percent, left_s)


def test_sizes_and_times_are_short():
    assert [size(count) for count in (0, 999, 1000, 99_900, 123_456, 2.5e9, 3e12)] == [
        "0 B", "999 B", "1.0 kB", "99.9 kB", "123 kB", "2.5 GB", "3.0 TB",
    ]  # fmt: skip
    assert [duration(seconds) for seconds in (0.4, 61, 3599.6, 7322)] == ["0:00", "1:01", "1:00:00", "2:02:02"]


def test_the_line_says_which_file_how_far_and_how_long():
    course = Course("logs/b.csv", files_done=1, files=3, bytes_done=50_000_000, all_bytes=200_000_000, began_s=10.0)
    assert line("reading", course, 15.0, 100) == (
        "2/3 b.csv  [####............]  25 %  50.0 MB of 200 MB  10.0 MB/s  0:15 left"
    )
    assert line("reading", Course("b.csv.gz", files_done=0, files=2), 15.0, 100) == "opening 1/2 b.csv.gz"
    assert line("replaying the log", Course(), 15.0, 100) == "replaying the log ..."
    assert len(line("reading", course, 15.0, 30)) == 30


def test_files_are_counted_once_read_and_the_one_in_work_by_what_the_engine_says():
    percents = iter([-1.0, 25.0])
    activity.gauged_by(lambda: next(percents))
    try:
        activity.planned(2, 1000)
        with activity.share(1, 600), activity.share(1, 600), activity.measured():
            assert activity.course().bytes_done == 0
            assert activity.course().bytes_done == 150
        told = activity.course()
        assert (told.files_done, told.bytes_done) == (1, 600)
    finally:
        activity.gauged_by(None)
        activity.planned(0)
