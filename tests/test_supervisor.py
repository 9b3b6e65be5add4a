"""A command that dies, hangs or is stopped ends in a message and an exit code, and leaves nothing behind."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="commands are supervised on Linux alone")

START = """
import os, signal, sys, tempfile, time
from pathlib import Path
from aggcost import activity, supervisor
from aggcost.errors import EngineDiedError

def work():
    folder = Path(tempfile.mkdtemp(dir=sys.argv[1]))
    activity.using(folder)
    {body}

try:
    print("returned", supervisor.supervised(work))
except EngineDiedError as error:
    print("error:", error.message, "|", error.hint)
"""


def run(folder, body):
    script = START.replace("{body}", textwrap.indent(textwrap.dedent(body), "    ").strip())
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stderr == ""
    return done.stdout.strip()


@pytest.mark.parametrize("number", ["SIGSEGV", "SIGABRT", "SIGKILL"])
def test_a_reader_that_dies_is_one_line_that_names_the_file(tmp_path, number):
    said = run(tmp_path, f"with activity.reading('odd.csv', 10): os.kill(os.getpid(), signal.{number})")
    assert said == f"error: odd.csv: the engine died of this file ({number}) | export it again, or split it"
    assert list(tmp_path.iterdir()) == []


def test_an_engine_that_dies_elsewhere_says_so(tmp_path):
    assert run(tmp_path, "os.kill(os.getpid(), signal.SIGSEGV)").startswith("error: the engine died (SIGSEGV)")


def test_a_file_that_takes_for_ever_is_given_up(tmp_path):
    said = run(tmp_path, "activity._PATIENCE_S = 0.2\nwith activity.reading('slow.csv', 10): time.sleep(50)")
    assert said == "error: slow.csv: not read in time, given its size | is it a log?"


def test_what_the_command_returns_is_returned(tmp_path):
    assert run(tmp_path, "print('said', flush=True); return 3").splitlines() == ["said", "returned 3"]


def test_a_signal_of_another_process_reaches_the_command(tmp_path):
    body = "os.kill(os.getppid(), signal.SIGTERM); time.sleep(50)"
    assert run(tmp_path, body) == "returned 143"


def test_memory_has_a_limit(tmp_path):
    body = "import resource; return int(resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY)"
    assert run(tmp_path, body) == "returned 1"
