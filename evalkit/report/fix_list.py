"""The workbook of what to fix: a row a problem, by enumerator and by village; for the field office only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from evalkit.errors import UsageError
from evalkit.intake import QualityReport
from evalkit.intake.corrections import COLUMNS, SHEET
from evalkit.programme import Programme
from evalkit.report.quality import Labels, variable_name
from evalkit.report.wording import LANGUAGES, say, words_of

HEADS = (
    "village_name",
    "enumerator_name",
    "round_name",
    "key_name",
    "rule",
    "column",
    "found_value",
    "todo",
    "file",
    "row_number",
    "outcome_found",
)
BACKCHECKS = (
    *("enumerator_name", "backcheck_type", "backcheck_question"),
    *("backcheck_compared", "backcheck_differ", "backcheck_rate"),
)
LEFT_OUT = ("file", "row_number", "key_name", "rule", "column", "reason", "outcome_found")
LEADS = {"workbook_backchecks": "workbook_backchecks_lead"}
"""What stands above a sheet that lists no problems."""
WIDTHS = {"rule": 26, "column": 24, "found_value": 34, "todo": 48, "file": 24, "reason": 40, "outcome_found": 28}
NARROW = 13


def write_fix_list(report: QualityReport, programme: Programme, path: Path) -> int:
    """Write the workbook and return its number of problems. All cells are text or numbers, never formulas.

    Raises
    ------
    UsageError
        The file would lie in the programme's folder, which is never written to, or is no .xlsx.
    """
    import xlsxwriter

    if path.suffix.lower() != ".xlsx":
        raise UsageError("--workbook", f"{path.name!r}", "a name that ends with .xlsx", "choose such a name")
    if path.resolve().is_relative_to(programme.folder):
        raise UsageError(
            "--workbook", "it lies in the programme's folder", "another folder", "raw folders stay as they are"
        )
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        rows = _rows(report, programme)
        _sheet(book, programme, "workbook_all", HEADS, rows)
        for name, place in (("workbook_by_enumerator", 1), ("workbook_by_village", 0)):
            order = [place, *(i for i in range(len(HEADS)) if i != place)]
            moved = sorted(([row[i] for i in order] for row in rows), key=lambda r: (str(r[0]), str(r[4])))
            _sheet(book, programme, name, [HEADS[i] for i in order], moved)
        _corrections(book)
        _sheet(book, programme, "workbook_left_out", LEFT_OUT, _left_out(report, programme))
        if report.backchecks is not None:
            rates = _rates(report.backchecks, programme, report.labels)
            _sheet(book, programme, "workbook_backchecks", BACKCHECKS, rates)
    return len(rows)


def _corrections(book: Any) -> None:
    """Write the empty correction log: filled in and saved as corrections.xlsx in the raw folder, it is read back."""
    sheet = book.add_worksheet(SHEET)
    for j, name in enumerate(COLUMNS):
        sheet.write_string(0, j, name, book.add_format({"bold": True}))
        sheet.set_column(j, j, 16, book.add_format({"num_format": "@"}))


def _named(column: str, programme: Programme, labels: Labels) -> str:
    """Return what a column is called in both languages, and its name as the correction log takes it."""
    zh, en = (variable_name(column, programme, lang, labels) for lang in LANGUAGES)
    shown = f"{zh} / {en}" if zh != en else zh
    return shown if column in {"", zh} else f"{shown} ({column})"


def _both(programme: Programme, key: str) -> str:
    return f"{say(programme, 'zh', key)} / {say(programme, 'en', key)}"


def _rows(report: QualityReport, programme: Programme) -> list[list[Any]]:
    """Return the problems in the order of `HEADS`; Chinese first, then English."""
    return [
        [
            p["village"] or "",
            p["enumerator"] or "",
            p["round"],
            p["key"] or "",
            f"{words_of(programme, 'zh').rules[p['rule']]} / {words_of(programme, 'en').rules[p['rule']]}",
            _named(p["column"], programme, report.labels),
            p["value"],
            f"{p['todo_zh']} / {p['todo_en']}",
            p["file"] or "",
            p["row"],
            "",
        ]
        for p in report.problems.sort("rule", "column", "file", "row", nulls_last=True).to_dicts()
    ]


def _rates(rates: pl.DataFrame, programme: Programme, labels: Labels) -> list[list[Any]]:
    """Return how many answers differ, by enumerator, type and question; each type first in all."""
    counts = pl.col("n_compared", "n_differ").sum()
    whole = rates.group_by("enumerator", "type").agg(counts).with_columns(question=pl.lit(None, pl.String))
    rows = pl.concat([whole.select(rates.columns), rates.select(rates.columns)])
    return [
        [
            r["enumerator"] or "",
            _both(programme, r["type"]),
            _named(r["question"], programme, labels) if r["question"] else _both(programme, "backcheck_all"),
            r["n_compared"],
            r["n_differ"],
            f"{100 * r['n_differ'] / r['n_compared']:.1f}%",
        ]
        for r in rows.sort("enumerator", "type", "question", nulls_last=[True, False, False]).to_dicts()
    ]


def _left_out(report: QualityReport, programme: Programme) -> list[list[Any]]:
    return [
        [
            r["file"],
            r["row"],
            r["key"],
            f"{words_of(programme, 'zh').rules[r['rule']]} / {words_of(programme, 'en').rules[r['rule']]}",
            _named(r["column"], programme, report.labels),
            f"{r['reason_zh']} / {r['reason_en']}",
            "",
        ]
        for r in report.rejected.to_dicts()
    ]


def _sheet(book: Any, programme: Programme, name: str, heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Write one sheet: what it is, how to use it, the table with a filter and its head kept in sight."""
    sheet = book.add_worksheet(say(programme, "zh", name))
    warning = book.add_format({"bold": True, "font_color": "#9c1c1c"})
    head = book.add_format({"bold": True, "bg_color": "#e8eef4", "bottom": 1, "text_wrap": True, "valign": "top"})
    cell = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.write_string(0, 0, _both(programme, "workbook_title"), warning)
    sheet.write_string(1, 0, _both(programme, LEADS.get(name, "workbook_lead")))
    for j, key in enumerate(heads):
        sheet.write_string(3, j, _both(programme, key), head)
        sheet.set_column(j, j, WIDTHS.get(key, NARROW))
    for i, row in enumerate(rows, 4):
        for j, value in enumerate(row):
            if isinstance(value, int):
                sheet.write_number(i, j, value, cell)
            else:
                sheet.write_string(i, j, "" if value is None else str(value), cell)
    sheet.freeze_panes(4, 0)
    sheet.autofilter(3, 0, max(3 + len(rows), 4), len(heads) - 1)
    sheet.set_footer(f"&L{_both(programme, 'workbook_title')}&RP. &P / &N")
    sheet.set_landscape()
    sheet.repeat_rows(3)
