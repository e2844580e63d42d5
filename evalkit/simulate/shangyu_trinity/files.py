"""Raw files as a district office would hand them over: Chinese headers, mixed units and encodings, the usual dirt."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl

from evalkit.simulate.office import price_index, write_prices, write_truth
from evalkit.simulate.shangyu_trinity.draw import Drawn, draw
from evalkit.simulate.shangyu_trinity.scenario import Scenario, read_scenario
from evalkit.simulate.shangyu_trinity.truth import truth

WAN = 10_000
UNIT_CHANGE = 2016
"""From this year on the form asks for money in 万元 instead of 元, under other headers."""
MONEY = {
    "sales": ("年销售额(元)", "销售收入（万元）"),
    "income": ("家庭年收入(元)", "农户家庭收入（万元）"),
    "collective": ("上缴村集体(元)", "村集体分红（万元）"),
    "line": ("授信额度(元)", "农商行授信（万元）"),
    "used": ("用信余额(元)", "年末用信（万元）"),
}
SHARES = {"online": "线上销售占比(%)", "export": "出口占比(%)"}
RATED = {
    "score": "信用评分",
    "unsecured": "免担保授信(1是0否)",
    "contract": "来年订单合同额（元）",
    "overdue": "逾期90天以上（元）",
}


def write_programme(out: Path) -> list[Path]:
    """Draw the scenario and write its raw files into a folder; always the same bytes."""
    scenario = read_scenario()
    drawn = draw(scenario)
    rng = np.random.default_rng(scenario.seed + 1)
    out.mkdir(parents=True, exist_ok=True)
    prices = write_prices("Zhejiang", price_index(scenario.years, scenario.inflation), out)
    written = [_roster(drawn, out), prices, write_truth(truth(scenario, drawn), out)]
    return [*written, *(_round(scenario, drawn, year, rng, out) for year in scenario.years)]


def _roster(drawn: Drawn, out: Path) -> Path:
    rows = drawn.townships.select(
        _township_id().alias("乡镇编号"), pl.col("name").alias("乡镇街道"), pl.col("adoption").alias("农合联组建年份")
    )
    path = out / "townships.csv"
    path.write_bytes(rows.write_csv().encode("gb18030"))
    return path


def _round(scenario: Scenario, drawn: Drawn, year: int, rng: np.random.Generator, out: Path) -> Path:
    """Write one round as a workbook: money in current prices and the form's unit, blanks, slips and copies."""
    rows = drawn.rows.filter(pl.col("year") == year)
    prices = round((1 + scenario.inflation) ** (year - scenario.years[0]), 4)
    amounts = _slipped(scenario, _amounts(rows, year, prices), year, rng)
    blank = {c: pl.Series(rng.random(rows.height) < scenario.members["item_missing"]) for c in amounts}
    table = rows.select(
        pl.col("member").alias("会员编号"),
        _township_id().alias("乡镇编号"),
        *[pl.when(blank[c]).then(None).otherwise(v).alias(c) for c, v in amounts.items()],
        *(_rated(scenario, rows, prices) if year == scenario.rating["year"] else []),
    )
    n_copies = int(scenario.members["duplicates"]) // len(scenario.years)
    copies = np.sort(rng.choice(rows.height, size=n_copies, replace=False))
    return _workbook(out / f"members_{year}.xlsx", pl.concat([table, table[copies]]))


def _amounts(rows: pl.DataFrame, year: int, prices: float) -> dict[str, pl.Series]:
    """Return the amounts and shares of a round in the units of its form."""
    new = year >= UNIT_CHANGE
    unit, digits = (WAN, 4) if new else (1, 0)
    money = {headers[new]: (rows[name] * prices / unit).round(digits) for name, headers in MONEY.items()}
    return money | {header: (rows[name] * 100).round(1) for name, header in SHARES.items()}


def _slipped(
    scenario: Scenario, amounts: dict[str, pl.Series], year: int, rng: np.random.Generator
) -> dict[str, pl.Series]:
    """Type some sales in yuan under the header in 万元."""
    if year < UNIT_CHANGE:
        return amounts
    header = MONEY["sales"][1]
    n = int(scenario.members["unit_slips"]) // sum(y >= UNIT_CHANGE for y in scenario.years)
    sales = amounts[header].to_numpy().copy()
    sales[rng.choice(len(sales), size=n, replace=False)] *= WAN
    return {**amounts, header: pl.Series(sales.round(4))}


def _rated(scenario: Scenario, rows: pl.DataFrame, prices: float) -> list[pl.Series]:
    """Return score, kind of line, contracts and overdue; empty for those not rated."""
    score = rows["score"]
    line = rows["unsecured"].cast(pl.Int64)
    money = [(rows[name] * prices).round(0) for name in ("contract", "overdue")]
    return [s.alias(h) for s, h in zip([score, line, *money], RATED.values(), strict=True)]


def _township_id() -> pl.Expr:
    return pl.format("SY{}", (pl.col("township") + 1).cast(pl.String).str.zfill(2))


def _workbook(path: Path, table: pl.DataFrame) -> Path:
    import xlsxwriter

    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"created": dt.datetime(2021, 1, 1, tzinfo=dt.UTC), "comments": "模拟数据 simulated data"})
        table.write_excel(book, worksheet="会员", autofit=False)
    return path
