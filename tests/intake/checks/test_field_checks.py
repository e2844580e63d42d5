"""Field checks: each finds what was put in, where it was put, and nothing else in sound data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import evalkit
from evalkit.intake import check
from evalkit.intake.checks.enumerators import _score, heaped
from evalkit.intake.checks.outliers import with_distance
from tests.intake.checks.field_programme import CODEBOOK, PROGRAMME, edited, field_frame, write_field

Rounds = dict[int, pl.DataFrame]
SECOND = 2015


def problems(folder: Path) -> pl.DataFrame:
    return check(evalkit.load(folder)).problems


def change(column: str, rows: list[int], value: object) -> Callable[[Rounds], Rounds]:
    return lambda r: {**r, SECOND: edited(r[SECOND], column, rows, value)}


def test_sound_data_have_no_problems(tmp_path: Path) -> None:
    report = check(evalkit.load(write_field(tmp_path, field_frame())))
    assert report.problems.height == 0
    assert report.quality.filter(pl.col("rule") == "unit_slip_village")["n_checked"].to_list()[0] == 2 * 12


@pytest.mark.parametrize(
    ("spoil", "rule", "column", "row"),
    [
        (change("工资", [7], -500), "negative_part", "wage_income_yuan", 9),
        (change("用信", [3], 9e5), "part_above_whole", "credit_used_yuan", 5),
        (change("售出", [0], 9e4), "part_above_whole", "grapes_sold_kg", 2),
        (change("人口", [4], 15), "size_jump", "resident_members", 6),
        (change("销售额", [5], lambda v: v / 10_000), "unit_slip", "sales_yuan", 7),
        (change("销售额", [6], 9e7), "outlier", "sales_yuan", 8),
        (change("分钟", [8], 4), "duration", "minutes", 10),
    ],
)
def test_row_rules_point_to_the_row(
    tmp_path: Path, spoil: Callable[[Rounds], Rounds], rule: str, column: str, row: int
) -> None:
    """Row n of the frame stands in line n + 2 of the file, below its header; the household is named by its key."""
    found = problems(write_field(tmp_path, spoil(field_frame())))
    hit = found.filter((pl.col("rule") == rule) & (pl.col("column") == column)).row(0, named=True)
    assert (hit["file"], hit["row"], hit["key"]) == (f"survey_{SECOND}.csv", row, f"h{row - 2:03d}/{SECOND}")
    assert hit["village"] == f"v{(row - 2) % 12:02d}"
    assert found.filter(pl.col("rule") == rule).height == 1


@pytest.mark.parametrize(
    ("rows", "rule", "place", "who"),
    [
        ([i for i in range(240) if i % 12 == 5], "unit_slip_village", "village", "v05"),
        ([i for i in range(240) if i // 12 % 6 == 2], "unit_slip_enumerator", "enumerator", "e2"),
        (list(range(240)), "unit_slip_round", "round", SECOND),
    ],
)
@pytest.mark.parametrize(("column", "name", "factor"), [("销售额", "sales_yuan", 1e-4), ("面积", "land_mu", 1 / 15)])
def test_unit_slips_of_groups(
    tmp_path: Path,
    rows: list[int],
    rule: str,
    place: str,
    who: object,
    column: str,
    name: str,
    factor: float,
) -> None:
    """元 written as 万元 divides by 10,000; 亩 written as 公顷 by 15: by a village, an enumerator, or a whole round."""
    found = problems(write_field(tmp_path, change(column, rows, lambda v: v * factor)(field_frame())))
    hits = found.filter(pl.col("rule") == rule)
    assert hits["column"].to_list() == [name]
    assert hits[place].to_list() == [who]


@pytest.mark.parametrize("factor", [3.0, 200.0])
def test_a_difference_that_is_no_units_factor_is_no_unit_slip(tmp_path: Path, factor: float) -> None:
    rows = [i for i in range(240) if i % 12 == 5]
    found = problems(write_field(tmp_path, change("销售额", rows, lambda v: v * factor)(field_frame())))
    assert found.filter(pl.col("rule").str.starts_with("unit_slip")).height == 0


def test_enumerator_patterns_name_the_enumerator(tmp_path: Path) -> None:
    mine = [i for i in range(240) if i // 12 % 6 == 2]
    rounds = field_frame()
    for year in rounds:
        for column in ("工资", "销售额", "授信", "用信"):
            rounds[year] = edited(rounds[year], column, mine, lambda v: float(f"{v:.1g}"))
        for column in ("信任1", "信任2", "信任3"):
            rounds[year] = edited(rounds[year], column, mine, 3)
        rounds[year] = edited(rounds[year], "分钟", mine, 18)
        rounds[year] = edited(rounds[year], "工资", mine[::2], -98)
    found = problems(write_field(tmp_path, rounds))
    names = ("enumerator_heaping", "enumerator_straight_line", "enumerator_duration", "enumerator_unknown")
    for rule in names:
        assert found.filter(pl.col("rule") == rule)["enumerator"].to_list() == ["e2"]
    assert found.filter(pl.col("rule") == "straight_line").height == 2 * len(mine)


def test_dont_know_and_refused_are_told_apart(tmp_path: Path) -> None:
    """12 don't-know, 11 refused and 10 left empty are 33 missing values of wages in 2015."""
    frame = field_frame()[SECOND]
    for rows, value in ((range(12), -99), (range(12, 23), -98), (range(23, 33), None)):
        frame = edited(frame, "工资", list(rows), value)
    missing = check(evalkit.load(write_field(tmp_path, {**field_frame(), SECOND: frame}))).missing
    row = missing.row(by_predicate=(pl.col("column") == "wage_income_yuan") & (pl.col("time") == SECOND), named=True)
    assert [row[c] for c in ("n_missing", "n_dont_know", "n_refused")] == [33, 12, 11]
    other = missing.row(by_predicate=(pl.col("column") == "sales_yuan") & (pl.col("time") == SECOND), named=True)
    assert other["n_dont_know"] is None


def test_identical_answers_and_further_ids(tmp_path: Path) -> None:
    rounds = field_frame()
    frame = rounds[SECOND]
    copied = [c for c in frame.columns if c not in ("户编号", "村", "开始", "调查员", "分钟")]
    rounds[SECOND] = frame.with_columns(
        pl.when(pl.col("户编号") == "h020").then(pl.col(c).gather(3)).otherwise(pl.col(c)).alias(c) for c in copied
    )
    found = problems(write_field(tmp_path, rounds, more='ids = [["village_id", "land_mu", "sales_yuan"]]\n'))
    keys = found.filter(pl.col("rule") == "identical_answers")["key"].to_list()
    assert keys == [f"h003/{SECOND}", f"h020/{SECOND}"]
    assert found.filter(pl.col("rule") == "duplicate_ids").height == 0


def test_few_values_are_never_judged_and_codes_are_ignored(tmp_path: Path) -> None:
    few = {year: f.head(29) for year, f in change("销售额", [6], 9e7)(field_frame()).items()}
    assert problems(write_field(tmp_path / "a", few)).filter(pl.col("rule") == "outlier").height == 0
    coded = change("销售额", list(range(40)), 99999999)(field_frame())
    left = problems(write_field(tmp_path / "b", coded, more="ignore_codes = [99999999]\n"))
    assert left.filter((pl.col("rule") == "outlier") & (pl.col("column") == "sales_yuan")).height == 0


def test_distance_by_hand() -> None:
    """1, 2, 3, 4, 100: median 3, deviations 2, 1, 0, 1, 97, MAD 1; 100 lies 97 / 1.4826 = 65.43 away."""
    frame = with_distance(pl.DataFrame({"x": [1.0, 2, 3, 4, 100]}), "x", "d", [])
    assert frame["d"].to_list() == pytest.approx([2 / 1.4826, 1 / 1.4826, 0, 1 / 1.4826, 97 / 1.4826])


def test_distance_as_statsmodels_has_it() -> None:
    """statsmodels' mad divides by Φ⁻¹(3/4); 1.4826 is its inverse to four decimals, so they agree to 1e-5."""
    from statsmodels.robust.scale import mad

    x = np.random.default_rng(1).lognormal(size=200)
    got = with_distance(pl.DataFrame({"x": x}), "x", "d", [])["d"].to_numpy()
    assert got == pytest.approx(np.abs(x - np.median(x)) / mad(x), rel=1e-5)


def test_score_by_hand() -> None:
    """20 of 40 beside 40 of 160: r = .3, .25 / sqrt(.3 · .7 · (1/40 + 1/160)) = .25 / .081009 = 3.0861."""
    frame = pl.DataFrame({"_k_x": [20, 40], "_n_x": [40, 160]})
    assert frame.select(z=_score("x"))["z"].to_list() == pytest.approx([3.0861, -3.0861], abs=1e-4)


@given(st.integers(1, 10**9), st.integers(-4, 4))
def test_heaping_does_not_depend_on_the_unit(value: int, power: int) -> None:
    """A round number stays round in another unit of ten; 2,000, 15 and 350 are round, 2,100 and 353 are not."""
    frame = pl.DataFrame({"x": [float(value), float(value) * 10.0**power]})
    assert frame.select(heaped(pl.col("x")))["x"].n_unique() == 1
    known = pl.DataFrame({"x": [2000.0, 15, 350, 2100, 353, 0]}).select(heaped(pl.col("x")))["x"].to_list()
    assert known == [True, True, True, False, False, None]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ('skip = ["outliers"]\n', "quality.skip names no check 'outliers'"),
        ('size = "members"\n', "'members' is no canonical column (nearest: 'resident_members')"),
        ("duration_minutes = [90, 20]\n", "the first must be below the second"),
        ("min_count = 3\n", "quality.min_count = 3"),
        ("outliers = 3\n", "quality.outliers is not a known entry (nearest: 'outlier_mads')"),
    ],
)
def test_mistakes_in_quality_are_told(tmp_path: Path, more: str, message: str) -> None:
    folder = write_field(tmp_path, field_frame(), more=more)
    with pytest.raises(evalkit.EvalkitError) as error:
        check(evalkit.load(folder))
    assert message in str(error.value)


def test_skip_leaves_a_check_out(tmp_path: Path) -> None:
    spoiled = change("销售额", [6], 9e7)(field_frame())
    report = check(evalkit.load(write_field(tmp_path, spoiled, more='skip = ["outlier"]\n')))
    assert "outlier" not in report.quality["rule"].to_list()


def test_without_quality_table_only_what_names_ask_for(tmp_path: Path) -> None:
    bare = PROGRAMME.split("[quality]")[0]
    report = check(evalkit.load(write_field(tmp_path, field_frame(), programme=bare)))
    assert not [r for r in report.quality["rule"].to_list() if "enumerator" in r]


@pytest.mark.parametrize(("zero", "found"), [(0.0, ["2 / 480"]), (1.0, [])])
def test_logarithm_of_something_with_zeros(tmp_path: Path, zero: float, found: list[str]) -> None:
    """ln_sales_yuan is given for two households whose sales are 0; sales of 1 have the logarithm 0 and are no zeros."""
    rounds = change("销售额", [1, 2], zero)(field_frame())
    rounds = {y: f.with_columns((pl.col("销售额") + 1).log().alias("对数销售额")) for y, f in rounds.items()}
    book = CODEBOOK + "对数销售额,ln_sales_yuan,number,,,\n"
    told = problems(write_field(tmp_path, rounds, codebook=book, more='skip = ["outlier"]\n'))
    assert told.filter(pl.col("rule") == "log_of_zero")["value"].to_list() == found
