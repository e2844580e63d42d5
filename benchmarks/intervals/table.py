"""The tables of the study, in markdown: what covers, how long it is, and what the default is beside the shortest."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from typing import Any

import polars as pl

NAMES = {
    "crv1": "CRV1",
    "crv2": "CRV2",
    "crv3": "CRV3",
    "jackknife": "jackknife",
    "wild": "wild",
    "randomization": "randomization",
    "conley_taber": "Conley–Taber",
    "ferman_pinto": "Ferman–Pinto",
}
LEAST = 0.935
"""A design fails where the upper 99 % bound of coverage lies below this."""
Cell = dict[str, Any]


TABLES = "<!-- tables -->\n"
"""What follows this line in docs/coverage.md is made by the study."""


def shown(document: str, page_text: str) -> str:
    """Return the document with the tables of the page, without its title."""
    return document.split(TABLES)[0] + TABLES + page_text.split("\n", 1)[1]


def page(frame: pl.DataFrame, minutes: float) -> str:
    """Return the committed page."""
    parts = [
        "# Intervals with few villages: coverage, length, power",
        f"Command: `.venv/bin/python benchmarks/coverage.py`, {minutes:.0f} minutes on one core. Machine: "
        f"{os.cpu_count()} cores, Python {platform.python_version()}, evalkit {version('evalkit')}, "
        f"numpy {version('numpy')}.",
        f"Each design: 5,000 draws (500 samples of villages and households × 10 outcomes). × marks a coverage whose "
        f"upper 99 % binomial bound lies below {LEAST:.1%}. Half-lengths are in standard deviations of the estimate "
        "(1.96 if that were known); those of methods that draw from 250 of the draws. "
        "Where some draws have no interval, numbers are of the others and the share without stands in [ ]. "
        "The size of the test of no effect is one less coverage. Conley–Taber and Ferman–Pinto are measured with one "
        "pilot village only.",
        "## Coverage of the 95 % interval (mean half-length)\n\n" + by_design(frame),
        "## The default beside the shortest method that covers\n\n" + by_pair(frame),
        "## Power (median half-length)\n\nAt a true effect of 2.8 standard deviations of the estimate.\n\n"
        + by_design(frame, power=True),
        "## Defaults of others, the same draws (500 of them)\n\n" + peers(frame),
    ]
    return "\n\n".join(parts) + "\n"


def by_design(frame: pl.DataFrame, *, power: bool = False) -> str:
    """Return one row a design, one column a method."""
    lines = [
        "| villages / pilot, design | default | " + " | ".join(NAMES.values()) + " |",
        "|---" * (2 + len(NAMES)) + "|",
    ]
    for name, by_method in cells(frame).items():
        numbers = [_numbers(by_method[m], power) if m in by_method else "" for m in NAMES]
        lines.append(f"| {name} | {NAMES.get(chosen(by_method), 'refused')} | " + " | ".join(numbers) + " |")
    return "\n".join(lines)


def cells(frame: pl.DataFrame) -> dict[str, dict[str, Cell]]:
    """Return the numbers by design and method."""
    out: dict[str, dict[str, Cell]] = {}
    for row in frame.iter_rows(named=True):
        out.setdefault(row["design"], {})[row["method"]] = row
    return out


def chosen(by_method: dict[str, Cell]) -> str:
    """Return the method that the default takes, empty where it refuses."""
    return next((name for name, cell in by_method.items() if cell["chosen"]), "")


def _has(cell: Cell) -> bool:
    return cell["share_without_interval"] < 1


def fails(cell: Cell) -> bool:
    """Whether a method fails a design in which it gives intervals."""
    return _has(cell) and cell["upper_bound"] < LEAST


def _numbers(cell: Cell, power: bool) -> str:
    if not _has(cell):
        return "none"
    share = cell["share_without_interval"]
    without = f" [{share:.0%}]" if share > 0 else ""
    if power:
        return f"{cell['power']:.2f} ({cell['median_half_length']:.2f}){without}"
    return f"{cell['coverage']:.3f}{'×' if fails(cell) else ''} ({cell['mean_half_length']:.2f}){without}"


def by_pair(frame: pl.DataFrame) -> str:
    """Return, by numbers of villages, which methods cover in every design and how long the default is beside them."""
    lines = [
        "| villages / pilot | designs | default | its worst coverage | covering in all: mean half-length | ratio |",
        "|---" * 6 + "|",
    ]
    beside = ratios(frame)
    for pair, designs in _pairs(frame).items():
        lengths = sorted(covering_lengths(designs).items(), key=lambda item: item[1])
        listed = ", ".join(f"{NAMES[m]} {v:.2f}" for m, v in lengths)
        own = chosen(designs[0])
        worst = f"{min(c[own]['coverage'] for c in designs):.3f}" if own else ""
        ratio = f"{beside[pair]:.2f}" if pair in beside else ""
        default = NAMES.get(own, "refused")
        lines.append(f"| {pair} | {len(designs)} | {default} | {worst} | {listed or 'none'} | {ratio} |")
    return "\n".join(lines)


def ratios(frame: pl.DataFrame) -> dict[str, float]:
    """Return, by numbers of villages, the default's mean half-length over that of the shortest that covers in all."""
    return {
        pair: _mean(designs, chosen(designs[0])) / min(covering_lengths(designs).values())
        for pair, designs in _pairs(frame).items()
        if chosen(designs[0])
    }


def _pairs(frame: pl.DataFrame) -> dict[str, list[dict[str, Cell]]]:
    """Group the designs by numbers of villages."""
    pairs: dict[str, list[dict[str, Cell]]] = {}
    for name, by_method in cells(frame).items():
        pairs.setdefault(name.split()[0], []).append(by_method)
    return pairs


def covering_lengths(all_cells: list[dict[str, Cell]]) -> dict[str, float]:
    """Return the mean half-length of each method that always gives an interval and fails in no design."""
    return {
        m: _mean(all_cells, m)
        for m in NAMES
        if all(m in c and c[m]["share_without_interval"] == 0 and not fails(c[m]) for c in all_cells)
    }


def _mean(all_cells: list[dict[str, Cell]], method: str) -> float:
    return sum(c[method]["mean_half_length"] for c in all_cells) / len(all_cells)


def peers(frame: pl.DataFrame) -> str:
    """Return one row a design: each peer's coverage and mean half-length, and evalkit's default."""
    names = [m for m in frame["method"].unique(maintain_order=True) if m not in NAMES]
    lines = ["| design | " + " | ".join(names) + " | evalkit, default (5,000 draws) |", "|---" * (2 + len(names)) + "|"]
    for design, by_method in cells(frame).items():
        if names and set(names) <= set(by_method):
            numbers = [f"{by_method[n]['coverage']:.3f} ({by_method[n]['mean_half_length']:.2f})" for n in names]
            own = _numbers(by_method[chosen(by_method)], False)
            lines.append(f"| {design} | " + " | ".join([*numbers, own]) + " |")
    return "\n".join(lines)
