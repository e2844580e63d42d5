"""How often the interval of a dose group holds the truth, by its villages and those without the programme.

    .venv/bin/python benchmarks/doses.py    # about four minutes on one core

Each draw is a panel of one household a village and two rounds, weighted by the village's size: a group of some villages
with a dose of 1, eight with a dose of 3, the others untreated; nothing works. Shocks of villages are normal, those of
the group may be half as large again, sizes equal or from 1 to 3. Groups of two and three villages have no interval in
evalkit; here they are given one to show what it would be. Then, why groups and no curve: a cubic curve over the doses
(diff-diff's ContinuousDiD, as the authors' package has it by default) of as many villages as `weinan_teams` has, at the
least, middle and largest dose, beside two dose groups of the same villages. It writes benchmarks/results/doses.md.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import polars as pl

import evalkit
from evalkit.estimators import dose_groups

RESULT = Path(__file__).parent / "results" / "doses.md"
DRAWS = 1000
CURVES = 400
OTHERS = 8
METHODS = ("auto", "crv3", "crv1")
SCALE = 1.96


@dataclass(frozen=True)
class Design:
    """Villages of the dose group and of the comparison, and whether the group's shocks and villages' sizes differ."""

    group: int
    comparison: int
    larger: bool = False
    unequal: bool = False


DESIGNS = (
    *(Design(k, m) for k in (2, 3, 4, 6, 8) for m in (5, 10, 20)),
    *(Design(k, 10, larger=True, unequal=True) for k in (2, 3, 4, 6, 8)),
)


def draw(rng: np.random.Generator, design: Design) -> evalkit.Moments:
    """Return the moments of one panel; the effect is 0."""
    n = design.group + OTHERS + design.comparison
    village, own = np.repeat(np.arange(n), 2), np.arange(n) < design.group
    time, pilot = np.tile([1, 2], n), np.arange(n) < design.group + OTHERS
    size = np.ones(n)
    if design.unequal:
        size[own] = np.linspace(1, 3, design.group)
        size[~pilot] = np.linspace(1, 3, design.comparison)
    shock = rng.normal(size=n) * np.where(own & design.larger, 1.5, 1.0)
    y = shock[village] * (time == 2) + rng.normal(size=n)[village]
    first = np.where(pilot, 2, 0)[village]
    frame = pl.DataFrame({"v": village, "first": first, "time": time, "w": size[village], "y": y})
    columns = evalkit.Design(unit="v", cluster="v", time="time", first_treated="first", weights="w")
    return evalkit.Moments.from_frame(frame, design=columns, outcomes=["y"])


def measured(design: Design, seed: int) -> list[str]:
    """Return coverage of the group's interval, and its mean half-length in standard deviations, by method."""
    rng = np.random.default_rng(seed)
    held, half, values = np.empty((DRAWS, len(METHODS))), np.empty((DRAWS, len(METHODS))), np.empty(DRAWS)
    dose = {str(v): 1.0 if v < design.group else 3.0 for v in range(design.group + OTHERS)}
    for i in range(DRAWS):
        estimate = evalkit.by_dose(draw(rng, design), dose, [2])
        for j, method in enumerate(METHODS):
            row = evalkit.infer(estimate, method).row("dose=1")
            held[i, j] = row["conf_low"] <= 0 <= row["conf_high"]
            half[i, j], values[i] = (row["conf_high"] - row["conf_low"]) / 2, row["estimate"]
    spread = values.std(ddof=1)
    return [f"{100 * h:.1f} ({w:.2f})" for h, w in zip(held.mean(axis=0), half.mean(axis=0) / spread, strict=True)]


def curve(pilots: int, comparison: int) -> str:
    """Return coverage and mean half-length, by place on a cubic curve over evenly spread doses, then by dose group."""
    import diff_diff

    rng, n = np.random.default_rng(pilots), pilots + comparison
    doses = np.where(np.arange(n) < pilots, np.linspace(1, 3, pilots + 1).take(np.arange(n), mode="clip"), 0.0)
    places = [doses[0], float(np.median(doses[:pilots])), doses[pilots - 1]]
    held, half = np.empty((CURVES, 5)), np.empty((CURVES, 5))
    for i in range(CURVES):
        y = rng.normal(size=(n, 2)).cumsum(axis=1)
        keys = {"v": np.repeat(np.arange(n), 2), "time": np.tile([1, 2], n), "dose": np.repeat(doses, 2)}
        frame = pl.DataFrame({**keys, "first": np.repeat(np.where(doses > 0, 2, 0), 2), "y": y.ravel()})
        model = diff_diff.ContinuousDiD(dvals=np.array(places))
        peer = model.fit(frame.to_pandas(), outcome="y", unit="v", time="time", first_treat="first", dose="dose")
        points = peer.dose_response_att.to_dataframe()
        columns = evalkit.Design(unit="v", cluster="v", time="time", first_treated="first")
        moments = evalkit.Moments.from_frame(frame, design=columns, outcomes=["y"])
        found = evalkit.infer(evalkit.by_dose(moments, {str(v): d for v, d in enumerate(doses)}, [2])).tidy()
        ends = [*points.select_dtypes("number")[["conf_int_lower", "conf_int_upper"]].to_numpy()]
        ends += [*found.select("conf_low", "conf_high").to_numpy()[1:]]
        held[i] = [low <= 0 <= high for low, high in ends]
        half[i] = [(high - low) / 2 for low, high in ends]
    parts = [f"{100 * h:.1f} ({w:.2f})" for h, w in zip(held.mean(axis=0), half.mean(axis=0), strict=True)]
    return f"| {pilots} | {comparison} | {' | '.join(parts)} |"


def main() -> None:
    """Measure every design and write the tables."""
    dose_groups.FEWEST = 2
    lines = []
    for seed, design in enumerate(DESIGNS):
        how = "half as large again" if design.larger else "alike", "1 to 3" if design.unequal else "equal"
        first = f"{design.group} | {design.comparison} | {how[0]} | {how[1]}"
        lines.append(f"| {first} | {' | '.join(measured(design, seed))} |")
        print(lines[-1], flush=True)
    text = [
        "# Dose groups: how often the interval holds the truth",
        "",
        f"Command: `.venv/bin/python benchmarks/doses.py`; {DRAWS} draws a design, percent of 95 % intervals of a dose "
        "group that hold the truth (Monte-Carlo standard error 0.7 at 95), and mean half-length in standard deviations "
        f"of the estimate ({SCALE} if that were known). Eight more pilot villages have another dose. Python "
        f"{platform.python_version()}, evalkit {version('evalkit')}.",
        "",
        "`auto` is the jackknife with degrees of freedom from the smaller side of the comparison; `crv3` has those of "
        "all villages. evalkit gives groups of two and three villages no interval: it would hold the truth only by "
        "being so long that it cannot tell.",
        "",
        f"| villages of the group | comparison villages | shocks of the group | sizes | {' | '.join(METHODS)} |",
        "|---" * 7 + "|",
        *lines,
        "",
        *curves(),
    ]
    RESULT.write_text("\n".join(text), encoding="utf-8")


def curves() -> list[str]:
    """Return the table of curves beside dose groups."""
    return [
        f"A curve over the dose beside two dose groups (below 2, from 2 on), nothing works, {CURVES} draws: percent of "
        "intervals that hold the truth, and mean half-length in standard deviations of a village's change.",
        "",
        "| pilot villages | comparison villages | curve, least dose | middle | largest | lower group | upper group |",
        "|---" * 7 + "|",
        *(curve(*size) for size in ((14, 10), (100, 100))),
        "",
    ]


if __name__ == "__main__":
    main()
