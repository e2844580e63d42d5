"""What is read lies in the programme's folder and holds still."""

from __future__ import annotations

import os
import re
import shutil
import time
from pathlib import Path

import pytest

from evalkit.errors import DataError, PlanError
from evalkit.intake import checksums, guards, read_programme
from evalkit.intake.guards import inside, known_sha256, settled, sha256
from evalkit.programme import load


@pytest.fixture
def programme(root: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "moz_savings"
    shutil.copytree(root / "data_raw/moz_savings", folder)
    return folder


def test_a_symbolic_link_out_of_the_folder_is_refused(programme: Path, tmp_path: Path):
    outside = tmp_path / "outside.parquet"
    (programme / "households.parquet").rename(outside)
    (programme / "households.parquet").symlink_to(outside)
    for read in (checksums, read_programme):
        with pytest.raises(DataError, match="symbolic link that leads out of the programme's folder"):
            read(load(programme))


def test_a_link_within_the_folder_is_read(programme: Path):
    (programme / "households.parquet").rename(programme / "kept.parquet")
    (programme / "households.parquet").symlink_to(programme / "kept.parquet")
    assert read_programme(load(programme)).frame.height == 3081


def test_a_pattern_that_matches_a_link_out_is_refused(programme: Path, tmp_path: Path):
    (tmp_path / "secret.parquet").write_bytes(b"")
    (programme / "households_more.parquet").symlink_to(tmp_path / "secret.parquet")
    toml = programme / "programme.toml"
    toml.write_text(toml.read_text(encoding="utf-8").replace("households.parquet", "households*.parquet"), "utf-8")
    with pytest.raises(DataError, match="leads out"):
        read_programme(load(programme))


@pytest.mark.parametrize("name", ["../households.parquet", "a/../../x_{year}.csv", "/etc/passwd", "..\\\\x.csv"])
def test_names_that_climb_out_are_refused(programme: Path, name: str):
    toml = programme / "programme.toml"
    text = toml.read_text(encoding="utf-8")
    toml.write_text(text.replace('"households.parquet"', f'"{name}"'), encoding="utf-8")
    with pytest.raises(PlanError, match="1 file names lead out of the programme's folder"):
        read_programme(load(programme))


def test_a_known_file_is_read_once_and_again_after_any_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Its hash follows its bytes, also where size and stated time stay; one touched a moment ago is always read."""
    file, reads = tmp_path / "a.csv", []
    file.write_text("old")
    monkeypatch.setattr(guards, "sha256", lambda path: reads.append(path) or sha256(path))
    assert known_sha256(file) == known_sha256(file) == sha256(file)
    assert len(reads) == 2
    monkeypatch.setattr(guards, "MOMENT", 0.0)
    assert known_sha256(file) == known_sha256(file) == sha256(file)
    assert len(reads) == 3
    before = file.stat()
    time.sleep(0.02)
    file.write_text("new")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert known_sha256(file) == sha256(file)
    assert len(reads) == 4


def test_a_file_that_changes_while_it_is_read_is_read_again(tmp_path: Path):
    file = tmp_path / "a.csv"
    file.write_text("old")
    reads = []

    def read() -> str:
        reads.append(file.read_text())
        if len(reads) == 1:
            file.write_text("new")
        return reads[-1]

    assert settled(file, read, tmp_path) == ("new", sha256(file))
    assert reads == ["old", "new"]


def test_a_file_that_never_holds_still_is_refused(tmp_path: Path):
    file = tmp_path / "a.csv"
    file.write_text("0")
    with pytest.raises(DataError, match="it changed while it was read, 3 times"):
        settled(file, lambda: file.write_text(file.read_text() + "1"), tmp_path)


@pytest.mark.parametrize("leads_out", [True, False])
def test_a_link_put_in_place_while_a_file_is_read(tmp_path: Path, leads_out: bool):
    """Equal bytes at first sight: the link leads to a copy. What it leads to counts, not what it looks like."""
    folder, outside = tmp_path / "raw", tmp_path / "outside.csv"
    folder.mkdir()
    file, other = folder / "a.csv", outside if leads_out else folder / "b.csv"
    file.write_text("same")
    other.write_text("same")
    reads = []

    def read() -> str:
        reads.append(file.read_text())
        if len(reads) == 1:
            file.unlink()
            file.symlink_to(other)
        return reads[-1]

    if leads_out:
        with pytest.raises(DataError, match="symbolic link that leads out of the programme's folder"):
            settled(file, read, folder)
    else:
        settled(file, read, folder)
        assert len(reads) == 2


def test_inside_is_about_the_real_place(tmp_path: Path):
    assert inside(tmp_path / "a/../b", tmp_path) == tmp_path / "a/../b"
    with pytest.raises(DataError):
        inside(tmp_path / "../b", tmp_path)


def test_no_pickle_anywhere(root: Path):
    words = re.compile(
        r"\b(?:pickle|cloudpickle|dill|joblib|shelve|marshal|read_pickle|to_pickle|allow_pickle|eval|exec)\b\s*[.(=]"
    )
    files = [*root.glob("evalkit/**/*.py"), *root.glob(".ci/*.py"), *root.glob("notebooks/*.ipynb")]
    assert len(files) > 100
    found = {f.relative_to(root).as_posix() for f in files if words.search(f.read_text(encoding="utf-8"))}
    assert found == set()
