"""group_time against csdid, diff-diff (group_time_peers.py) and published numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

import evalkit
from evalkit import Design, Moments, Panel
from tests.reference import panels
from tests.reference.test_cases import printed

HERE = Path(__file__).parent
SETTING = ["peer", "case", "sample", "comparison", "base", "anticipation", "weights", "method", "aggregate"]
WRITTEN = 1e-11
"""The file holds 12 digits; both sides only subtract means of numbers of size 1 to 10."""
GOLDEN = pl.read_csv(HERE / "group_time_golden.csv", schema_overrides={"weights": pl.String, "method": pl.String})
CASES = {" ".join(str(k) for k in key if k is not None): rows for key, rows in GOLDEN.group_by(SETTING)}


def _result(setting: dict[str, Any]) -> evalkit.Inference:
    design = Design(
        unit="household", cluster="village", time="round", first_treated="first", weights=setting["weights"]
    )
    named = {k: setting[k] for k in ("sample", "comparison", "base", "anticipation", "aggregate")}
    if setting["method"] is None:
        moments = Moments.from_frame(panels.read(setting["case"]), design=design, outcomes=["y"])
        return evalkit.infer(evalkit.group_time(moments, **named), "crv1")
    rows = pl.read_csv(HERE / f"group_time_{setting['case']}.csv")
    panel = Panel.from_frame(rows, design=design, outcome="y", covariates=["x"])
    return evalkit.infer(evalkit.group_time(panel, covariates=["x"], method=setting["method"], **named), "crv1")


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_number_of_the_peers(name: str) -> None:
    """Unbalanced panels, weighted and not, clustered by village: estimates and standard errors of every term."""
    rows = CASES[name]
    ours = _result(rows.row(0, named=True)).tidy().select("term", "estimate", "std_error")
    both = rows.select("term", "estimate", "std_error").join(ours, on="term", how="left", suffix="_ours")
    for column in ("estimate", "std_error"):
        expected = [None if v is None else pytest.approx(v, abs=1e-10, rel=WRITTEN) for v in both[column]]
        assert both[f"{column}_ours"].to_list() == expected, both
    assert rows.height > 0


# Published: mpdta, teenage employment in 500 counties; ehec, insurance in 46 states


@pytest.fixture(scope="module")
def mpdta(cases: Path) -> Moments:
    design = Design(unit="countyreal", cluster="countyreal", time="year", first_treated="first.treat")
    return Moments.from_frame(pl.read_parquet(cases / "mpdta.parquet"), design=design, outcomes=["lemp"])


def test_mpdta_group_times(mpdta: Moments) -> None:
    """The 12 ATT(g, t) of the vignette of R did, never-treated comparison, without covariates."""
    published = {
        2004: ["-.0105", "-.0704", "-.1373", "-.1008"],
        2006: [".0065", "-.0028", "-.0046", "-.0412"],
        2007: [".0305", "-.0027", "-.0311", "-.0261"],
    }
    found = evalkit.group_time(mpdta, comparison="never", aggregate="none").tidy()
    for cohort, texts in published.items():
        values = found.filter(pl.col("cohort") == cohort).sort("time")["estimate"].to_list()
        assert values == [printed(t) for t in texts]


@pytest.mark.parametrize(
    ("aggregate", "estimate", "std_error"),
    [("simple", "-.0400", ".0120"), ("dynamic", "-.0772", ".0200"), ("group", "-.0310", ".0124")],
)
def test_mpdta_averages(mpdta: Moments, aggregate: Any, estimate: str, std_error: str) -> None:
    row = evalkit.infer(evalkit.group_time(mpdta, comparison="never", aggregate=aggregate), "crv1").row("att")
    assert (row["estimate"], row["std_error"]) == (printed(estimate), printed(std_error))


def test_ehec(cases: Path) -> None:
    design = Design(unit="stfips", cluster="stfips", time="year", first_treated="yexp2")
    moments = Moments.from_frame(pl.read_parquet(cases / "ehec.parquet"), design=design, outcomes=["dins"])
    result = evalkit.infer(evalkit.group_time(moments, comparison="not_yet"), "crv1")
    row = result.row("att")
    assert (row["estimate"], row["std_error"]) == (printed(".068"), printed(".008"))
    assert result.row("cohort=2014,time=2014")["estimate"] == printed(".0467")


def test_mpdta_with_population(cases: Path) -> None:
    """Doubly robust with log population, never treated: −.0418 (.0115)."""
    design = Design(unit="countyreal", cluster="countyreal", time="year", first_treated="first.treat")
    rows = pl.read_parquet(cases / "mpdta.parquet")
    panel = Panel.from_frame(rows, design=design, outcome="lemp", covariates=["lpop"])
    row = evalkit.infer(evalkit.group_time(panel, comparison="never", covariates=["lpop"]), "crv1").row("att")
    assert (row["estimate"], row["std_error"]) == (printed("-.0418"), printed(".0115"))
