"""Files are whole or not there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from evalkit.batch.store import write_if_changed, write_whole


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "a" / "page.html"
    write_whole(file, b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(file, b"new")
    assert [(p.name, p.read_bytes()) for p in file.parent.iterdir()] == [("page.html", b"old")]


def test_equal_bytes_are_not_written_again(tmp_path: Path):
    file = tmp_path / "style.css"
    write_if_changed(file, b"x")
    before = file.stat().st_ino
    write_if_changed(file, b"x")
    assert file.stat().st_ino == before
    write_if_changed(file, b"y")
    assert file.read_bytes() == b"y"
