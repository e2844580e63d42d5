"""Writes group_time_golden.csv: ATT(g, t) and its averages by csdid 0.4.3 and diff-diff 3.13.0.

It also writes one of its inputs, group_time_balanced.csv; the others are the committed crv2_*.csv. Run from the root of
the project, in an environment with these two and no evalkit: `python -m tests.reference.group_time_peers`. Intervals
cluster by village.

csdid with complete households or (allow_unbalanced_panel) all rows; diff-diff with households seen in both rounds.
diff-diff multiplies the variance by G/(G − 1), which csdid and R did do not: its standard errors are written without.
With the covariate x (its value in the earlier round) only csdid: diff-diff does not normalise the comparison's weights.
diff-diff counts anticipated rounds as treated in its averages, so only its ATT(g, t) are written with anticipation.
"""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tests.reference import panels

HERE = Path(__file__).parent
COMPARISONS = {"never": ("nevertreated", "never_treated"), "not_yet": ("notyettreated", "not_yet_treated")}
EVERY = list(itertools.product(COMPARISONS, ("varying", "universal"), (0, 1), ("", "weight")))
SETTINGS = [
    *(("staggered", *setting) for setting in EVERY),
    *((case, *EVERY[i]) for case in ("panel", "lone") for i in (0, 1, 4, 8, 14)),
]
AGGREGATES = {"dynamic": "event_time", "group": "cohort", "calendar": "time"}
Row = tuple[str, str, float, float]


def read(case: str) -> pd.DataFrame:
    """Read an input with whole-number keys, as csdid needs them."""
    rows = pd.read_csv(HERE / f"{'group_time' if case == 'balanced' else 'crv2'}_{case}.csv")
    for name in ("household", "village"):
        rows[name] = rows[name].astype("category").cat.codes
    return rows


def csdid(
    rows: pd.DataFrame, comparison: str, base: str, anticipation: int, weight: str, sample: str, method: str = ""
) -> Iterator[Row]:
    """Yield aggregate, term, estimate and standard error by csdid; with a method, with the covariate."""
    from csdid.att_gt import ATTgt

    model = ATTgt(
        yname="y",
        tname="round",
        idname="household",
        gname="first",
        data=rows.copy(),
        control_group=COMPARISONS[comparison][0],
        clustervar="village",
        weights_name=weight or None,
        anticipation=anticipation,
        allow_unbalanced_panel=sample == "all_rows",
        xformla="y ~ x" if method else None,
    ).fit(est_method=method or "reg", base_period=base, bstrap=False)
    found = model.results
    for g, t, att, se in zip(found["group"], found["year"], found["att"], found["se"], strict=True):
        yield "none", f"cohort={int(g)},time={int(t)}", att, se
    for aggregate in ("simple", *AGGREGATES):
        result = model.aggte(typec=aggregate, na_rm=True).atte
        yield aggregate, "att", result["overall_att"], result["overall_se"]
        if aggregate != "simple":
            each = zip(result["egt"], result["att_egt"], np.ravel(result["se_egt"]), strict=True)
            yield from ((aggregate, f"{AGGREGATES[aggregate]}={int(k)}", a, s) for k, a, s in each)


def diff_diff(rows: pd.DataFrame, comparison: str, base: str, anticipation: int, weight: str) -> Iterator[Row]:
    """Yield aggregate, term, estimate and standard error by diff-diff."""
    from diff_diff import CallawaySantAnna, SurveyDesign

    model = CallawaySantAnna(
        control_group=COMPARISONS[comparison][1],
        anticipation=anticipation,
        estimation_method="reg",
        base_period=base,
        cluster=None if weight else "village",
    )
    design = SurveyDesign(weights=weight, psu="village") if weight else None
    result = model.fit(rows, "y", "household", "round", "first", survey_design=design)
    villages = rows["village"].nunique()
    factor = ((villages - 1) / villages) ** 0.5
    for (g, t), cell in result.group_time_effects.items():
        yield "none", f"cohort={int(g)},time={int(t)}", cell["effect"], cell["se"] * factor
    if anticipation:
        return
    yield "simple", "att", result.overall_att, result.overall_se * factor
    for kind, name, label in (("event_study", "dynamic", "event_time"), ("group", "group", "label")):
        table = result.aggregate(kind).to_dataframe()
        for k, att, se in zip(table[label], table["att"], table["se"], strict=True):
            yield name, f"{AGGREGATES[name]}={int(k)}", att, se * factor


def peers() -> Iterator[tuple[Any, ...]]:
    """Yield the rows of the file."""
    for case, comparison, base, anticipation, weight in SETTINGS:
        setting = (comparison, base, anticipation, weight)
        for sample in ("complete", "all_rows"):
            yield from (("csdid", case, sample, *setting, "", *row) for row in csdid(read(case), *setting, sample))
        yield from (("diff-diff", case, "pairwise", *setting, "", *row) for row in diff_diff(read(case), *setting))
    for setting, method in itertools.product((EVERY[0], EVERY[1], EVERY[8], EVERY[15]), ("dr", "reg", "ipw")):
        found = csdid(read("balanced"), *setting, "complete", method)
        yield from (("csdid", "balanced", "complete", *setting, method, *row) for row in found)


def main() -> None:
    """Write the file; numbers to 12 digits, empty where a peer gives none."""
    warnings.simplefilter("ignore")
    balanced = panels.panel(16, [3, 3, 3, 4, 4, 4, 4, 0, 0, 0, 0, 0], households=11, rounds=5, missing=0.0)
    balanced.drop("first_member", "round_weight").write_csv(HERE / "group_time_balanced.csv")
    with contextlib.redirect_stdout(io.StringIO()):
        rows = list(peers())
    names = ["peer", "case", "sample", "comparison", "base", "anticipation", "weights", "method", "aggregate", "term"]
    with (HERE / "group_time_golden.csv").open("w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow([*names, "estimate", "std_error"])
        for *keys, estimate, se in rows:
            numbers = ["" if v is None or not np.isfinite(v) else f"{v:.12g}" for v in (estimate, se)]
            out.writerow([*keys, *numbers])


if __name__ == "__main__":
    main()
