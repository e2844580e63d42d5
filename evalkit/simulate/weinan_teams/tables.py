"""The tables that stand beside the survey: roster, link table and request log, with their usual mistakes."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl

from evalkit.simulate.weinan_teams.draw import Drawn
from evalkit.simulate.weinan_teams.places import DEMONSTRATION, UNLINKED, Places
from evalkit.simulate.weinan_teams.queue import draw_requests
from evalkit.simulate.weinan_teams.scenario import Scenario

MADE = dt.datetime(2024, 1, 15, tzinfo=dt.UTC)


def write_roster(drawn: Drawn, out: Path) -> Path:
    """Write the villages; the year of the first accepted request is empty where there is none."""
    rows = drawn.places.villages.select(
        village_id(pl.col("village")).alias("村编号"),
        pl.format("示例{}村", pl.col("village") + 1).alias("村名"),
        pl.col("county").alias("县区"),
        pl.col("start").cast(pl.String).fill_null("").alias("首次接单年份"),
    )
    path = out / "villages.csv"
    path.write_bytes(rows.write_csv().encode("gb18030"))
    return path


def write_links(scenario: Scenario, drawn: Drawn, rng: np.random.Generator, out: Path) -> Path:
    """Write who guides whom."""
    places = drawn.places
    guided = np.flatnonzero(places.guide >= 0)
    pairs = [(places.names[places.guide[h]], places.names[h]) for h in guided]
    pairs = _with_mistakes(scenario, places, pairs, guided, rng)
    path = out / "links.csv"
    pl.DataFrame(pairs, schema=["示范户编号", "农户编号"], orient="row").write_csv(path)
    return path


def _with_mistakes(
    scenario: Scenario,
    places: Places,
    pairs: list[tuple[str, str]],
    guided: np.ndarray,
    rng: np.random.Generator,
) -> list[tuple[str, str]]:
    """Return the pairs with wrong numbers, links to oneself, to other villages, from ordinary ones, and copies."""
    given, home = scenario.tables["links"], places.home
    chosen = iter(rng.permutation(len(pairs)).tolist())
    for _ in range(given["typed_wrong"]):
        i = next(chosen)
        pairs[i] = (f"{pairs[i][0][:-3]}9{pairs[i][0][-2:]}", pairs[i][1])
    for _ in range(given["itself"]):
        i = next(chosen)
        pairs[i] = (pairs[i][1], pairs[i][1])
    leads, ordinary = places.place == DEMONSTRATION, places.place == UNLINKED
    for k in range(given["other_village"] + given["not_demonstration"]):
        i = next(chosen)
        here = home == home[guided[i]]
        others = np.flatnonzero(~here & leads if k < given["other_village"] else here & ordinary)
        pairs[i] = (places.names[int(rng.choice(others))], pairs[i][1])
    for _ in range(given["second_guide"]):
        h = int(guided[next(chosen)])
        own = (home == home[h]) & (places.place == DEMONSTRATION) & (np.arange(len(home)) != places.guide[h])
        pairs.append((places.names[int(rng.choice(np.flatnonzero(own)))], places.names[h]))
    copies = [pairs[next(chosen)] for _ in range(given["copies"])]
    return [*pairs, *copies]


def write_requests(scenario: Scenario, drawn: Drawn, rng: np.random.Generator, out: Path) -> Path:
    """Write the request log as a workbook whose dates are typed by several hands."""
    log = draw_requests(scenario, drawn.places, rng).with_row_index("number", offset=1)
    late = rng.choice(log.height, size=scenario.tables["queue"]["out_of_order"], replace=False)
    wrong = pl.col("number").is_in(late + 1) & pl.col("accepted").is_not_null()
    log = log.with_columns(
        pl.when(wrong).then(pl.col("filed") - pl.duration(days=40)).otherwise(pl.col("accepted")).alias("accepted")
    )
    rows = log.select(
        pl.format("XQ{}", pl.col("number").cast(pl.String).str.zfill(4)).alias("需求单号"),
        village_id(pl.col("village")).alias("村编号"),
        pl.col("topic").alias("功能小组"),
        *[_typed(c).alias(h) for c, h in (("filed", "提出日期"), ("accepted", "接单日期"), ("closed", "办结日期"))],
    )
    path = out / "requests.xlsx"
    write_workbook(path, "需求单", rows)
    return path


def _typed(column: str) -> pl.Expr:
    """Return a date as text: every third one as 2021年3月1日, the others as 2021/3/1."""
    day = pl.col(column).dt
    chinese = pl.format("{}年{}月{}日", day.year(), day.month(), day.day())
    return (
        pl.when(pl.col("number") % 3 == 0)
        .then(chinese)
        .otherwise(pl.format("{}/{}/{}", day.year(), day.month(), day.day()))
    )


def village_id(number: pl.Expr) -> pl.Expr:
    """Return a village's id from its number."""
    return pl.format("WN{}", (number + 1).cast(pl.String).str.zfill(2))


def write_workbook(path: Path, sheet: str, table: pl.DataFrame) -> None:
    """Write one sheet; the same table always gives the same bytes."""
    import xlsxwriter

    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"created": MADE, "comments": "模拟数据 simulated data"})
        table.write_excel(book, worksheet=sheet, autofit=False)
