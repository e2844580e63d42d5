"""Data rules: each a named check over canonical rows, with what to do where it fails.

A rule of severity "error" rejects its rows; a "warning" keeps the row (a value out of range is set to missing).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from evalkit.intake.codebook import NUMBERS, Entry
from evalkit.intake.convert import FILE, ROW, row_key
from evalkit.intake.likeness import SHORT, suggestion
from evalkit.intake.records import QUALITY_SCHEMA, REJECTED_SCHEMA

REMEDIES = {
    "date": ("核对原始表格中的这些日期", "check these dates in the raw file"),
    "month": ("核对原始表格中的这些月份", "check these months in the raw file"),
    "number": ("核对原始表格中的这些单元格", "check these cells in the raw file"),
    "ditto": ("在每一行填写实际内容", "enter the value itself in each row"),
    "footer": ("无需处理；如为记录，请核对编号", "nothing; or correct the key, if it is a record"),
    "key_missing": ("补全编号", "complete the key"),
    "duplicate_identical": ("删除重复行；已保留其中一行", "remove the copies; one of them is kept"),
    "duplicate_conflicting": (
        "核实哪一行正确；在此之前各行均不采用",
        "find out which row is right; none is used until then",
    ),
    "out_of_range": (
        "核对数值或代码本中的上下限；该值按缺失处理",
        "check the value, or the limits in the codebook; it counts as missing",
    ),
    "unknown_village": ("在名册中补充该村，或更正村编号", "add the village to the roster, or correct its number"),
    "link_unknown": ("核对带动关系中的户编号", "check the numbers of the households in the link table"),
    "link_self": ("更正：一户不能带动自己", "correct it: no household guides itself"),
    "link_not_demonstration": (
        "核实带动的一方是不是示范户",
        "find out whether the household that guides is a demonstration household",
    ),
    "link_other_village": (
        "核实两户所在的村；估计时假定影响不出村",
        "check the villages of both; no effects across villages are assumed",
    ),
    "link_untreated": ("核实该村是否已开始", "find out whether the village has started"),
    "link_several": ("不必处理；按有带动关系计一次", "nothing; the household counts once, as linked"),
    "link_demonstration": ("不必处理；仍按示范户计", "nothing; it still counts as a demonstration household"),
    "demonstration_unclear": (
        "补全示范户标记并使各轮一致；未开始的村不应有示范户",
        "complete the flag and make it agree between rounds; villages that never start have no demonstration household",
    ),
    "request_undated": ("补全提出日期", "complete the filing date"),
    "request_order": ("核对日期的先后", "check the order of the dates"),
    "request_late": ("核对日期或导出日期（until）", "check the date, or the day on which the log ends (until)"),
    "identifier_unmapped": (
        "该列含个人身份信息；未读入，请从交付文件中删去",
        "the column tells who people are; it was not read in, take it out of the files handed on",
    ),
    "corrected": (
        "已按更正单改正或删去；原始文件未改动",
        "done as the correction log says; the raw files are unchanged",
    ),
    "crosswalk": ("无需处理；已按对照表换为原村（户）编号", "nothing; replaced as the reviewed crosswalk says"),
    "unmapped": ("在代码本中登记该列，或确认不用", "enter the column in the codebook, or leave it out on purpose"),
}
REASONS = {
    "key_missing": ("编号缺失", "the key is missing"),
    "duplicate_identical": ("与另一行完全相同", "identical to another row"),
    "duplicate_conflicting": ("编号相同而内容不同", "the same key with different content"),
    "link_unknown": ("调查中没有这一户", "the survey has no such household"),
    "link_self": ("与自己相连", "linked to itself"),
    "link_not_demonstration": ("带动的一方不是示范户", "the household that guides is no demonstration household"),
    "link_other_village": ("两户不在同一村", "the two are in different villages"),
    "link_untreated": ("该村没有开始", "the village never starts"),
    "request_undated": ("没有提出日期", "there is no filing date"),
    "request_order": ("日期先后颠倒", "the dates are out of order"),
    "request_late": ("日期晚于导出日期", "a date is after the day on which the log ends"),
    "dropped_by_log": ("按更正单删去", "left out by the correction log"),
    "unknown_village": ("名册中没有该村", "the village is not in the roster"),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """Rows that stay, rows rejected, and one line of the quality table for each rule and column."""

    frame: pl.DataFrame
    rejected: pl.DataFrame
    quality: pl.DataFrame


def check_keys(frame: pl.DataFrame, key: Sequence[str], kind: str) -> Outcome:
    """Reject rows without a key and doubled rows: of identical copies one is kept, of conflicting ones none.

    A link that lacks one of its ends stays: it says that the other's place is not known (see `links.places`).
    """
    content = [c for c in frame.columns if c not in {ROW, FILE}]
    some = pl.all_horizontal if kind == "links" else pl.any_horizontal
    missing = some(pl.col(key).is_null())
    copies = pl.len().over(key)
    same = pl.struct(content).n_unique().over(key) == 1
    marked = frame.with_columns(
        missing.alias("_missing"),
        (~missing & (copies > 1) & ~same).alias("_conflict"),
        (~missing & (copies > 1) & same & (pl.int_range(pl.len()).over(key) > 0)).alias("_copy"),
    )
    rules = (
        ("key_missing", "_missing", "error"),
        ("duplicate_conflicting", "_conflict", "error"),
        ("duplicate_identical", "_copy", "warning"),
    )
    name = "+".join(key)
    rejected = [reject(marked.filter(pl.col(flag)), rule, severity, name, key, kind) for rule, flag, severity in rules]
    quality = [line(rule, name, severity, frame.height, int(marked[flag].sum())) for rule, flag, severity in rules]
    kept = marked.filter(~pl.any_horizontal("_missing", "_conflict", "_copy")).drop("_missing", "_conflict", "_copy")
    return Outcome(kept, pl.concat(rejected), pl.concat(quality))


def check_ranges(frame: pl.DataFrame, entries: Sequence[Entry]) -> Outcome:
    """Set values outside the codebook's limits to missing, and count them."""
    limits = {
        e.name: (e.low, e.high) for e in entries if e.kind in NUMBERS and (e.low is not None or e.high is not None)
    }
    outside = {name: _outside(name, low, high) for name, (low, high) in limits.items() if name in frame.columns}
    counts = (
        frame.select(
            **{n: e.sum() for n, e in outside.items()}, **{f"{n}/n": pl.col(n).is_not_null().sum() for n in outside}
        ).row(0, named=True)
        if outside
        else {}
    )
    quality = [line("out_of_range", n, "warning", counts[f"{n}/n"], counts[n]) for n in outside]
    kept = frame.with_columns(pl.when(e).then(None).otherwise(pl.col(n)).alias(n) for n, e in outside.items())
    return Outcome(
        kept,
        pl.DataFrame(schema=REJECTED_SCHEMA),
        pl.concat(quality) if quality else pl.DataFrame(schema=QUALITY_SCHEMA),
    )


def check_villages(frame: pl.DataFrame, roster: pl.DataFrame, cluster: str, key: Sequence[str], kind: str) -> Outcome:
    """Reject rows of villages that are not in the roster; a name like one of its is told, and not taken for it."""
    unknown = ~pl.col(cluster).is_in(roster[cluster].implode()).fill_null(False)
    lost = frame.filter(unknown)
    hints = _hints(lost[cluster], roster[cluster])
    told = reject(lost, "unknown_village", "error", cluster, key, kind)
    reasons = {c: lost[cluster].replace_strict(hint, default="", return_dtype=pl.String) for c, hint in hints.items()}
    return Outcome(
        frame.filter(~unknown),
        told.with_columns((pl.col(c) + reasons[c]).alias(c) for c in hints),
        line("unknown_village", cluster, "error", frame.height, lost.height),
    )


def _hints(lost: pl.Series, known: pl.Series) -> dict[str, dict[str, str]]:
    """Return for each village that is not known what the reasons add, by column of reasons: it, and one like it.

    Only names are compared: ids that differ in a digit are alike and mean different villages.
    """
    names = [n for n in known.drop_nulls().unique().sort().cast(pl.String) if not n.isascii()]
    told: dict[str, dict[str, str]] = {"reason_zh": {}, "reason_en": {}}
    for village in lost.drop_nulls().unique().cast(pl.String):
        like = suggestion(village, names, SHORT) if names and not village.isascii() else None
        zh = f"；与名册中的“{like}”相近，如为同一村，请填入crosswalk.csv" if like else ""
        en = f"; like {like!r} of the roster: if it is the same, enter it in crosswalk.csv" if like else ""
        told["reason_zh"][village], told["reason_en"][village] = f" ({village}){zh}", f" ({village}){en}"
    return told


def reject(rows: pl.DataFrame, rule: str, severity: str, column: str, key: Sequence[str], kind: str) -> pl.DataFrame:
    """Return the rejected table of rows that fail one rule."""
    zh, en = REASONS[rule]
    return rows.select(
        pl.lit(kind).alias("source"),
        pl.col(FILE).alias("file"),
        pl.col(ROW).alias("row"),
        pl.lit(rule).alias("rule"),
        pl.lit(severity).alias("severity"),
        pl.lit(column).alias("column"),
        row_key(rows, key),
        pl.lit(zh).alias("reason_zh"),
        pl.lit(en).alias("reason_en"),
    )


def line(rule: str, column: str, severity: str, n_checked: int, n_failed: int) -> pl.DataFrame:
    """Return one line of the quality table."""
    zh, en = REMEDIES[rule]
    values = (rule, column, severity, n_checked, n_failed, zh, en)
    return pl.DataFrame([values], schema=QUALITY_SCHEMA, orient="row")


def _outside(name: str, low: float | None, high: float | None) -> pl.Expr:
    below = pl.lit(False) if low is None else pl.col(name) < low
    above = pl.lit(False) if high is None else pl.col(name) > high
    return (below | above).fill_null(False)
