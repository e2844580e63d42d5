"""One pilot village: what `auto` gives where it gives an interval, how often it refuses, and what others give."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

import evalkit
from intervals.batch import DRAWING, DRAWS, Draws, add_effect, check, fitted, joined, values, village_sums
from intervals.designs import Study
from intervals.draws import Array, Sample, sample, sums
from intervals.study import POWER_AT, chosen_by_auto, upper_bound
from intervals.table import LEAST

MARKS = ("<!-- one pilot -->\n", "<!-- one pilot ends -->\n")
"""Between these lines of docs/coverage.md stands what the study makes."""
METHODS = ("wild", "ferman_pinto", "conley_taber")
RANKS_FROM = 20
"""Methods that rank villages have no 95 % interval with fewer."""
SAMPLES, EACH = 250, 20
"""Draws of villages and households, and of outcomes for each: 5,000 in all."""
FIRST_SEED = 200
CHECKED = 5
"""One outcome of every fifth sample is also computed by `infer` on households; lengths are of these."""


def run(study: Study, seed: int) -> list[dict[str, Any]]:
    """Return one row a method, and one, ``auto``, of the samples in which the default gives an interval."""
    methods = METHODS if study.villages >= RANKS_FROM else METHODS[:1]
    parts: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {m: [] for m in (*methods, "auto")}
    lengths: dict[str, list[float]] = {m: [] for m in parts}
    taken: list[str] = []
    spread = float(np.sqrt(np.mean([values(_drawn(study, seed, i)[2]) ** 2 for i in range(0, SAMPLES, 5)])))
    for i in range(SAMPLES):
        drawn, y, draws = _drawn(study, seed, i)
        takes = chosen_by_auto(draws.estimate)
        taken.append(takes)
        both = joined(draws, add_effect(draws, POWER_AT * spread))
        for name in methods:
            truth, zero = np.split(DRAWING[name](both), 2)
            parts[name].append((truth > 0.05, zero <= 0.05))
            if name == takes:
                parts["auto"].append(parts[name][-1])
        if i % CHECKED == 0:
            own = check(draws, drawn, y, i // CHECKED % EACH, np.random.default_rng([seed, i, 2]), methods)
            for name in (*methods, *(["auto"] if takes else [])):
                lengths[name].append(own[takes if name == "auto" else name])
    return [_row(study, name, parts[name], np.array(lengths[name]) / spread, taken) for name in parts]


def _drawn(study: Study, seed: int, i: int) -> tuple[Sample, Array, Draws]:
    """Return villages, outcomes by draw, and what all methods work on, of sample `i`."""
    rng = np.random.default_rng([seed, i])
    drawn = sample(study, rng)
    y = sums(drawn, EACH, rng)
    return drawn, y, village_sums(drawn, y, fitted(drawn, y[0], np.random.default_rng([seed, i, 1])))


def _row(
    study: Study, name: str, parts: list[tuple[np.ndarray, np.ndarray]], half: np.ndarray, taken: list[str]
) -> dict[str, Any]:
    covers, finds = (np.concatenate([p[k] for p in parts]) if parts else np.zeros(0, bool) for k in (0, 1))
    hits, n, finite = int(covers.sum()), len(covers), half[np.isfinite(half)]
    return {
        "villages": study.villages,
        "design": study.name,
        "method": name,
        "takes": " / ".join(sorted(set(taken) - {""})),
        "refused": taken.count("") / len(taken) if name == "auto" else None,
        "draws": n,
        "coverage": hits / n if n else None,
        "upper_bound": upper_bound(hits, n) if n else None,
        "power": float(finds.mean()) if n else None,
        "median_half_length": float(np.median(finite)) if len(finite) else None,
        "share_without_interval": 1 - len(finite) / len(half) if len(half) else None,
    }


def page(frame: pl.DataFrame, minutes: float) -> str:
    """Return the committed page."""
    text = (
        f"Command: `.venv/bin/python benchmarks/coverage.py --one-pilot`, {minutes:.0f} minutes on two cores beside "
        f"other work, evalkit {evalkit.__version__}. Each design: {SAMPLES * EACH:,} draws ({SAMPLES} samples of "
        f"villages and households × {EACH} outcomes). × marks a coverage whose upper 99 % binomial bound lies below "
        f"{LEAST:.1%}; ( ) holds the median half-length in standard deviations of the estimate, from "
        f"{SAMPLES // CHECKED} draws of {DRAWS} vectors; [ ] the share of draws whose interval has no ends. Power is "
        "at a true effect of 2.8 standard deviations. `auto` is measured where it gives an interval."
    )
    parts = ["# One pilot village: coverage, length, power", text, by_number(frame), by_design(frame)]
    return "\n\n".join(parts) + "\n"


def shown(document: str, frame: pl.DataFrame) -> str:
    """Return the document with the table by number of villages."""
    before, rest = document.split(MARKS[0])
    return f"{before}{MARKS[0]}{by_number(frame)}\n{MARKS[1]}{rest.split(MARKS[1])[1]}"


def by_number(frame: pl.DataFrame) -> str:
    """Return one row a number of villages: what `auto` takes, its worst coverage, its lengths, what it refuses."""
    lines = [
        "| villages, one of them pilot | `auto` takes | its worst coverage | median half-lengths | power | refused |",
        "|---" * 6 + "|",
    ]
    for (n,), group in frame.filter(method="auto").group_by("villages", maintain_order=True):
        given = group.filter(pl.col("draws") > 0)
        worst = given.sort("coverage").row(0, named=True)
        low, high = given["median_half_length"].min(), given["median_half_length"].max()
        power = f"{given['power'].min():.2f} to {given['power'].max():.2f}"
        lines.append(
            f"| {n} | {' / '.join(sorted(set(given['takes'])))} "
            f"| {_cover(worst)} ({worst['design'].split(maxsplit=1)[1]}) "
            f"| {low:.1f} to {high:.1f} | {power} | {group['refused'].mean():.0%} |"
        )
    return "\n".join(lines)


def by_design(frame: pl.DataFrame) -> str:
    """Return one row a design: `auto`, and each method over all draws."""
    lines = [
        "| design | `auto` takes | refused | `auto` | power | wild | Ferman–Pinto | Conley–Taber |",
        "|---" * 8 + "|",
    ]
    for (design,), group in frame.group_by("design", maintain_order=True):
        rows = {row["method"]: row for row in group.iter_rows(named=True)}
        auto = rows["auto"]
        power = "" if auto["power"] is None else f"{auto['power']:.2f}"
        cells = " | ".join(_cell(rows[m]) if m in rows else "none" for m in METHODS)
        refused = f"{auto['refused']:.0%}"
        lines.append(f"| {design} | {auto['takes']} | {refused} | {_cell(auto)} | {power} | {cells} |")
    return "\n".join(lines)


def fails(row: dict[str, Any]) -> bool:
    """Whether a method fails a design."""
    return row["coverage"] is not None and row["upper_bound"] < LEAST


def _cover(row: dict[str, Any]) -> str:
    return f"{row['coverage']:.3f}{'×' if fails(row) else ''}"


def _cell(row: dict[str, Any]) -> str:
    if row["coverage"] is None or row["median_half_length"] is None:
        return "none"
    without = f" [{row['share_without_interval']:.0%}]" if row["share_without_interval"] else ""
    return f"{_cover(row)} ({row['median_half_length']:.1f}){without}"
