"""CRV2 with Satterthwaite df against clubSandwich and estimatr: crv2_golden.csv, made by crv2.R from crv2_*.csv."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

import evalkit
from evalkit import Design, Estimate, Moments, Panel
from tests.reference import panels

HERE = Path(__file__).parent
GOLDEN = pl.read_csv(HERE / "crv2_golden.csv")
RELATIVE = 1e-9
R_AGAIN = 1e-8
"""Between two machines' R: it inverts matrices that household dummies make singular, and what it takes for zero moved
its own standard errors by up to 1e-9 between two ways to write the same regression."""
Estimator = Callable[[Moments | Panel], Estimate]


@dataclass(frozen=True)
class Case:
    """One regression: rows, the design's columns, and the call; a Panel where there are covariates."""

    rows: str
    columns: dict[str, str]
    estimator: Estimator
    covariates: tuple[str, ...] = ()
    keep: pl.Expr | None = None

    def estimate(self) -> Estimate:
        frame = panels.read(self.rows)
        frame = frame if self.keep is None else frame.filter(self.keep)
        design = Design(unit="household", cluster="village", **self.columns)
        if self.covariates:
            return self.estimator(Panel.from_frame(frame, design=design, outcome="y", covariates=self.covariates))
        return self.estimator(Moments.from_frame(frame, design=design, outcomes=["y"]))


def _itt(columns: dict[str, str], covariates: tuple[str, ...] = ()) -> Case:
    return Case("cross", columns, lambda data: evalkit.itt(data, covariates=covariates), covariates)


def _did(rows: str, columns: dict[str, str], covariates: tuple[str, ...] = ()) -> Case:
    columns = {"time": "round", "first_treated": "first"} | columns
    return Case(rows, columns, lambda data: evalkit.did(data, covariates=covariates), covariates)


def _with_weights(name: str, case: Case, *kinds: str) -> dict[str, Case]:
    """Add the cases with a weight: `weights` one a household, `round_weights` changing by round."""
    found = {name: case}
    for kind in kinds:
        weighted = case.columns | {"weights": kind.removesuffix("s")}
        found[f"{name}_{kind}"] = Case(case.rows, weighted, case.estimator, case.covariates, case.keep)
    return found


ROUNDS = {"time": "round", "first_treated": "first"}
VILLAGE, MEMBER = {"treatment": "treated"}, {"treatment": "member"}
STRATA = VILLAGE | {"strata": "stratum"}
BOTH = ("weights", "round_weights")
CASES: dict[str, Case] = {
    **_with_weights("itt", _itt(VILLAGE), "weights"),
    **_with_weights("itt_strata", _itt(STRATA), "weights"),
    **_with_weights("itt_covariates", _itt(STRATA, ("x", "crop")), "weights"),
    "itt_member": _itt(MEMBER),
    **_with_weights("itt_member_village", _itt(MEMBER | {"strata": "village"}), "weights"),
    **_with_weights("did_panel", _did("panel", {}), *BOTH),
    **_with_weights("did_staggered", _did("staggered", {}), *BOTH),
    **_with_weights("did_few", _did("few", {}), *BOTH),
    **_with_weights("did_panel_x", _did("panel", {}, ("x",)), *BOTH),
    **_with_weights("did_member", _did("panel", {"first_treated": "first_member"}), *BOTH),
    **_with_weights("pre_post", Case("panel", ROUNDS, evalkit.pre_post), "weights"),
    **_with_weights("event_study_staggered", Case("staggered", ROUNDS, evalkit.event_study), *BOTH),
    **_with_weights("event_study_lone", Case("lone", ROUNDS, evalkit.event_study), *BOTH),
    "did_lone": Case("lone", ROUNDS, evalkit.did, keep=pl.col("first") != 4),
}
LONE = {("did_lone", "att")} | {
    (f"event_study_lone{kind}", f"event_time={k}") for kind in ("", "_weights", "_round_weights") for k in (2, 3)
}
"""Only one village, which its coefficient fits exactly, carries these: clubSandwich gives a number, evalkit null."""
FOLLOWED = pl.when(pl.col("case").str.ends_with("_round_weights")).then(pl.lit("scaled")).otherwise(pl.lit("identity"))
"""The working model that evalkit states: one variance, and the inverse weight where weights change by round.

clubSandwich's own inverse_var takes another root of the same equation: evalkit does not give its rows (``inverse``).
"""


def _golden(case: str) -> pl.DataFrame:
    return GOLDEN.filter(pl.col("case") == case)


@pytest.mark.parametrize("case", CASES)
def test_equals_club_sandwich(case: str) -> None:
    expected = _golden(case).filter(pl.col("method") == FOLLOWED)
    found = evalkit.infer(CASES[case].estimate(), "crv2")
    assert expected.height > 0
    for row in expected.iter_rows(named=True):
        here = found.row(row["term"])
        assert here["estimate"] == pytest.approx(row["estimate"], rel=RELATIVE)
        if (case, row["term"]) in LONE:
            assert [here[name] for name in ("std_error", "df", "p_value", "conf_low")] == [None] * 4
            continue
        for name in ("std_error", "df", "p_value"):
            assert here[name] == pytest.approx(row[name], rel=RELATIVE), (row["term"], name)


def test_every_golden_row_is_used() -> None:
    assert set(GOLDEN["case"]) == set(CASES)


def test_estimatr_is_the_same_working_model() -> None:
    """lm_robust's CR2 is clubSandwich's default with weights too; the inverse-weight model is another number."""
    att = GOLDEN.filter(pl.col("term") == "att")
    wide = att.pivot("method", index="case", values="std_error").drop_nulls("estimatr")
    assert wide["estimatr"].to_list() == pytest.approx(wide["identity"].to_list(), rel=RELATIVE)
    other = wide.drop_nulls("inverse")
    assert other.height == 4
    assert ((other["inverse"] / other["identity"] - 1).abs() > 1e-3).all()


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="no Rscript: the golden rows stand as committed")
def test_script_makes_the_golden_rows(tmp_path: Path) -> None:
    code = "quit(status = !all(sapply(c('clubSandwich', 'estimatr'), requireNamespace, quietly = TRUE)))"
    if subprocess.run(["Rscript", "-e", code], check=False, capture_output=True).returncode:
        pytest.skip("R has no clubSandwich or estimatr: the golden rows stand as committed")
    out = tmp_path / "again.csv"
    subprocess.run(["Rscript", "crv2.R", str(out)], cwd=HERE, check=True, capture_output=True)
    again = pl.read_csv(out)
    keys, numbers = ["case", "method", "term"], ["estimate", "std_error", "df", "p_value"]
    assert again.select(keys).equals(GOLDEN.select(keys))
    for name in numbers:
        assert again[name].to_list() == pytest.approx(GOLDEN[name].to_list(), rel=R_AGAIN)
