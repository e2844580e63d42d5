"""Common factors by statsmodels' principal components and its OLS, on village means by pandas and on prop99."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from statsmodels.api import OLS, add_constant
from statsmodels.multivariate.pca import PCA

import evalkit
from evalkit import Design, Moments

PANEL = Path(__file__).parent / "synthetic_panel.csv"


def peer(wide: pd.DataFrame, pilots: list[str], before: list[bool], factors: int) -> float:
    """Return the mean gap after the start of villages (rows) by rounds, everything by the packages."""
    donors, pilot = wide.drop(index=pilots), wide.loc[pilots].mean()
    away = donors.sub(donors.mean(axis=1), axis=0)
    courses = PCA((away - away.mean()).T.to_numpy(), ncomp=factors, standardize=False, demean=False).factors
    regressors = add_constant(courses)
    rest = (pilot - donors.mean()).to_numpy()
    early = np.array(before)
    fit = OLS(rest[early], regressors[early]).fit()
    return float((rest - fit.predict(regressors))[~early].mean())


@pytest.mark.parametrize("cluster", ["village", "household"])
@pytest.mark.parametrize("sample", ["balanced", "unbalanced"])
@pytest.mark.parametrize("factors", [1, 2, 3])
def test_against_principal_components_and_ols(factors: int, sample: str, cluster: str) -> None:
    rows = pl.read_csv(PANEL)
    if sample == "unbalanced" and cluster == "village":
        rows = rows.filter(pl.Series(np.random.default_rng(5).random(rows.height) > 0.1))
    if sample == "unbalanced" and cluster == "household":
        rows = rows.filter(~(pl.col("household").is_in(["h05_0", "h09_1"]) & (pl.col("round") == 4)))
    design = Design(unit="household", cluster=cluster, time="round", first_treated="first")
    ours = evalkit.synthetic_factors(Moments.from_frame(rows, design=design, outcomes=["y"]), factors=factors)
    wide = rows.to_pandas().pivot_table(index=cluster, columns="round", values="y", aggfunc="mean").dropna()
    pilots = sorted(set(rows.filter(pl.col("first") > 0)[cluster]))
    theirs = peer(wide, pilots, [t < 7 for t in wide.columns], factors)
    assert ours.values[0] == pytest.approx(theirs, rel=1e-8)


def test_prop99(cases: Path) -> None:
    """California by the number of factors that is chosen; between did and the synthetic estimates that are printed."""
    frame = pl.read_parquet(cases / "prop99.parquet")
    design = Design(unit="state", cluster="state", time="year", treatment="treated")
    ours = evalkit.synthetic_factors(Moments.from_frame(frame, design=design, outcomes=["cigsale"]))
    wide = frame.to_pandas().pivot_table(index="state", columns="year", values="cigsale")
    number = int(ours.notes[-1].split()[0])
    assert ours.values[0] == pytest.approx(peer(wide, ["California"], [t < 1989 for t in wide.columns], number))
