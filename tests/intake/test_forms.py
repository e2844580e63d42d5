"""Exports of KoboToolbox and SurveyCTO, and the XLSForm that says what their columns asked."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter

from evalkit.intake.draft import draft
from evalkit.intake.forms import column_of, read_form

SURVEY = [
    ["type", "name", "label::English (en)", "label::中文 (zh)"],
    ["begin_group", "household", "Household", "住户"],
    ["text", "hhid", "Household number", "户编号"],
    ["select_one yes_no", "shop", "Sells online?", "是否网上销售"],
    ["select_multiple goods", "sold", "What was sold?", "卖了什么"],
    ["integer", "members", "Members", "人口"],
    ["geopoint", "place", "Where is the house?", "住房位置"],
    ["image", "photo", "Photograph", "照片"],
    ["end_group", "", "", ""],
]
CHOICES = [
    ["list_name", "name", "label::English (en)", "label::中文 (zh)"],
    ["yes_no", "1", "Yes", "是"],
    ["yes_no", "0", "No", "否"],
    ["goods", "pears", "Pears", "梨"],
    ["goods", "eggs", "Eggs", "鸡蛋"],
]
KOBO = [
    "_id", "_uuid", "_submission_time", "household/hhid", "household/shop", "household/sold", "household/sold/pears",
    "household/sold/eggs", "household/members", "household/place", "_household/place_latitude", "household/photo",
    "village",
]  # fmt: skip
SURVEYCTO = [
    "SubmissionDate", "KEY", "household-hhid", "household-shop", "household-sold", "household-sold_pears",
    "household-sold_eggs", "household-members", "household-place-Latitude", "deviceid", "village",
]  # fmt: skip
MOMENT = {"_submission_time": "2017-11-30T23:30:00.000+08:00", "SubmissionDate": "Nov 30, 2017 11:30:00 PM"}
VALUES = {"hhid": "001", "shop": "1", "sold": "pears eggs", "pears": "1", "eggs": "1", "members": "3", "village": "A"}


def _form(path: Path) -> None:
    with xlsxwriter.Workbook(path) as book:
        for name, rows in (("survey", SURVEY), ("choices", CHOICES), ("settings", [["form_title"], ["x"]])):
            sheet = book.add_worksheet(name)
            for r, row in enumerate(rows):
                sheet.write_row(r, 0, row)


@pytest.mark.parametrize(
    ("header", "question", "choice"),
    [
        ("hhid", "hhid", ""),
        ("household/hhid", "hhid", ""),
        ("household-hhid", "hhid", ""),
        ("household/sold/pears", "sold", "pears"),
        ("household-sold_eggs", "sold", "eggs"),
        ("sold_eggs", "sold", "eggs"),
        ("_place_latitude", "place", "latitude"),
        ("household-place-Latitude", "place", "Latitude"),
        ("household/sold/figs", None, ""),
        ("_uuid", None, ""),
        ("", None, ""),
    ],
)
def test_headers_of_exports(tmp_path: Path, header: str, question: str | None, choice: str) -> None:
    _form(tmp_path / "form.xlsx")
    form = read_form(tmp_path / "form.xlsx")
    assert form is not None
    column = column_of(header, form)
    assert (column and column.question.name, column.choice if column else "") == (question, choice)


def _codebook(folder: Path, headers: list[str]) -> dict[str, dict[str, str]]:
    cells = [MOMENT.get(h) or VALUES.get(h.replace("-", "/").replace("_", "/").split("/")[-1], "x") for h in headers]
    pl.DataFrame([cells], schema=headers, orient="row").write_csv(folder / "export.csv")
    _form(folder / "form.xlsx")
    made = draft(folder, "trial")
    assert "form.xlsx" not in made.programme
    lines = {row["raw_header"]: row for row in csv.DictReader(io.StringIO(made.codebook))}
    told = "\n".join(made.to_decide)
    return {**lines, "": {"told": told}}


def test_a_kobo_export_with_its_form(tmp_path: Path) -> None:
    lines = _codebook(tmp_path, KOBO)
    told = lines.pop("")["told"]
    assert (lines["_uuid"]["name"], lines["_uuid"]["kind"]) == ("submission_uuid", "id")
    assert (lines["_submission_time"]["name"], lines["_submission_time"]["kind"]) == ("submission_time", "date")
    hh = lines["household/hhid"]
    assert (hh["name"], hh["kind"], hh["label_zh"]) == ("household_id", "id", "户编号")
    shop = lines["household/shop"]
    assert (shop["kind"], shop["label_zh"], shop["label_en"]) == ("category", "是否网上销售", "Sells online?")
    assert "1=是; 0=否" in shop["note"]
    pears = lines["household/sold/pears"]
    assert (pears["name"], pears["kind"], pears["label_zh"]) == ("sold_pears", "flag", "卖了什么：梨")
    assert lines["household/sold"]["kind"] == "text"
    assert lines["household/members"]["kind"] == "integer"
    for header, what in (("household/place", "coordinate"), ("household/photo", "photograph")):
        assert header not in lines
        assert f"left out: {header!r} (export.csv) looks like a {what}" in told
    assert "_household/place_latitude" not in lines


def test_a_surveycto_export_with_its_form(tmp_path: Path) -> None:
    lines = _codebook(tmp_path, SURVEYCTO)
    told = lines.pop("")["told"]
    assert lines["KEY"]["name"] == "submission_uuid"
    assert lines["household-hhid"]["name"] == "household_id"
    assert (lines["household-sold_eggs"]["name"], lines["household-sold_eggs"]["kind"]) == ("sold_eggs", "flag")
    assert "household-place-Latitude" not in lines
    assert "'deviceid' (export.csv) looks like a device" in told


def test_a_workbook_that_is_no_form(tmp_path: Path) -> None:
    pl.DataFrame({"a": [1]}).write_excel(tmp_path / "x.xlsx")
    assert read_form(tmp_path / "x.xlsx") is None


def test_moments_of_survey_tools_are_days(tmp_path: Path) -> None:
    from evalkit.intake.cells import date

    days = pl.Series("t", list(MOMENT.values())).to_frame().select(date(pl.col("t"))).to_series()
    assert days.dt.to_string().to_list() == ["2017-11-30", "2017-11-30"]
