"""A PostgreSQL server of a test's own: Debian's programs, a folder under /tmp, one port of this machine."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PASSWORD = "s3cr3t-p@ss/w?rd"  # noqa: S105 - what no output may show
ENCODED = "s3cr3t-p%40ss%2Fw%3Frd"


def programs() -> Path:
    """Return where the server's programs are, or skip the test."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("no PostgreSQL here: apt-get install postgresql")
    return found[-1].parent


def _as_user(folder: Path) -> list[str]:
    """Return what runs a command as somebody else where this is root, as which the server refuses to run."""
    if os.geteuid() != 0:
        return []
    user = next((name for name in ("postgres", "nobody") if _exists(name)), None)
    if user is None or shutil.which("setpriv") is None:
        pytest.skip("PostgreSQL does not run as root, and there is nobody else to run it as")
    shutil.chown(folder, user)
    return ["setpriv", f"--reuid={user}", "--clear-groups"]


def _exists(user: str) -> bool:
    return subprocess.run(["id", "-u", user], capture_output=True, check=False).returncode == 0


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def running() -> Iterator[int]:
    """Yield the port of a server with a user `postgres` whose password is PASSWORD; stopped at the end."""
    bin_folder = programs()
    folder = Path(tempfile.mkdtemp(prefix="aggcost-pg-", dir="/tmp"))
    try:
        user, port, data = _as_user(folder), _free_port(), folder / "data"
        password = folder / "password"
        password.write_text(PASSWORD)
        password.chmod(0o644)
        made = [bin_folder / "initdb", "-D", data, "-U", "postgres", "-A", "scram-sha-256", "-E", "UTF8", "--no-sync",
                "--locale=C", f"--pwfile={password}"]  # fmt: skip
        _run([*user, *made], folder)
        options = f"-c port={port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
        control = [*user, bin_folder / "pg_ctl", "-D", data, "-w"]
        _run([*control, "-o", options, "-l", folder / "log", "start"], folder)
        try:
            yield port
        finally:
            _run([*control, "-m", "immediate", "stop"], folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(command: list[str | Path], folder: Path) -> None:
    done = subprocess.run(list(map(str, command)), cwd=folder, capture_output=True, text=True, check=False, timeout=120, stdin=subprocess.DEVNULL)  # fmt: skip
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
