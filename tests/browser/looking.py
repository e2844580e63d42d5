"""Opening a page offline and looking at it: what went wrong, overflows, overlaps, is cut off or faint."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, Page

from tests.browser.access import AXE, FAINT, RUN_AXE

PAPER = 718
"""Pixels across a sheet of A4 within Chromium's margins: no sheet is narrower."""
DRAWN = """() => [...document.querySelectorAll('.plot')].filter(b => b.offsetParent).map(b =>
    b.querySelectorAll('.scatterlayer .point, .scatterlayer path.js-line, .barlayer path').length)"""
OVERLAPS = """() => [...document.querySelectorAll('.plot')].filter(b => b.offsetParent).flatMap(plot =>
    ['.xtick', '.ytick', '.legendtext'].flatMap(kind => {
        const boxes = [...plot.querySelectorAll(kind)].map(e => [e.textContent, e.getBoundingClientRect()]);
        return boxes.flatMap(([a, p], i) => boxes.slice(i + 1).filter(([b, q]) =>
            p.left < q.right - 1 && q.left < p.right - 1 && p.top < q.bottom - 1 && q.top < p.bottom - 1
        ).map(([b]) => a + ' | ' + b));
    }))"""
CUT = """() => [...document.querySelectorAll('.plot')].filter(b => b.offsetParent).flatMap(plot => {
    const frame = plot.getBoundingClientRect();
    return [...plot.querySelectorAll('.xtick, .ytick, .legendtext, .xtitle, .ytitle')].filter(e => {
        const box = e.getBoundingClientRect();
        return box.left < frame.left - 1 || box.right > frame.right + 1;
    }).map(e => e.textContent);
})"""


@dataclass(frozen=True)
class Opened:
    """A page in the browser, and everything that went wrong in it."""

    page: Page
    problems: list[str] = field(default_factory=list)


@contextmanager
def open_page(browser: Browser, address: str, lang: str, width: int, look: str) -> Iterator[Opened]:
    """Open a page in a new context, with the network off; ``look`` is light, dark or print."""
    scheme = "dark" if look == "dark" else "light"
    size = {"width": width, "height": 900}
    context = browser.new_context(viewport=size, offline=True, color_scheme=scheme, locale=lang)
    found = Opened(context.new_page())
    found.page.emulate_media(media="print" if look == "print" else "screen", color_scheme=scheme)
    found.page.on("console", lambda m: found.problems.append(m.text) if m.type in ("error", "warning") else None)
    found.page.on("pageerror", lambda error: found.problems.append(str(error)))
    found.page.on("requestfailed", lambda request: found.problems.append(f"failed: {request.url}"))
    local = ("file:", "data:", "blob:")
    found.page.on("request", lambda r: None if r.url.startswith(local) else found.problems.append(r.url))
    found.page.goto(f"{address}?lang={lang}")
    found.page.wait_for_load_state("load")
    try:
        yield found
    finally:
        context.close()


def faults(found: Opened, width: int, look: str) -> list[str]:
    """Return what is wrong with an opened page, by what was looked at; nothing where it is whole."""
    page = found.page
    wide = int(page.evaluate("document.documentElement.scrollWidth"))
    out = [f"problem: {p}" for p in found.problems]
    out += [f"{wide} pixels wide"] if wide > max(width, PAPER if look == "print" else 0) else []
    out += ["a figure is empty"] if not all(page.evaluate(DRAWN)) else []
    out += [f"overlap: {o}" for o in page.evaluate(OVERLAPS)] + [f"cut off: {c}" for c in page.evaluate(CUT)]
    out += [f"faint: {label} ({ratio:.1f})" for label, ratio in page.evaluate(FAINT)]
    page.evaluate(AXE)
    return out + [f"axe: {name} {where}" for name, where in page.evaluate(RUN_AXE)]
