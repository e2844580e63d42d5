"""The chart of the claim gate: docs/gate_chart.toml as a picture, and the walk that a test holds against the gate."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from functools import lru_cache
from html import escape
from typing import Any, get_args

from docs.making.stage import ROOT
from evalkit.gate import MIN_VILLAGES, REJECTED, Claim, Evidence
from evalkit.report.wording import WORDS, Language

ASKS: dict[str, Callable[[Evidence], bool]] = {
    "small": lambda e: e.smallest_arm is not None,
    "few_pilot": lambda e: e.n_pilot < (1 if e.covers_one_pilot else MIN_VILLAGES),
    "few_comparison": lambda e: 0 < e.n_comparison < MIN_VILLAGES,
    "alone": lambda e: e.n_comparison == 0,
    "no_interval": lambda e: not e.has_interval,
    "cutoff": lambda e: e.at_cutoff,
    "bunched": lambda e: e.density_p is None or e.density_p < REJECTED,
    "matched": lambda e: e.n_matched > 0,
    "misfit": lambda e: any(p is not None and p < REJECTED for p in (e.p_fit, e.p_early)),
    "drawn": lambda e: e.assignment == "randomised",
    "lost": lambda e: e.attrition is not None,
    "no_rounds": lambda e: e.n_leads == 0,
    "apart": lambda e: e.pre_trend_p is not None and e.pre_trend_p < REJECTED,
}
Step = dict[str, Any]
ROW, WIDTH = 92, 980
X, W = (8, 350, 690), (300, 290, 282)


@lru_cache(maxsize=1)
def steps() -> dict[str, Step]:
    """Return the questions by name, in the order in which they are asked."""
    return tomllib.loads((ROOT / "docs" / "gate_chart.toml").read_text(encoding="utf-8"))


def walk(evidence: Evidence) -> Claim:
    """Follow the chart to its end and return the claim that stands there."""
    place = next(iter(steps()))
    while place in steps():
        place = steps()[place]["yes" if ASKS[place](evidence) else "no"]
    return next(claim for claim in get_args(Claim) if claim == place)


def svg(lang: Language) -> str:
    """Return the chart as a picture: questions down the left, what a yes leads to on the right."""
    spine = [next(iter(steps()))]
    while (following := steps()[spine[-1]]["no"]) in steps():
        spine.append(following)
    height = ROW * len(spine) + 60
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
    ]
    for row, name in enumerate(spine):
        parts += _row(row * ROW + 8, name, lang)
    parts += _box(0, ROW * len(spine) + 8, 42, WORDS[lang].claims[steps()[spine[-1]]["no"]], "#e6f0e6")
    return "\n".join([*parts, "</svg>", ""])


def _row(top: int, name: str, lang: Language) -> list[str]:
    yes, no = {"zh": ("是", "否"), "en": ("yes", "no")}[lang]
    middle = top + 34
    parts = _box(0, top, 68, steps()[name][lang], "#eef2f8")
    parts += [*_line(X[0] + 40, top + 68, X[0] + 40, top + ROW), *_word(X[0] + 48, top + 84, no)]
    parts += [*_line(X[0] + W[0], middle, X[1], middle), *_word(X[0] + W[0] + 8, middle - 5, yes)]
    after = steps()[name]["yes"]
    if after not in steps():
        return [*parts, *_box(1, top, 68, WORDS[lang].claims[after], "#e6f0e6")]
    parts += _box(1, top, 68, steps()[after][lang], "#eef2f8")
    for place, word, key in ((top, yes, "yes"), (top + 40, no, "no")):
        end = X[1] + W[1]
        parts += [*_line(end, place + 17, X[2], place + 17), *_word(end + 8, place + 12, word)]
        parts += _box(2, place, 36, WORDS[lang].claims[steps()[after][key]], "#e6f0e6")
    return parts


def _box(column: int, top: int, height: int, text: str, fill: str) -> list[str]:
    style = "margin:0;height:100%;display:flex;align-items:center;line-height:1.25;font-size:13px;color:#111"
    size = f'x="{X[column]}" y="{top}" width="{W[column]}" height="{height}"'
    inside = f'x="{X[column] + 8}" y="{top}" width="{W[column] - 16}" height="{height}"'
    words = f'<p xmlns="http://www.w3.org/1999/xhtml" style="{style}">{escape(text)}</p>'
    return [
        f'<rect {size} rx="5" fill="{fill}" stroke="#556"/>',
        f"<foreignObject {inside}>{words}</foreignObject>",
    ]


def _line(x1: int, y1: int, x2: int, y2: int) -> list[str]:
    return [f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="#556"/>']


def _word(x: int, y: int, text: str) -> list[str]:
    return [f'<text x="{x}" y="{y}" font-size="12" fill="#111">{text}</text>']
