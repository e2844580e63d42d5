"""Golden weights and estimates of synthetic did and synthetic control, by two peers; shares no code with evalkit.

    python tests/reference/synthetic.py FOLDER_OF_CASES

writes synthetic_panel.csv (households of 14 villages, two of them pilots) and synthetic_golden.csv beside itself.
Made with synthdid 0.10.1 (PyPI; a port of R synthdid) and diff-diff 3.13.0. Both iterate by Frank-Wolfe as R does.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
START = 7


def panel() -> pd.DataFrame:
    """Return three households in each of 14 villages over 10 rounds; v00 and v01 are pilots from round 7 on."""
    rng = np.random.default_rng(16)
    factor, load = np.cumsum(rng.normal(size=11)), rng.uniform(0, 2, size=14)
    rows = []
    for v in range(14):
        level, first = rng.normal(scale=3), START if v < 2 else 0
        for h in range(3):
            own = rng.normal()
            for t in range(1, 11):
                y = 20 + level + own + load[v] * factor[t] + (2.0 if first and t >= first else 0.0) + rng.normal() * 0.5
                rows.append((f"h{v:02d}_{h}", f"v{v:02d}", t, first, round(y, 6)))
    return pd.DataFrame(rows, columns=["household", "village", "round", "first", "y"])


def village_means(rows: pd.DataFrame) -> pd.DataFrame:
    """Return unit, time, y, treated by village and round."""
    means = rows.groupby(["village", "round", "first"], as_index=False)["y"].mean()
    treated = ((means["first"] > 0) & (means["round"] >= means["first"])).astype(int)
    return pd.DataFrame({"unit": means["village"], "time": means["round"], "y": means["y"], "treated": treated})


def by_synthdid(case: str, rows: pd.DataFrame) -> list[tuple[str, str, str, str, float]]:
    """Return weights and estimates of synthdid-py; its fitted object numbers donors in the order of names."""
    from synthdid.synthdid import Synthdid

    out: list[tuple[str, str, str, str, float]] = []
    donors = sorted(rows.loc[~rows["unit"].isin(rows.loc[rows["treated"] == 1, "unit"]), "unit"].unique())
    times = sorted(rows["time"].unique())
    for what, options in {"sdid": {}, "did": {"did": True}}.items():
        fit = Synthdid(rows, "unit", "time", "treated", "y").fit(**options)
        out.append((case, "synthdid", what, "att", float(fit.att)))
        if what == "sdid":
            out += [(case, "synthdid", "donor", u, w) for u, w in zip(donors, fit.weights["omega"][0], strict=True)]
            out += [
                (case, "synthdid", "time", str(t), w) for t, w in zip(times, fit.weights["lambda"][0], strict=False)
            ]
    return out


def by_diff_diff(case: str, rows: pd.DataFrame) -> list[tuple[str, str, str, str, float]]:
    """Return weights, estimate and, with two pilots, the jackknife of diff-diff."""
    from diff_diff import SyntheticDiD

    ever = rows.groupby("unit")["treated"].transform("max")
    after = sorted(rows.loc[rows["treated"] == 1, "time"].unique())
    few = rows.loc[rows["treated"] == 1, "unit"].nunique() < 2
    fit = SyntheticDiD(variance_method="placebo" if few else "jackknife", n_bootstrap=20, seed=1).fit(
        rows.assign(ever=ever), outcome="y", treatment="ever", unit="unit", time="time", post_periods=after
    )
    out = [(case, "diff-diff", "sdid", "att", float(fit.att))]
    out += [] if few else [(case, "diff-diff", "jackknife", "std_error", float(fit.se))]
    out += [(case, "diff-diff", "donor", str(u), float(w)) for u, w in fit.unit_weights.items()]
    out += [(case, "diff-diff", "time", str(t), float(w)) for t, w in fit.time_weights.items()]
    return out + (placebos(case, rows, after, fit.zeta_omega, fit.zeta_lambda) if few else [])


def placebos(
    case: str, rows: pd.DataFrame, after: list[int], zeta_omega: float, zeta_lambda: float
) -> list[tuple[str, str, str, str, float]]:
    """Return the effect with each donor in the place of the pilot, which is left out; penalties of the first fit."""
    from diff_diff import SyntheticDiD

    donors = rows[~rows["unit"].isin(rows.loc[rows["treated"] == 1, "unit"])]
    out = []
    for unit in donors["unit"].unique():
        model = SyntheticDiD(zeta_omega=zeta_omega, zeta_lambda=zeta_lambda, n_bootstrap=2, seed=1)
        fit = model.fit(
            donors.assign(ever=(donors["unit"] == unit).astype(int)),
            outcome="y",
            treatment="ever",
            unit="unit",
            time="time",
            post_periods=after,
        )
        out.append((case, "diff-diff", "placebo", str(unit), float(fit.att)))
    return out


def main(cases: Path) -> None:
    """Write the panel and the golden numbers."""
    warnings.simplefilter("ignore")
    rows = panel()
    rows.to_csv(HERE / "synthetic_panel.csv", index=False)
    prop99 = pd.read_parquet(cases / "prop99.parquet").rename(columns={"state": "unit", "year": "time", "cigsale": "y"})
    golden = []
    for case, data in {"prop99": prop99, "panel": village_means(rows)}.items():
        golden += by_synthdid(case, data) + by_diff_diff(case, data)
    names = ["case", "peer", "what", "key", "value"]
    pd.DataFrame(golden, columns=names).round(8).to_csv(HERE / "synthetic_golden.csv", index=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
