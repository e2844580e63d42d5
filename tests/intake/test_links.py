"""The link table places each household, or says why it cannot; the request log keeps what says something on waiting."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

import evalkit
from evalkit import DataError, Panel, PlanError
from evalkit.intake import Intake, read_programme

PROGRAMME = """
schema_version = 1
[programme]
id = "small"
name = { zh = "小项目", en = "Small" }
provenance = "simulated"
[design]
unit = "household_id"
cluster = "village_id"
time = "year"
first_treated = "adoption_year"
assignment = "chosen"
demonstration = "is_demonstration"
[[sources]]
kind = "roster"
file = "villages.csv"
key = ["village_id"]
codebook = "codebook.csv"
[[sources]]
kind = "survey"
file = "survey_{year}.csv"
key = ["household_id", "year"]
codebook = "codebook.csv"
[[sources]]
kind = "links"
file = "links.csv"
key = ["guide_id", "household_id"]
codebook = "codebook_links.csv"
[[sources]]
kind = "requests"
file = "requests.csv"
key = ["request_id"]
until = 2023-12-31
codebook = "codebook_requests.csv"
[[indicators]]
name = "sales_yuan"
label = { zh = "销售额", en = "Sales" }
domain = "sales"
unit = "yuan/year"
family = "main"
estimator = "spillover"
"""
CODEBOOK = """raw_header,name,kind,missing_codes,source
村编号,village_id,id,,
首次开展年份,adoption_year,integer,,roster
户编号,household_id,id,,survey
示范户,is_demonstration,flag,,survey
销售额,sales_yuan,number,,survey
"""
LINKS = """raw_header,name,kind
示范户编号,guide_id,id
农户编号,household_id,id
"""
REQUESTS = """raw_header,name,kind
单号,request_id,id
村编号,village_id,id
提出日期,filed_on,date
接单日期,accepted_on,date
办结日期,closed_on,date
"""
ROSTER = "村编号,首次开展年份\nA,2022\nB,\nC,2023\n"
HOUSEHOLDS = [("a1", "A", 1), ("a2", "A", 0), ("a3", "A", 0), ("b1", "B", 0), ("c1", "C", 1), ("c2", "C", 0)]
LOG = "单号,村编号,提出日期,接单日期,办结日期\n"


def survey(households: list[tuple[str, str, object]]) -> str:
    rows = "".join(f"{h},{v},{flag},{100 * i}\n" for i, (h, v, flag) in enumerate(households, 1))
    return f"户编号,村编号,示范户,销售额\n{rows}"


def read(
    folder: Path,
    links: str,
    *,
    log: str = "",
    late: list[tuple[str, str, object]] | None = None,
    programme: str = PROGRAMME,
) -> Intake:
    files = {
        "programme.toml": programme,
        "codebook.csv": CODEBOOK,
        "codebook_links.csv": LINKS,
        "codebook_requests.csv": REQUESTS,
        "villages.csv": ROSTER,
        "survey_2021.csv": survey(HOUSEHOLDS),  # type: ignore[arg-type]
        "survey_2023.csv": survey(late or HOUSEHOLDS),  # type: ignore[arg-type]
        "links.csv": f"示范户编号,农户编号\n{links}",
        "requests.csv": LOG + (log or "1,A,2021-03-01,2021-04-01,2021-05-01\n"),
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return read_programme(evalkit.load(folder))


def found(intake: Intake) -> dict[str, str]:
    return dict(intake.frame.select("household_id", "exposure").unique().iter_rows())


ALL = {
    "a1": "demonstration",
    "a2": "linked",
    "a3": "unlinked",
    "b1": "comparison",
    "c1": "demonstration",
    "c2": "unlinked",
}


def test_places(tmp_path: Path) -> None:
    intake = read(tmp_path, "a1,a2\n")
    assert found(intake) == ALL
    assert intake.flow.adds_up()
    assert intake.rejected.height == 0


@pytest.mark.parametrize(
    ("link", "rule", "lost"),
    [
        ("a1,zz", "link_unknown", None),
        ("zz,a3", "link_unknown", "a3"),
        (",a3", "link_unknown", "a3"),
        ("a1,", "link_unknown", None),
        ("a3,a3", "link_self", "a3"),
        ("a2,a3", "link_not_demonstration", "a3"),
        ("c1,a3", "link_other_village", "a3"),
        ("a1,b1", "link_other_village", "b1"),
        ("b1,b1", "link_self", "b1"),
    ],
)
def test_a_faulty_link_is_rejected_and_its_household_left_out(
    tmp_path: Path, link: str, rule: str, lost: str | None
) -> None:
    """Who is named as guided by a link that cannot be right is neither linked nor unlinked."""
    intake = read(tmp_path, f"a1,a2\n{link}\n")
    assert intake.rejected["rule"].to_list() == [rule]
    assert found(intake) == {h: e for h, e in ALL.items() if h != lost}
    step = next(s for s in intake.flow.steps if s.code == "exposure_known")
    assert step.n_rows_dropped == (0 if lost is None else 2)
    assert intake.flow.adds_up()


def test_a_sound_link_outweighs_a_faulty_one(tmp_path: Path) -> None:
    assert found(read(tmp_path, "a1,a2\nc1,a2\n"))["a2"] == "linked"


@pytest.mark.parametrize(
    ("links", "rule"), [("a1,a2\na4,a2\n", "link_several"), ("a1,a2\na1,a4\n", "link_demonstration")]
)
def test_several_links_count_once_and_demonstration_stays(tmp_path: Path, links: str, rule: str) -> None:
    households = [*HOUSEHOLDS, ("a4", "A", 1)]
    read(tmp_path, "a1,a2\n")
    for year in (2021, 2023):
        (tmp_path / f"survey_{year}.csv").write_text(survey(households), encoding="utf-8")  # type: ignore[arg-type]
    (tmp_path / "links.csv").write_text(f"示范户编号,农户编号\n{links}", encoding="utf-8")
    intake = read_programme(evalkit.load(tmp_path))
    assert found(intake) == {**ALL, "a4": "demonstration"}
    line = intake.quality.row(by_predicate=pl.col("rule") == rule, named=True)
    assert (line["severity"], line["n_failed"]) == ("warning", 1)


@pytest.mark.parametrize(("household", "flag"), [("a3", 1), ("a1", 0)])
def test_a_flag_that_changes_leaves_the_place_open(tmp_path: Path, household: str, flag: int) -> None:
    late = [(h, v, flag if h == household else f) for h, v, f in HOUSEHOLDS]
    intake = read(tmp_path, "", late=late)  # type: ignore[arg-type]
    assert household not in found(intake)
    line = intake.quality.row(by_predicate=pl.col("rule") == "demonstration_unclear", named=True)
    assert line["n_failed"] == 1


def test_the_panel_carries_the_places_from_the_cache_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVALKIT_CACHE", str(tmp_path / "cache"))
    read(tmp_path, "a1,a2\n")
    panels = [Panel.from_programme(evalkit.load(tmp_path), "sales_yuan") for _ in range(2)]
    assert panels[0].frame.equals(panels[1].frame)
    assert panels[0].covariates == panels[1].covariates == ("exposure",)


@pytest.mark.parametrize(
    ("old", "new", "error", "words"),
    [
        ('demonstration = "is_demonstration"\n', "", PlanError, "need each other"),
        ('key = ["guide_id", "household_id"]', 'key = ["guide_id"]', PlanError, "two columns"),
        ("until = 2023-12-31\n", "", PlanError, "until = 2023-12-31"),
        ('"is_demonstration"', '"is_demonstrator"', DataError, "is_demonstration"),
    ],
)
def test_mistakes_in_the_plan_are_named(tmp_path: Path, old: str, new: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        read(tmp_path, "a1,a2\n", programme=PROGRAMME.replace(old, new))


def test_open_requests_stay_and_impossible_ones_do_not(tmp_path: Path) -> None:
    log = (
        "1,A,2021-03-01,2021-04-01,2021-05-01\n2,A,2022-03-01,2022-04-01,\n3,B,2022年3月1日,,\n"
        "4,A,2022-03-01,2022-02-01,\n5,A,2022-03-01,,2022-04-01\n6,A,,2022-02-01,\n7,A,2024-01-01,,\n8,Z,2022-01-01,,\n"
    )
    intake = read(tmp_path, "a1,a2\n", log=log)
    assert intake.requests is not None
    assert intake.requests["request_id"].to_list() == ["1", "2", "3"]
    assert intake.requests["filed_on"].to_list()[2] == dt.date(2022, 3, 1)
    rules = dict(intake.rejected.select("key", "rule").iter_rows())
    assert rules == {
        "4": "request_order",
        "5": "request_order",
        "6": "request_undated",
        "7": "request_late",
        "8": "unknown_village",
    }
