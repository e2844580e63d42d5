"""What offices write below and within tables that is no record: totals, remarks, and 同上 in place of a value."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import polars as pl

from evalkit.intake.cells import narrow
from evalkit.intake.codebook import Entry

TOTALS = (
    "合计", "合計", "总计", "總計", "小计", "小計", "共计", "共計", "累计", "累計", "total", "subtotal", "grandtotal",
)  # fmt: skip
REMARKS = (
    r"(?i)^(注|备注|備註|说明|說明|填表|制表|製表|审核|審核|负责人|負責人|单位负责人|数据来源|資料來源|note|source)"
)
DITTO = ("同上", "〃", "″", "ditto")
WORDS = ("id", "text", "category")


def is_footer(raw: pl.DataFrame, entries: Sequence[Entry], key: Collection[str]) -> pl.Series:
    """Whether a row is a total (a word for it stands in the key) or a remark (and the row holds nothing else).

    Returns
    -------
    polars.Series
        One boolean for each row of `raw`.
    """
    keys = [e.raw_header for e in entries if e.name in key and raw.schema[e.raw_header] == pl.String]
    if not keys:
        return pl.repeat(False, raw.height, dtype=pl.Boolean, eager=True)
    total = pl.any_horizontal(_bare(h).is_in(TOTALS) for h in keys)
    others = [h for h in raw.columns if h not in keys and not h.startswith("_row")]
    alone = ~pl.any_horizontal(_filled(raw, h) for h in others) if others else pl.lit(True)
    remark = pl.any_horizontal(pl.col(h).str.strip_chars().str.contains(REMARKS) for h in keys) & alone
    return raw.select((total.fill_null(False) | remark.fill_null(False)).alias("footer")).to_series()


def is_ditto(text: pl.Expr) -> pl.Expr:
    """Whether a cell says that it is as the one above, which holds only until the rows are sorted."""
    return text.str.to_lowercase().is_in(DITTO).fill_null(False)


def _bare(header: str) -> pl.Expr:
    """Return a cell without spaces and colons, in small letters: 合　计： is 合计."""
    return narrow(pl.col(header)).str.replace_all(r"[\s:：]+", "").str.to_lowercase()


def _filled(raw: pl.DataFrame, header: str) -> pl.Expr:
    if raw.schema[header] != pl.String:
        return pl.col(header).is_not_null()
    return (pl.col(header).str.strip_chars() != "").fill_null(False)
