"""Real pages, made by a real batch, in a real browser without a network."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from evalkit.batch import Request, Settings, make_plan, run_batch
from tests.browser.looking import Opened, open_page

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
    "power": "suqian_ecommerce/power.html",
}
"""Every kind of page, and where the batch writes it."""


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
    with ExitStack() as stack:

        def go(name: str, *, lang: str = "zh", width: int = 1280, look: str = "light") -> Opened:
            return stack.enter_context(open_page(browser, (findings / name).as_uri(), lang, width, look))

        yield go
