"""Numbers and dates as people type them: full-width digits, thousands commas, 万 and 亿, 2017年11月30日."""

from __future__ import annotations

import polars as pl

WIDE = "０１２３４５６７８９．，－＋％（）　￥"
NARROW = "0123456789.,-+%() ¥"
NUMBER = r"^[+-]?((\d+|\d{1,3}(,\d{3})+)(\.\d*)?|\.\d+)([eE][+-]?\d+)?$"
"""Commas only where they part thousands: 1,5 could be 1.5 or 15, so it is no number here. Stata writes a half as .5."""
MULTIPLES = {"亿": 1e8, "万": 1e4, "億": 1e8, "萬": 1e4}
DATES = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S",
    "%b %d, %Y %I:%M:%S %p",
)  # fmt: skip
MOMENT = r"^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}.*$"
"""2017-11-30T08:30:00.000+08:00, as survey tools write it: the day where it was written, whatever it is in UTC."""
SERIAL = r"^\d{5}(\.\d+)?$"
EXCEL_EPOCH = pl.date(1899, 12, 30)


def narrow(text: pl.Expr) -> pl.Expr:
    """Return trimmed text with full-width digits and signs as ordinary ones, and the sign − as a hyphen."""
    plain = text.str.replace_many([*WIDE, "−", "–"], [*NARROW, "-", "-"])
    return plain.str.strip_chars()


def number(text: pl.Expr, *, has_factor: bool) -> pl.Expr:
    """Read text as a number, null where it is none.

    ``1.2万`` is 12,000, ``3亿元`` 300,000,000, ``¥1,200`` and ``1200元`` 1,200. Where the codebook already multiplies
    the column (`has_factor`: its header says 万元), a cell with its own 万 could mean either, and is no number.
    """
    plain = narrow(text).str.strip_prefix("¥").str.strip_suffix("元").str.strip_chars()
    unit = plain.str.extract(f"({'|'.join(MULTIPLES)})$")
    factor = unit.replace_strict(MULTIPLES, default=1.0, return_dtype=pl.Float64)
    digits = pl.when(unit.is_null()).then(plain).otherwise(plain.str.head(-1).str.strip_chars())
    value = pl.when(digits.str.contains(NUMBER)).then(digits.str.replace_all(",", "", literal=True)).otherwise(None)
    read = value.cast(pl.Float64, strict=False) * factor
    return pl.when(unit.is_not_null()).then(None).otherwise(read) if has_factor else read


def date(text: pl.Expr) -> pl.Expr:
    """Read text as a date, null where it is none; five digits are an Excel serial (43069 = 2017-11-30)."""
    plain = narrow(text)
    serial = plain.str.contains(SERIAL)
    days = pl.when(serial).then(plain.cast(pl.Float64, strict=False)).otherwise(None).floor().cast(pl.Int64)
    day = plain.str.replace(MOMENT, "$1")
    read = pl.coalesce(day.str.to_date(form, strict=False) for form in DATES)
    return pl.when(serial).then(EXCEL_EPOCH + pl.duration(days=days)).otherwise(read)
