"""Pages in a browser: how soon an impact page paints, and a list of 1,000 findings opens, filters and sorts.

    python benchmarks/pages.py            needs Chromium; makes one impact page itself, about half a minute

Each time is the median of several loads from disk in a new context of Debian's Chromium, without a network and without
a graphics card. "First paint" is the browser's own entry (paint timing); a filter counts from the change of its field
until the frame that shows it is done. It writes benchmarks/results/pages.md.
"""

from __future__ import annotations

import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from evalkit import __version__
from evalkit.batch import Request, Settings, make_plan, run_batch
from evalkit.report.index import Entry, index_html
from evalkit.report.page import asset_bytes

RESULT = Path(__file__).parent / "results" / "pages.md"
PAGE = "suqian_ecommerce/impact-disposable_income_pc_yuan.html"
LOADS, ROWS = 9, 1_000
ZH = (
    "假定没有项目时，试点村与对照村的变化会相同，那么与没有项目时的预期水平相比，试点村第{n}项指标"
    "高约{most}元/年，合理范围为{n}至{most}元/年。"
)
EN = (
    "If without the programme pilot villages would have changed as comparison villages did, then indicator {n} there "
    "stood about {most} yuan a year higher than expected without the programme; plausible range {n} to {most} yuan."
)
CLAIMS = ("effect", "effect_if_parallel_trends", "effect_if_assumed", "change_only")
PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0].startTime"
LOADED = "() => performance.getEntriesByType('navigation')[0].loadEventEnd"
DRAWN = (
    "() => [...document.querySelectorAll('.plot')].filter(b => b.offsetParent).every(b => b.querySelector('.main-svg'))"
)
AFTER = """([name, value]) => new Promise(done => {
    const field = document.forms[0].elements[name], start = performance.now();
    field.value = value;
    field.dispatchEvent(new Event('input', {bubbles: true}));
    requestAnimationFrame(() => { const channel = new MessageChannel();
        channel.port1.onmessage = () => done(performance.now() - start); channel.port2.postMessage(0); });
})"""
"""Milliseconds from a change of a field to the end of the frame that shows it."""


def entries() -> list[Entry]:
    """Return a list like those of real findings: 20 programmes, sentences of usual length, all claims and domains."""
    out = []
    for n in range(ROWS):
        zh, en = ZH.format(n=n, most=n + 200), EN.format(n=n, most=n + 200)
        out.append(
            Entry(
                f"p{n % 20}/impact-{n}.html",
                f"p{n % 20}",
                {"zh": f"第{n % 20}个项目", "en": f"Programme {n % 20}"},
                {"zh": f"第{n}项指标", "en": f"Indicator {n}"},
                {"zh": zh, "en": en},
                True,
                "done",
                CLAIMS[n % 4],
                ("income", "credit", "sales", "other")[n % 4],
                (n + 100.0, float(n), n + 200.0),
            )
        )
    return out


def make_pages(out: Path) -> None:
    """Make one real impact page, and beside it the list of 1,000."""
    plan = make_plan(Request())
    runs = tuple(run for run in plan.runs if run.page == PAGE)
    run_batch(replace(plan, runs=runs, complete=frozenset()), Settings(out, workers=1))
    for name, content in asset_bytes().items():
        (out / "assets" / name).write_bytes(content)
    (out / "thousand.html").write_text(index_html(entries(), __version__), encoding="utf-8")


def loads(browser: Browser, file: Path, measure: Callable[[Page], float]) -> list[float]:
    """Return a measure of several loads, each in a new context."""
    found = []
    for _ in range(LOADS):
        context = browser.new_context(viewport={"width": 1280, "height": 900}, offline=True, locale="zh-CN")
        page = context.new_page()
        page.goto(file.as_uri())
        page.wait_for_load_state("load")
        found.append(measure(page))
        context.close()
    return found


def until_drawn(page: Page) -> float:
    """Return milliseconds from navigation until every visible figure is drawn."""
    page.wait_for_function(DRAWN)
    return float(page.evaluate("() => performance.now()"))


def measured(browser: Browser, out: Path) -> list[tuple[str, list[float], float | None]]:
    """Return what was measured: name, milliseconds of each load, the most that the project allows itself."""
    page, list_ = out / PAGE, out / "thousand.html"
    value: Callable[[str], Callable[[Page], float]] = lambda script: lambda p: float(p.evaluate(script))  # noqa: E731
    field: Callable[[str, str], Callable[[Page], float]] = lambda n, v: lambda p: float(p.evaluate(AFTER, [n, v]))  # noqa: E731
    return [
        ("impact page: first paint", loads(browser, page, value(PAINT)), 1000),
        ("impact page: all figures drawn", loads(browser, page, until_drawn), None),
        (f"list of {ROWS:,}: first paint", loads(browser, list_, value(PAINT)), 1000),
        (f"list of {ROWS:,}: loaded", loads(browser, list_, value(LOADED)), 1000),
        ("filter by programme", loads(browser, list_, field("programme", "p7")), 100),
        ("search for a word", loads(browser, list_, field("search", "777")), 100),
        ("sort by name", loads(browser, list_, field("sort", "page")), None),
    ]


def report(rows: list[tuple[str, list[float], float | None]], sizes: dict[str, int], browser: str) -> str:
    """Return the text of the result."""
    lines = [
        "# Pages in a browser",
        "",
        f"`python benchmarks/pages.py` on {os.cpu_count()} cores, {platform.system()}, Chromium {browser}",
        f"without a graphics card, {time.strftime('%Y-%m-%d')}. Milliseconds, median of {LOADS} loads from disk, each",
        "in a new browser context; a filter counts until the frame that shows it is done.",
        "",
        "| what | median | least to most | allowed |",
        "|---|---|---|---|",
    ]
    for name, values, most in rows:
        allowed = "" if most is None else f"< {most:,.0f}" + (", missed" if statistics.median(values) > most else "")
        lines.append(
            f"| {name} | {statistics.median(values):,.0f} | {min(values):,.0f} to {max(values):,.0f} | {allowed} |"
        )
    lines += ["", *(f"{name}: {size / 1000:,.0f} kB." for name, size in sizes.items()), ""]
    return "\n".join(lines)


def main() -> int:
    """Measure and write the result; exit 1 where there is no browser."""
    chromium = shutil.which("chromium")
    if chromium is None:
        print("needed: the package chromium", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        out = Path(folder) / "findings"
        make_pages(out)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        rows = measured(browser, out)
        sizes = {"The impact page": (out / PAGE).stat().st_size, "The list": (out / "thousand.html").stat().st_size}
        sizes["The bundle that all pages share"] = (out / "assets/plotly-cartesian.min.js").stat().st_size
        text = report(rows, sizes, browser.version)
        browser.close()
    RESULT.write_text(text, encoding="utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
