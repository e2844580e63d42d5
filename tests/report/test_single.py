"""A page as one file: nothing outside it, its own scripts allowed by hash, and drawn by a real browser elsewhere."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import pytest

from evalkit.batch import Request, Settings, make_plan, run_batch
from evalkit.errors import DataError
from evalkit.report.page import Page, asset_bytes, render
from evalkit.report.single import self_contained

NAMES = {"zh": "甲", "en": "A"}
PAGE = Page(NAMES, NAMES, "../", "../index.html", "x", "0", False, False, has_json=True)


@pytest.fixture(scope="module")
def page() -> str:
    from nbformat.v4 import new_notebook

    return self_contained(render(new_notebook(), PAGE), asset_bytes())


def test_it_points_to_no_file(page: str) -> None:
    body = re.sub(r"<script>.*?</script>|<style>.*?</style>", "", page, flags=re.DOTALL)
    assert not re.search(r"(?:src|href)=", body)
    assert "<h1>" in body


def test_its_scripts_are_allowed_by_their_hashes_and_no_others(page: str) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    scripts = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    assert len(scripts) == 2
    hashes = {base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts}
    assert set(re.findall(r"'sha256-([^']*)'", policy[1])) == hashes
    assert "default-src 'none'" in policy[1]
    assert "unsafe-inline" not in policy[1].split("style-src")[0]


def test_a_page_of_another_version_is_refused() -> None:
    with pytest.raises(DataError, match="another version made it"):
        self_contained("<html></html>", asset_bytes())


def test_single_files_follow_their_pages(tmp_path: Path) -> None:
    plan = make_plan(Request(("moz_savings",), ("saved_q4",)))
    run_batch(plan, Settings(tmp_path, 1))
    assert not (tmp_path / "single").exists()
    run_batch(plan, Settings(tmp_path, 1, self_contained=True))
    single = tmp_path / "single/moz_savings/impact-saved_q4.html"
    first = single.read_bytes()
    assert b"<style>" in first
    single.write_text("old", encoding="utf-8")
    (tmp_path / "single/gone.html").write_text("gone", encoding="utf-8")
    run_batch(plan, Settings(tmp_path, 1))
    assert single.read_bytes() == first
    assert not (tmp_path / "single/gone.html").exists()
