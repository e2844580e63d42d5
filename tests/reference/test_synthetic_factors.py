"""Common factors by statsmodels' principal components, and its OLS with Fuller's correction, on means by pandas.

OLS on regressors with errors of known variance: the sums of squares less n times that variance (Fuller 1987, equation
2.2.12 with nothing else in error). Variances of errors are those that the components leave over, by donor.
"""

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

CLEAR = 0.1
"""Of a factor that is noise by more than this share nothing is taken off; docs say so."""
PANEL = Path(__file__).parent / "synthetic_panel.csv"


def peer(wide: pd.DataFrame, pilots: list[str], before: list[bool], factors: int) -> tuple[float, float]:
    """Return the mean gap after the start of villages (rows) by rounds: as OLS has it, and corrected."""
    donors, pilot = wide.drop(index=pilots), wide.loc[pilots].mean()
    away = donors.sub(donors.mean(axis=1), axis=0)
    data = (away - away.mean()).T.to_numpy()
    pca = PCA(data, ncomp=factors, standardize=False, demean=False)
    regressors = add_constant(pca.factors)
    rest = (pilot - donors.mean()).to_numpy()
    early = np.array(before)
    fit = OLS(rest[early], regressors[early]).fit()
    plain = float((rest - fit.predict(regressors))[~early].mean())

    t, d = pca.factors.shape[0], len(donors)
    left = data - pca.projection
    by_donor = (left**2).sum(axis=0) * d / ((d - 1 - factors) * (t - 1 - factors))
    error = np.array([0.0, *(by_donor @ (pca.eigenvecs[:, :factors] ** 2) / pca.eigenvals[:factors])])
    # 1 − R² of each factor on the others is what its own squares are worth: the reciprocal of a diagonal of the inverse
    alone = np.array(
        [np.inf, *(OLS(x, np.delete(regressors[early], j, 1)).fit().ssr for j, x in _factors(regressors[early]))]
    )
    off = np.where(early.sum() * error / alone < CLEAR, error, 0.0)
    squares = regressors[early].T @ regressors[early] - early.sum() * np.diag(off)
    followed = np.linalg.inv(squares) @ regressors[early].T @ rest[early]
    return plain, float((rest - regressors @ followed)[~early].mean())


def _factors(regressors: np.ndarray) -> list[tuple[int, np.ndarray]]:
    return [(j, regressors[:, j]) for j in range(1, regressors.shape[1])]


@pytest.mark.parametrize("cluster", ["village", "household"])
@pytest.mark.parametrize("sample", ["balanced", "unbalanced"])
@pytest.mark.parametrize("factors", [1, 2, 3])
def test_against_principal_components_and_ols_corrected(factors: int, sample: str, cluster: str) -> None:
    rows = pl.read_csv(PANEL)
    if sample == "unbalanced" and cluster == "village":
        rows = rows.filter(pl.Series(np.random.default_rng(5).random(rows.height) > 0.1))
    if sample == "unbalanced" and cluster == "household":
        rows = rows.filter(~(pl.col("household").is_in(["h05_0", "h09_1"]) & (pl.col("round") == 4)))
    design = Design(unit="household", cluster=cluster, time="round", first_treated="first")
    ours = evalkit.synthetic_factors(Moments.from_frame(rows, design=design, outcomes=["y"]), factors=factors)
    wide = rows.to_pandas().pivot_table(index=cluster, columns="round", values="y", aggfunc="mean").dropna()
    pilots = sorted(set(rows.filter(pl.col("first") > 0)[cluster]))
    plain, corrected = peer(wide, pilots, [t < 7 for t in wide.columns], factors)
    assert ours.values[0] == pytest.approx(corrected, rel=1e-8)
    assert abs(corrected - plain) < 0.2 * abs(plain)


def test_prop99(cases: Path) -> None:
    """California by the number of factors that is chosen; between did and the synthetic estimates that are printed."""
    frame = pl.read_parquet(cases / "prop99.parquet")
    design = Design(unit="state", cluster="state", time="year", treatment="treated")
    ours = evalkit.synthetic_factors(Moments.from_frame(frame, design=design, outcomes=["cigsale"]))
    wide = frame.to_pandas().pivot_table(index="state", columns="year", values="cigsale")
    number = int(ours.notes[-1].split()[0])
    corrected = peer(wide, ["California"], [t < 1989 for t in wide.columns], number)[1]
    assert ours.values[0] == pytest.approx(corrected)
