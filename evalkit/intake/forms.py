"""XLSForms (sheets survey and choices): what a SurveyCTO or KoboToolbox column asked, in Chinese and English."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from evalkit.intake.package import check_package
from evalkit.intake.sound import soundly

KINDS = {
    "integer": "integer", "range": "number", "decimal": "number", "date": "date", "today": "date",
    "select_one": "category", "select_multiple": "text", "text": "text", "calculate": "text", "datetime": "text",
    "start": "text", "end": "text",
}  # fmt: skip
PERSONAL = {
    "geopoint": "coordinate", "geotrace": "coordinate", "geoshape": "coordinate", "image": "photograph",
    "audio": "recording", "video": "recording", "file": "attached file", "barcode": "code", "deviceid": "device",
    "phonenumber": "telephone", "username": "name", "email": "e-mail", "simserial": "device", "subscriberid": "device",
}  # fmt: skip
"""Questions whose answers tell who or where somebody is."""
PLACES = ("latitude", "longitude", "altitude", "accuracy", "precision")
CHINESE = re.compile(r"label\W*.*(chinese|中文|zh)", re.IGNORECASE)
ENGLISH = re.compile(r"label\W*.*(english|英文|en\b)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Question:
    """A question: its type (select_one and so on), labels, and the labels of its choices by their names."""

    name: str
    type: str
    zh: str
    en: str
    choices: dict[str, str]

    @property
    def kind(self) -> str:
        """The codebook's kind; "" where a person must say."""
        return KINDS.get(self.type, "")

    @property
    def personal(self) -> str:
        """What the answer tells of a person, or ""."""
        return PERSONAL.get(self.type, "")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an export: its question, and the choice where it is one column of a split select_multiple."""

    question: Question
    choice: str


def read_form(path: Path) -> dict[str, Question] | None:
    """Return the questions of an XLSForm by name; None where a workbook has no sheets survey and choices.

    Raises
    ------
    DataError
        It is no sound workbook.
    """
    import zipfile

    import fastexcel

    with soundly(path, "a workbook"):
        with zipfile.ZipFile(path) as package:
            check_package(package, path)
        book = fastexcel.read_excel(path)
        if not {"survey", "choices"} <= set(book.sheet_names):
            return None
        survey, choices = [_rows(book.load_sheet(n, dtypes="string").to_polars()) for n in ("survey", "choices")]
    lists: dict[str, dict[str, str]] = {}
    for row in choices:
        zh, en = _labels(row)
        name = row.get("list_name") or row.get("list name") or ""
        lists.setdefault(name, {})[row.get("name") or row.get("value") or ""] = zh or en
    found = [_question(row, lists) for row in survey if row.get("name")]
    return {q.name: q for q in found}


def column_of(header: str, form: dict[str, Question]) -> Column | None:
    """Return what a header of an export is: ``q``, ``group/q``, ``group-q``, or with a choice ``q/1``, ``q_1``.

    SurveyCTO and KoboToolbox join groups by ``-`` or ``/``; of a select_multiple they give one column of all answers,
    one column of 0 and 1 for each choice, or both.
    """
    parts = re.split(r"[/\-:]", header)
    if parts[-1] in form:
        return Column(form[parts[-1]], "")
    head, _, place = parts[-1].rpartition("_") if parts[-1].rpartition("_")[2] else ("", "", "")
    for name, choice in ((parts[-2] if len(parts) > 1 else "", parts[-1]), (head.lstrip("_"), place)):
        question = form.get(name)
        if question and (
            choice in question.choices or (question.personal == "coordinate" and choice.lower() in PLACES)
        ):
            return Column(question, choice)
    return None


def _rows(frame: pl.DataFrame) -> list[dict[str, str]]:
    named = frame.rename(lambda name: str(name).strip())
    return [{k: (v or "").strip() for k, v in row.items()} for row in named.to_dicts()]


def _labels(row: dict[str, str]) -> tuple[str, str]:
    """Return the Chinese and the English label; one without a language is whichever it is written in."""
    zh = next((v for k, v in row.items() if CHINESE.match(k)), "")
    en = next((v for k, v in row.items() if ENGLISH.match(k)), "")
    plain = row.get("label", "")
    is_chinese = any("\u4e00" <= c <= "\u9fff" for c in plain)
    return (zh or (plain if is_chinese else ""), en or ("" if is_chinese else plain))


def _question(row: dict[str, str], lists: dict[str, dict[str, str]]) -> Question:
    kind, _, rest = row.get("type", "").partition(" ")
    zh, en = _labels(row)
    return Question(row["name"], kind, zh, en, lists.get(rest.split(" ")[0], {}) if rest else {})
