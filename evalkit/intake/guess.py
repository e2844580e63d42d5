"""What a raw column probably is: by a reviewed list of headers and the unit in brackets; never by likeness."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

import polars as pl

from evalkit.intake.cells import number
from evalkit.intake.forms import Column, Question, column_of

UNITS = {
    "元": ("yuan", 1.0),
    "万元": ("yuan", 1e4),
    "亿元": ("yuan", 1e8),
    "亩": ("mu", 1.0),
    "公顷": ("mu", 15.0),
    "斤": ("kg", 0.5),
    "公斤": ("kg", 1.0),
    "吨": ("kg", 1000.0),
}
BRACKETS = re.compile(r"^(.*?)\s*[（(]([^（）()]+)[）)]$")
PLAIN = re.compile(r"^[A-Za-z][A-Za-z0-9_ .-]*$")
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins like this is carried out by spreadsheet programs: such a header is not written to a codebook."""
PERSONAL = {
    "姓名": "name",
    "户主": "name",
    "身份证": "national id",
    "电话": "telephone",
    "手机": "telephone",
    "银行卡": "bank account",
    "账号": "bank account",
    "地址": "address",
    "车牌": "number plate",
    "经度": "coordinate",
    "纬度": "coordinate",
    "邮箱": "e-mail",
    "deviceid": "device",
    "username": "name",
    "_submitted_by": "name",
    "_geolocation": "coordinate",
    "latitude": "coordinate",
    "longitude": "coordinate",
    "_attachments": "attached file",
}
"""Words in headers of columns that tell who somebody is: a draft leaves such columns out."""


@dataclass(frozen=True, slots=True)
class Guess:
    """One raw column: canonical name and kind ("" = a person must say), unit, factor, role in the design.

    ``personal`` says why a draft leaves the column out: what it tells of a person, or that its header is a formula.
    """

    header: str
    name: str
    kind: str
    unit: str
    factor: float
    role: str
    personal: str
    known: bool
    label_zh: str = ""
    label_en: str = ""
    note: str = ""


def guess_column(header: str, values: pl.Series, form: dict[str, Question] | None = None) -> Guess:
    """Guess what a column is; a form says it, else its values decide only between numbers and text."""
    asked = column_of(header, form) if form else None
    return _plain_guess(header, values) if asked is None else _asked(header, values, asked)


def _asked(header: str, values: pl.Series, column: Column) -> Guess:
    """Return what a form says of a column; a choice of a split select_multiple is a flag with both labels."""
    question, choice = column.question, column.choice
    plain = _plain_guess(question.name, values)
    is_choice = bool(choice) and not question.personal
    label = question.choices.get(choice, choice)
    note = "; ".join(f"{code}={text}" for code, text in question.choices.items()) if not choice else f"choice {choice}"
    return replace(
        plain,
        header=header,
        name=(f"{plain.name}_{re.sub(r'[^a-z0-9]+', '_', choice.lower())}" if choice else plain.name),
        kind="flag" if is_choice else plain.kind if plain.role else question.kind or plain.kind,
        personal=question.personal or plain.personal,
        label_zh=f"{question.zh}：{label}" if is_choice and question.zh else question.zh,
        label_en=f"{question.en}: {choice}" if is_choice and question.en else question.en,
        note=f"from the form: {question.type}" + (f" ({note})" if note else ""),
    )


def _plain_guess(header: str, values: pl.Series) -> Guess:
    base, unit, factor = _unit_of(header)
    personal = next((kind for word, kind in PERSONAL.items() if word in header), "")
    if header.startswith(FORMULA):
        personal = "formula that a spreadsheet would carry out"
    name, kind, role = _known().get(base.lower(), ("", "", ""))
    if not name and PLAIN.match(base):
        name = re.sub(r"\W+", "_", base.lower()).strip("_")
    if name and unit and not name.endswith(f"_{unit}"):
        name = f"{name}_{unit}"
    return Guess(header, name, kind or _kind_of(values), unit, factor, role, personal, base.lower() in _known())


def _unit_of(header: str) -> tuple[str, str, float]:
    match = BRACKETS.match(header.strip())
    if match and match[2] in UNITS:
        return match[1], *UNITS[match[2]]
    return header.strip(), "", 1.0


def _kind_of(values: pl.Series) -> str:
    if values.dtype.is_numeric():
        return "flag" if _is_flag(values) else "number"
    filled = values.cast(pl.String).str.strip_chars().drop_nulls()
    filled = filled.filter(filled != "")
    if filled.len() == 0:
        return ""
    read = filled.to_frame("v").select(number(pl.col("v"), has_factor=False)).to_series()
    if read.null_count() > 0:
        return "text"
    return "flag" if _is_flag(read) else "number"


def _is_flag(values: pl.Series) -> bool:
    """Whether a column has both 0 and 1, and nothing else."""
    return set(values.drop_nulls().unique().cast(pl.Float64)) == {0.0, 1.0}


@cache
def _known() -> dict[str, tuple[str, str, str]]:
    text = (files("evalkit.intake") / "known_headers.csv").read_text(encoding="utf-8")
    return {row["header"].lower(): (row["name"], row["kind"], row["role"]) for row in csv.DictReader(io.StringIO(text))}
