"""A page for e-mail, opened where nothing else of the findings is."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser

from evalkit.report.page import asset_bytes
from evalkit.report.single import self_contained
from tests.browser.conftest import KINDS


def test_a_single_file_draws_its_figures_alone(findings: Path, browser: Browser, tmp_path: Path) -> None:
    html = (findings / KINDS["impact"]).read_text(encoding="utf-8")
    (tmp_path / "mail.html").write_text(self_contained(html, asset_bytes()), encoding="utf-8")
    problems: list[str] = []
    context = browser.new_context(offline=True, locale="zh-CN")
    page = context.new_page()
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: problems.append(str(e)))
    page.on("request", lambda r: problems.append(r.url) if r.url != f"file://{tmp_path}/mail.html" else None)
    page.goto(f"file://{tmp_path}/mail.html")
    page.wait_for_selector(".plot .main-svg")
    assert page.locator(".plot:visible .scatterlayer path.point").count() > 5
    page.click("button.switch")
    assert page.locator("h1").inner_text() == "Disposable income per head"
    context.close()
    assert problems == []
