"""A page's numbers as an Excel workbook, from the values that passed disclosure: a sheet a table, no formulas."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evalkit.report.wording import LANGUAGES, WORDS

CREATED = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
"""In every workbook: equal numbers give equal bytes."""
WIDEST = 60
Table = Sequence[Mapping[str, Any]]


def workbook_bytes(values: Mapping[str, Any]) -> bytes:
    """Return the workbook of a finding's publishable values (see `publishable`).

    The first sheet says what the numbers are, in both languages, and whether the data are simulated; then follow
    results, event study, means and sample, where the page has them. Texts are written as texts, whatever they begin
    with.
    """
    import xlsxwriter

    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"created": CREATED})
        bold = book.add_format({"bold": True})
        for name, rows in sheets(values):
            _write(book.add_worksheet(name), rows, bold)
    return buffer.getvalue()


def sheets(values: Mapping[str, Any]) -> Iterator[tuple[str, list[list[Any]]]]:
    """Yield the name and rows of each sheet, the first row being its heads."""
    yield "README", _about(values)
    results = [("main", values.get("main")), *(values.get("robustness") or {}).items(), ("naive", values.get("naive"))]
    yield "results", _table([{"role": role, **row} for role, rows in results for row in rows or []])
    for name in ("event_study", "means", "attrition", "flow", "bounds", "donors"):
        if values.get(name):
            yield name, _table(values[name])
    if values.get("cells"):
        yield "before_after", _table(values["cells"]["rows"])


def _about(values: Mapping[str, Any]) -> list[list[Any]]:
    about, plan, origin = values["programme"], values["indicator"], values["provenance"]
    rows: list[list[Any]] = [["", *LANGUAGES]]
    rows.append(["programme", *(about["name"][x] for x in LANGUAGES)])
    rows.append(["indicator", *(plan["label"][x] for x in LANGUAGES)])
    rows.append(["claim", *(WORDS[x].claims[values["gate"]["claim"]] for x in LANGUAGES)])
    kind = "simulated" if about["provenance"] == "simulated" else "real"
    rows.append(["data", *(WORDS[x].label(kind) for x in LANGUAGES)])
    rows += [[key, plan[key], plan[key]] for key in ("name", "unit", "estimator")]
    rows += [[key, origin[key], origin[key]] for key in ("evalkit_version", "plan_hash", "code_hash")]
    return rows


def _table(rows: Table) -> list[list[Any]]:
    heads = list(dict.fromkeys(key for row in rows for key in row))
    return [heads, *([row.get(head) for head in heads] for row in rows)]


def _write(sheet: Any, rows: Sequence[Sequence[Any]], bold: Any) -> None:
    widths = [0] * max((len(r) for r in rows), default=0)
    for i, row in enumerate(rows):
        for j, value in enumerate(row):
            widths[j] = max(widths[j], len(str(value)))
            if value is None:
                continue
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                sheet.write_number(i, j, value)
            else:
                sheet.write_string(i, j, str(value), bold if i == 0 else None)
    for j, width in enumerate(widths):
        sheet.set_column(j, j, min(width + 2, WIDEST))
    sheet.freeze_panes(1, 0)
