"""Golden numbers of imputation and Sun–Abraham, by packages that share no code with evalkit.

    python -m tests.reference.imputation        # with did-imputation 0.1.0 and diff-diff 3.13.0 installed beside pandas

writes imputation_golden.csv from the committed inputs of crv2.R. did-imputation follows Stata's did_imputation
(averages by cluster); diff-diff averages by unit whatever the clusters. Households seen once are left out before.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pandas as pd

HERE = Path(__file__).parent
INPUTS = ("panel", "staggered", "lone")


def read(name: str, sample: str) -> pd.DataFrame:
    """Return an input with numbered keys: all households seen twice, or only those seen in all rounds."""
    frame = pd.read_csv(HERE / f"crv2_{name}.csv")
    seen = frame.groupby("household")["household"].transform("size")
    frame = frame[seen > 1 if sample == "unbalanced" else seen == frame["round"].nunique()].copy()
    frame["starts"] = frame["first"].where(frame["first"] > 0)
    for key in ("household", "village"):
        frame[f"{key}_number"] = frame[key].astype("category").cat.codes.astype(int)
    return frame.reset_index(drop=True)


def stata(frame: pd.DataFrame, weights: str | None, cluster: str) -> dict[str, tuple[float, float]]:
    """Return att and event times by did-imputation."""
    from did_imputation import did_imputation

    found: dict[str, tuple[float, float]] = {}
    for horizons in (False, True):
        fit = did_imputation(
            frame.copy(), "y", "household_number", "round", "starts",
            aw=weights, cluster=f"{cluster}_number", minn=0, allhorizons=horizons,
        )  # fmt: skip
        for name, value in fit.estimates.items():
            term = "att" if name == "tau_ate" else f"event_time={name.removeprefix('tau')}"
            found[term] = float(value), float(fit.std_errors[name])
    return found


def by_unit(frame: pd.DataFrame, cluster: str) -> dict[str, tuple[float, float]]:
    """Return att and event times by diff-diff's imputation."""
    from diff_diff import ImputationDiD

    fit = ImputationDiD(cluster=cluster).fit(frame, "y", "household", "round", "first")
    table = fit.aggregate("event_study")
    after = zip(table.event_time, table.att, table.se, strict=True)
    found = {f"event_time={int(k)}": (float(b), float(s)) for k, b, s in after if k >= 0}
    return {"att": (float(fit.overall_att), float(fit.overall_se)), **found}


def interacted(frame: pd.DataFrame, cluster: str) -> dict[str, tuple[float, float]]:
    """Return att and event times by diff-diff's Sun–Abraham, without weights (with them it has survey errors)."""
    from diff_diff import SunAbraham

    fit = SunAbraham(cluster=cluster).fit(frame, "y", "household", "round", "first")
    times = {f"event_time={int(k)}": (float(v["effect"]), float(v["se"])) for k, v in fit.event_study_effects.items()}
    return {"att": (float(fit.overall_att), float(fit.overall_se)), **times}


def rows() -> list[dict[str, Any]]:
    """Return one row for each package, input, sample, weight, cluster and term."""
    out = []
    for name in INPUTS:
        for sample in ("unbalanced", "balanced"):
            frame = read(name, sample)
            for cluster in ("village", "household"):
                fits = {
                    ("did-imputation", ""): stata(frame, None, cluster),
                    ("did-imputation", "weight"): stata(frame, "weight", cluster),
                    ("diff-diff imputation", ""): by_unit(frame, cluster),
                    ("diff-diff sun_abraham", ""): interacted(frame, cluster),
                }
                for (package, weights), found in fits.items():
                    keys = {"package": package, "input": name, "sample": sample, "cluster": cluster, "weights": weights}
                    out += [{**keys, "term": t, "estimate": b, "std_error": s} for t, (b, s) in found.items()]
    return out


def main() -> None:
    """Write the golden numbers."""
    warnings.simplefilter("ignore")
    table = pd.DataFrame(rows()).sort_values(["package", "input", "sample", "cluster", "weights", "term"])
    table.to_csv(HERE / "imputation_golden.csv", index=False, float_format="%.10g")


if __name__ == "__main__":
    main()
