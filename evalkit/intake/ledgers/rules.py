"""Rules of ledgers: why an entry does not count, and what to do about it."""

from __future__ import annotations

import polars as pl

from evalkit.intake.convert import FILE, ROW
from evalkit.intake.ledgers.records import HEADER, KEY, WHY
from evalkit.intake.records import QUALITY_SCHEMA

WARNINGS = frozenset({"duplicate_identical", "reversed", "reversal", "counted_twice", "late_entry", "unknown_unit"})
"""What happens in sound ledgers too; all other rules are errors."""
REASONS = {
    "misread": ("单元格无法读为数字或日期", "a cell is no number or date"),
    "key_missing": ("编号缺失", "the key is missing"),
    "who_missing": ("未注明户或主体", "it does not say whose entry it is"),
    "date_missing": ("日期缺失", "the date is missing"),
    "amount_missing": ("金额缺失", "the amount is missing"),
    "word_unknown": ("词语不在词表之中", "a word that no list knows"),
    "date_outside": ("日期不在台账期间之内", "the date lies outside the ledger's dates"),
    "duplicate_identical": ("与另一行完全相同", "identical to another row"),
    "duplicate_conflicting": ("编号相同而内容不同", "the same key with different content"),
    "reversed": ("已被冲销", "reversed by another entry"),
    "reversal": ("冲销记录，与原记录抵消", "it reverses another entry, and both are left out"),
    "reversal_unmatched": (
        "冲销所指的记录不存在、金额不符或已被冲销",
        "what it reverses is not there, has another amount, or is already reversed",
    ),
    "late_entry": ("入账过迟", "entered too late"),
    "counted_twice": ("同一笔销售已计入另一方", "the same sale counts for the other side"),
    "unknown_unit": ("调查或名册中没有该户或主体", "the unit is not in the survey or roster"),
}  # fmt: skip
REMEDIES = {
    "misread": ("核对原始表格中的这些单元格", "check these cells in the raw file"),
    "key_missing": ("补全编号", "complete the key"),
    "who_missing": ("补全户或主体编号", "complete the id of the household or entity"),
    "date_missing": ("补全日期", "complete the date"),
    "amount_missing": ("补全金额", "complete the amount"),
    "word_unknown": ("在 programme.toml 的 words 中登记该词", "enter the word under words in programme.toml"),
    "date_outside": ("核对日期，或更正 dates", "check the dates, or correct dates in programme.toml"),
    "duplicate_identical": ("删除重复行；已保留其中一行", "remove the copies; one of them is kept"),
    "duplicate_conflicting": (
        "核实哪一行正确；在此之前各行均不采用",
        "find out which row is right; none is used until then",
    ),
    "reversed": ("无须处理", "nothing; it is as it should be"),
    "reversal": ("无须处理", "nothing; it is as it should be"),
    "reversal_unmatched": ("查找原记录；该冲销未采用", "find the entry that is meant; the reversal is not used"),
    "late_entry": ("说明补录原因", "ask why it was entered so late"),
    "counted_twice": ("无须处理；规则见 count_once", "nothing; the rule is count_once"),
    "unknown_unit": ("核对编号；样本以外的户不必处理", "check the ids; households outside the sample need nothing"),
}


def severity(rule: str) -> str:
    """Return error or warning."""
    return "warning" if rule in WARNINGS else "error"


def rejected(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rejected table of entries whose ``_why`` names a rule; ``_header`` names the column at fault."""
    zh, en = ({rule: texts[n] for rule, texts in REASONS.items()} for n in (0, 1))
    return rows.select(
        pl.lit("ledger").alias("source"),
        pl.col(FILE).alias("file"),
        pl.col(ROW).alias("row"),
        pl.col(WHY).alias("rule"),
        pl.when(pl.col(WHY).is_in(list(WARNINGS))).then(pl.lit("warning")).otherwise(pl.lit("error")).alias("severity"),
        pl.col(HEADER).fill_null("").alias("column"),
        pl.col(KEY).fill_null("").alias("key"),
        pl.col(WHY).replace_strict(zh, return_dtype=pl.String).alias("reason_zh"),
        pl.col(WHY).replace_strict(en, return_dtype=pl.String).alias("reason_en"),
    )


def quality(rule: str, column: str, n_checked: int, n_failed: int) -> pl.DataFrame:
    """Return one line of the quality table."""
    zh, en = REMEDIES[rule]
    return pl.DataFrame(
        [(rule, column, severity(rule), n_checked, n_failed, zh, en)], schema=QUALITY_SCHEMA, orient="row"
    )
