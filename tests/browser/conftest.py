"""Real pages, made by a real batch, in a real browser without a network."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from evalkit.batch import Request, Settings, make_plan, run_batch

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
KINDS = {
    "impact": "suqian_ecommerce/impact-disposable_income_pc_yuan.html",
    "impact_cross_section": "moz_savings/impact-credit_used.html",
    "programme": "moz_savings/programme.html",
    "claims": "suqian_ecommerce/claims.html",
    "quality": "suqian_ecommerce/quality.html",
    "village": "internal/suqian_ecommerce/village-SQ001.html",
    "replication": "moz_savings/replication_moz_savings.html",
}
"""Every kind of page, and where the batch writes it."""


@dataclass(frozen=True)
class Opened:
    """A page in the browser, and everything that went wrong in it."""

    page: Page
    problems: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: pages are not tried in a browser (install the package chromium)")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def findings(root: Path, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of findings with one page of every kind and their index."""
    out = tmp_path_factory.mktemp("browser") / "findings"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.setenv("PYTHONPATH", str(root))
        patch.delenv("EVALKIT_DATA", raising=False)
        make_findings(out)
    return out


def make_findings(out: Path) -> None:
    """Write a folder of findings with one page of every kind and their index."""
    plan = make_plan(Request())
    runs = tuple(run for run in plan.runs if run.page in KINDS.values())
    assert len(runs) == len(KINDS)
    result = run_batch(replace(plan, runs=runs, complete=frozenset()), Settings(out, workers=2))
    assert result.failed == 0


@pytest.fixture
def opened(browser: Browser, findings: Path) -> Iterator:
    """Return a function that opens a page of the findings from the disk, with the network off."""
    contexts = []

    def go(name: str, *, lang: str = "zh", width: int = 1280, look: str = "light") -> Opened:
        scheme = "dark" if look == "dark" else "light"
        context = browser.new_context(
            viewport={"width": width, "height": 900}, offline=True, color_scheme=scheme, locale=lang
        )
        contexts.append(context)
        found = Opened(context.new_page())
        found.page.emulate_media(media="print" if look == "print" else "screen", color_scheme=scheme)
        found.page.on("console", lambda m: found.problems.append(m.text) if m.type in ("error", "warning") else None)
        found.page.on("pageerror", lambda error: found.problems.append(str(error)))
        found.page.on("requestfailed", lambda request: found.problems.append(f"failed: {request.url}"))
        found.page.on(
            "request", lambda r: None if r.url.startswith(("file:", "data:", "blob:")) else found.problems.append(r.url)
        )
        found.page.goto(f"{(findings / name).as_uri()}?lang={lang}")
        found.page.wait_for_load_state("load")
        return found

    yield go
    for context in contexts:
        context.close()
