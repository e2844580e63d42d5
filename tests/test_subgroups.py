"""Subgroups that the plan names: their effects, whether they differ, and what a page shows of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import evalkit
from evalkit import DataError, Design, DesignError, Moments, PlanError, report
from evalkit.finding import Finding
from evalkit.inference import adjust
from evalkit.inference.crv3 import crv3
from evalkit.plan_lock import plan_entries
from evalkit.plan_tables import Subgroup
from evalkit.programme import Programme
from evalkit.report.numbers import difference, unit_of
from evalkit.report.subgroups import held_groups
from evalkit.subgroups import SubgroupEffects, difference_of
from tests.small_panels import village_panel

FOLDER = Path(__file__).parents[1] / "data_raw" / "suqian_post"
INDICATOR = "net_income_yuan"


def did_of(frame: pl.DataFrame) -> evalkit.Estimate:
    design = Design(unit="household", cluster="village", time="round", first_treated="first")
    return evalkit.did(Moments.from_frame(frame, design=design, outcomes=["y"]))


def test_by_hand() -> None:
    """Changes of A: 4, 2 in the pilot villages p and q, 1, 1 in c and d: 3 − 1 = 2. Of B: 1, 3 | 0, 2: 2 − 1 = 1.

    B less A is −1; without p it is 2 − 1 = 1, without q 0 − 3 = −3, without c 0 − 2 = −2, without d 2 − 2 = 0. Squared
    distances 4 + 4 + 1 + 1 = 10, times 3/4: a standard error of √7.5, with 3 degrees of freedom.
    """
    change = {"A": {"p": 4.0, "q": 2.0, "c": 1.0, "d": 1.0}, "B": {"p": 1.0, "q": 3.0, "c": 0.0, "d": 2.0}}
    rows = [
        (g, v + g, v, 2 if v in "pq" else 0, t, change[g][v] * (t == 2)) for g in "AB" for v in "pqcd" for t in (1, 2)
    ]
    frame = pl.DataFrame(rows, schema=["group", "household", "village", "first", "round", "y"], orient="row")
    found = crv3(difference_of([did_of(frame.filter(group=g)) for g in "AB"])).row("1")
    assert found["estimate"] == pytest.approx(-1)
    assert found["std_error"] == pytest.approx(7.5**0.5)
    assert (found["df"], found["n_clusters"], found["n_units"]) == (3, 4, 8)


def grouped(seed: int, starts: list[int]) -> pl.DataFrame:
    """An unbalanced panel whose households are of two groups; village v1 has none of the second."""
    frame = village_panel(seed, starts, rounds=4, households=6, missing=0.1)
    number = pl.col("household").str.extract(r"_(\d+)$").cast(pl.Int64)
    return frame.with_columns(((number % 2 == 1) & (pl.col("village") != "v1")).cast(pl.Int64).alias("group"))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("starts", [[3, 3, 3, 3, 0, 0, 0, 0], [2, 3, 3, 4, 4, 0, 0, 0]])
def test_it_is_the_interaction_of_pyfixest_and_its_refits_without_each_village(starts: list[int]) -> None:
    """Treatment and treatment × group, with effects of households and of rounds by group; refitted 8 times."""
    pyfixest = pytest.importorskip("pyfixest")
    frame = grouped(4, starts)
    treated = ((pl.col("first") > 0) & (pl.col("round") >= pl.col("first"))).cast(pl.Float64)
    rows = frame.with_columns(
        treated.alias("treated"),
        (treated * pl.col("group")).alias("treated_b"),
        (pl.col("group") * 100 + pl.col("round")).alias("cell"),
    )

    def interaction(part: pl.DataFrame) -> float:
        fit = pyfixest.feols(
            "y ~ treated + treated_b | household + cell",
            part.to_pandas(),
            demeaner=pyfixest.MapDemeaner(fixef_tol=1e-10),
        )
        return float(fit.coef()["treated_b"])

    whole = interaction(rows)
    away = [interaction(rows.filter(pl.col("village") != f"v{v}")) - whole for v in range(8)]
    found = crv3(difference_of([did_of(frame.filter(group=g)) for g in (0, 1)])).row("1")
    assert found["estimate"] == pytest.approx(whole, rel=1e-7)
    assert found["std_error"] == pytest.approx(np.sqrt(7 / 8 * np.square(away).sum()), rel=1e-7)


def test_groups_share_their_villages_shocks() -> None:
    """Shocks of villages ten times as large as those of households hit both groups alike, and leave their difference.

    Taking the groups as independent gives an interval many times too long.
    """
    frame = village_panel(5, [3] * 6 + [0] * 6, rounds=4, missing=0)
    frame = frame.with_columns(pl.col("household").str.ends_with("1").cast(pl.Int64).alias("group"))
    shock = pl.Series(np.random.default_rng(1).normal(size=500) * 10)
    codes = (pl.col("village").rank("dense") * 5 + pl.col("round")).cast(pl.Int64)
    frame = frame.with_columns((pl.col("y") + codes.replace_strict(dict(enumerate(shock)))).alias("y"))
    parts = [did_of(frame.filter(group=g)) for g in (0, 1)]
    apart = np.sqrt(sum(crv3(p).row("att")["std_error"] ** 2 for p in parts))
    assert crv3(difference_of(parts)).row("1")["std_error"] < apart / 3


def test_only_regressions_and_influences_can_be_set_against_each_other() -> None:
    lone = did_of(village_panel(1, [2, 0, 0, 0], missing=0))
    design = Design(unit="household", cluster="village", time="round", first_treated="first")
    frame = village_panel(1, [4, 0, 0, 0, 0], rounds=6, missing=0)
    donors = evalkit.synthetic_did(Moments.from_frame(frame, design=design, outcomes=["y"]))
    with pytest.raises(DesignError, match="compares with donors"):
        difference_of([lone, donors])


@pytest.fixture(scope="module")
def finding() -> Finding:
    return evalkit.evaluate(evalkit.load(FOLDER), INDICATOR)


@pytest.fixture(scope="module")
def found(finding: Finding) -> SubgroupEffects:
    return evalkit.subgroup_effects(finding.programme, INDICATOR)[0]


def test_the_plan_s_groups(finding: Finding, found: SubgroupEffects) -> None:
    values = [g.effect.row("att")["estimate"] for g in found.groups]
    rows = found.differences.tidy()
    assert rows["estimate"].to_list() == pytest.approx([values[1] - values[0], values[2] - values[0]])
    assert list(found.p_adjusted) == pytest.approx(adjust(rows["p_value"].to_list(), ["all"] * 2))
    assert found.n_left_out == 0
    assert found.p_joint is not None
    units = [g.effect.estimate.counts.n_units for g in found.groups]
    assert sum(units) == finding.main.estimate.counts.n_units
    assert evalkit.subgroup_effects(finding.programme, "credit_line_yuan") == ()


def changed(programme: Programme, **entries: object) -> Programme:
    stated = programme.subgroups[0].model_dump() | entries
    return programme.model_copy(update={"subgroups": (Subgroup.model_validate(stated),)})


def test_they_belong_to_the_locked_plan_and_mistakes_are_named(finding: Finding, tmp_path: Path) -> None:
    entries = plan_entries(finding.programme)
    assert entries["subgroups.entity_kind"] == ["种养大户", "家庭农场", "合作社"]
    label = {"zh": "甲", "en": "A"}
    two = [{"value": v, "label": label} for v in ("种养大户", "国营农场")]
    with pytest.raises(DataError, match="no household has '国营农场'"):
        evalkit.subgroup_effects(changed(finding.programme, values=two), INDICATOR)
    with pytest.raises(DataError, match="no such column"):
        evalkit.subgroup_effects(changed(finding.programme, column="entity_sort"), INDICATOR)
    text = (FOLDER / "programme.toml").read_text(encoding="utf-8").replace('column = "entity_kind"', 'colum = "x"')
    (tmp_path / "programme.toml").write_text(text, encoding="utf-8")
    with pytest.raises(PlanError, match="colum is not a known entry"):
        evalkit.load(tmp_path)


def test_the_page_shows_differences_and_says_what_follows(finding: Finding, found: SubgroupEffects) -> None:
    html = report.subgroups(finding, (found,)).html
    assert "合作社减种养大户" in html
    assert "数据不能说明各组的效果是否不同" in html
    assert "The data cannot tell whether effects differ" in html
    sure = replace(found, p_adjusted=(0.01, 0.5))
    assert "各组的效果有差别" in report.subgroups(finding, (sure,)).html
    assert report.subgroups(finding, ()).html == ""


def test_small_groups_are_withheld_and_one_that_would_give_them_away(finding: Finding, found: SubgroupEffects) -> None:
    few = [replace(r, n_units=4) if r.row == "pilot" else r for r in found.groups[2].cells.rows]
    small = replace(found.groups[2], cells=replace(found.groups[2].cells, rows=tuple(few)))
    groups = (*found.groups[:2], small)
    held = held_groups(finding, groups)
    assert held[2] == "households"
    assert sum(h is not None for h in held) == 2
    html, unit = report.subgroups(finding, (replace(found, groups=groups),)).html, unit_of(finding.indicator.unit)
    shown = [difference(g.effect.row("att")["estimate"], unit, "zh", signed=True) in html for g in groups]
    assert shown == [h is None for h in held]
    assert difference(found.differences.row("2")["estimate"], unit, "zh", signed=True) not in html
