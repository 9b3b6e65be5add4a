"""A report file is the old one or the new one, whatever goes wrong in between."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aggcost import whole_file
from aggcost.errors import InputError
from aggcost.whole_file import write


def test_a_new_file_and_a_replaced_one(tmp_path):
    path = tmp_path / "report.txt"
    write("première\n", path)
    assert path.read_bytes() == "première\n".encode()
    write("second\n", path)
    assert path.read_text(encoding="utf-8") == "second\n"
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.txt"]


@pytest.mark.parametrize("step", ["fsync", "chmod", "replace"])
def test_a_failure_at_any_step_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch, step):
    path = tmp_path / "report.txt"
    write("old\n", path)

    def fail(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os if step == "fsync" else Path, step, fail)
    with pytest.raises(InputError, match="No space left"):
        write("new\n", path)
    monkeypatch.undo()
    assert path.read_text(encoding="utf-8") == "old\n"
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.txt"]


def test_an_interrupt_leaves_no_litter(tmp_path, monkeypatch):
    def interrupt(*_args):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write("new\n", tmp_path / "report.txt")
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_is_named_with_what_to_do(tmp_path):
    path = tmp_path / "nowhere" / "report.txt"
    with pytest.raises(InputError, match=r"nowhere.*cannot be written: No such file") as error:
        write("text", path)
    assert error.value.hint is not None
    assert error.value.exit_code == 2


def test_a_folder_is_not_replaced(tmp_path):
    folder = tmp_path / "report.txt"
    folder.mkdir()
    with pytest.raises(InputError):
        write("text", folder)
    assert folder.is_dir()


@pytest.mark.skipif(os.name != "posix", reason="links and permissions are those of POSIX")
def test_a_link_keeps_its_target_and_a_file_its_permissions(tmp_path):
    target, link = tmp_path / "target.txt", tmp_path / "link.txt"
    write("old\n", target)
    target.chmod(0o640)
    link.symlink_to(target)
    write("new\n", link)
    assert link.is_symlink()
    assert target.read_text(encoding="utf-8") == "new\n"
    assert target.stat().st_mode & 0o777 == 0o640


def test_a_new_file_is_readable_as_the_umask_says(tmp_path):
    previous = os.umask(0o022)
    try:
        write("text", tmp_path / "report.txt")
    finally:
        os.umask(previous)
    assert (tmp_path / "report.txt").stat().st_mode & 0o777 == 0o644
    assert whole_file._MODE == 0o666
