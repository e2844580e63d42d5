"""Raw files as post, bank and county would give them: Chinese headers, mixed units and encodings, the usual dirt."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl

from evalkit.simulate.office import write_prices, write_truth
from evalkit.simulate.suqian_post.again import second_visits
from evalkit.simulate.suqian_post.draw import Drawn, draw
from evalkit.simulate.suqian_post.ledger import loan_book
from evalkit.simulate.suqian_post.places import places
from evalkit.simulate.suqian_post.rows import STAGES, interviews, village_id
from evalkit.simulate.suqian_post.scenario import Scenario, read_scenario
from evalkit.simulate.suqian_post.truth import truth

WAN = 10_000
UNIT_CHANGE = 2021
"""From this round on the survey form asks for money in 万元 instead of 元, under other headers."""
OLD = {"net_income": "经营净收入(元)", "sales": "农产品销售额(元)", "deposits": "邮储存款余额(元)"}
NEW = {"net_income": "经营净收入（万元）", "sales": "农产品销售额（万元）", "deposits": "邮储存款余额（万元）"}
PER_MU, DAYS, PARCELS, SHARE = "亩均净收入(元)", "用款需求到到账天数", "全年寄件数", "邮政和电商渠道销售占比(%)"
REACHED = dict(
    zip(
        STAGES,
        ("已走访(1是0否)", "已登记需求(1是0否)", "已签约(1是0否)", "签约后获贷(1是0否)", "经渠道销售(1是0否)"),
        strict=True,
    )
)


def write_programme(out: Path) -> list[Path]:
    """Draw the scenario and write its raw files into a folder; always the same bytes."""
    scenario = read_scenario()
    drawn = draw(scenario)
    rng = np.random.default_rng(scenario.seed + 1)
    out.mkdir(parents=True, exist_ok=True)
    rows = interviews(scenario, drawn)
    prices = write_prices("Jiangsu", {y: 100 * scenario.price(y) for y in scenario.years}, out)
    written = [_roster(scenario, drawn, out), prices, write_truth(truth(scenario, drawn), out)]
    written += [_round(scenario, rows, year, rng, out) for year in scenario.years]
    return [*written, _ledger(scenario, drawn, out), _again(scenario, rows, out), _places(scenario, drawn, out)]


def _roster(scenario: Scenario, drawn: Drawn, out: Path) -> Path:
    since = pl.when("officer").then(pl.lit(str(scenario.start))).otherwise(pl.lit(""))
    rows = drawn.villages.select(
        pl.col("village").map_elements(village_id, return_dtype=pl.String).alias("村（社区）编号"),
        pl.format("示例{}村", pl.col("village") + 1).alias("村（社区）名称"),
        pl.col("county").alias("县区"),
        since.alias("联络员派驻年份"),
    )
    path = out / "villages.csv"
    path.write_bytes(rows.write_csv().encode("gb18030"))
    return path


def _places(scenario: Scenario, drawn: Drawn, out: Path) -> Path:
    path = out / "villages.geojson"
    path.write_text(places(scenario, drawn), encoding="utf-8")
    return path


def _ledger(scenario: Scenario, drawn: Drawn, out: Path) -> Path:
    path = out / "loan_book.csv"
    path.write_bytes(loan_book(scenario, drawn).write_csv().encode("gb18030"))
    return path


def _round(scenario: Scenario, rows: pl.DataFrame, year: int, rng: np.random.Generator, out: Path) -> Path:
    """Write one survey round as a workbook."""
    own = rows.filter(pl.col("year") == year)
    amounts = _with_slips(_amounts(own, year, scenario.price(year)), year, scenario, rng)
    blank = {c: rng.random(own.height) < scenario.entity["item_missing"] for c in amounts}
    table = own.select(
        pl.col("entity_id").alias("主体编号"),
        pl.col("village_id").alias("村（社区）编号"),
        pl.Series("主体类型", _kinds(scenario, own)),
        pl.col("mu").alias("经营面积(亩)"),
        *[pl.when(pl.Series(blank[c])).then(None).otherwise(v).alias(c) for c, v in amounts.items()],
        *[pl.col(stage).cast(pl.Int64).alias(header) for stage, header in REACHED.items()],
    )
    copies = rng.choice(own.height, size=int(scenario.entity["duplicates"]) // len(scenario.years), replace=False)
    path = out / f"entities_{year}.xlsx"
    _workbook(path, pl.concat([table, table[np.sort(copies)]]))
    return path


def _again(scenario: Scenario, rows: pl.DataFrame, out: Path) -> Path:
    """Write the second visits of the last round; they draw from numbers of their own."""
    year = scenario.years[-1]
    own = rows.filter(pl.col("year") == year)
    first = own.select(
        pl.col("entity_id").alias("主体编号"),
        pl.col("village_id").str.slice(1).cast(pl.Int64).alias("village"),
        pl.Series("主体类型", _kinds(scenario, own)),
        pl.col("mu").alias("经营面积(亩)"),
    ).with_columns(v.alias(c) for c, v in _amounts(own, year, scenario.price(year)).items())
    path = out / f"backchecks_{year}.csv"
    path.write_bytes(second_visits(scenario, first).write_csv().encode("gb18030"))
    return path


def _kinds(scenario: Scenario, rows: pl.DataFrame) -> list[str]:
    """Return the kind of each entity, which its number says."""
    return [str(scenario.entity["kinds"][number % 3]) for number in rows["entity_id"].str.slice(4).cast(pl.Int64)]


def _amounts(rows: pl.DataFrame, year: int, price: float) -> dict[str, pl.Series]:
    """Return the answers of a round, money in current prices and in the units of its form."""
    headers, unit, digits = (OLD, 1, 0) if year < UNIT_CHANGE else (NEW, WAN, 4)
    return {
        **{header: (rows[name] * price / unit).round(digits) for name, header in headers.items()},
        PER_MU: (rows["net_per_mu"] * price).round(2),
        DAYS: rows["days"],
        PARCELS: rows["parcels"],
        SHARE: (rows["channel_share"] * 100).round(2),
    }


def _with_slips(
    amounts: dict[str, pl.Series], year: int, scenario: Scenario, rng: np.random.Generator
) -> dict[str, pl.Series]:
    """Write a few sales in yuan where the form asks for 万元."""
    if year < UNIT_CHANGE:
        return amounts
    header, later = NEW["sales"], sum(y >= UNIT_CHANGE for y in scenario.years)
    values = amounts[header].to_numpy().copy()
    at = rng.choice(len(values), size=int(scenario.entity["unit_slips"]) // later, replace=False)
    values[at] *= WAN
    return {**amounts, header: pl.Series(values)}


def _workbook(path: Path, table: pl.DataFrame) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"created": dt.datetime(2023, 1, 1, tzinfo=dt.UTC), "comments": "模拟数据 simulated data"})
        table.write_excel(book, worksheet="经营主体", autofit=False)
