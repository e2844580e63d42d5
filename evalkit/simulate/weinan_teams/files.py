"""Raw files as the city's offices would hand them over: Chinese headers, mixed units, the usual dirt."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from evalkit.simulate.office import price_index, write_prices, write_truth
from evalkit.simulate.weinan_teams.draw import Drawn, draw
from evalkit.simulate.weinan_teams.places import DEMONSTRATION
from evalkit.simulate.weinan_teams.scenario import Scenario, read_scenario
from evalkit.simulate.weinan_teams.tables import village_id, write_links, write_requests, write_roster, write_workbook
from evalkit.simulate.weinan_teams.truth import truth

WAN = 10_000
JIN = 0.5
"""Kilograms in a 斤."""
UNIT_CHANGE = 2021
"""From this round on the form asks for yield and price by the kilogram instead of the 斤, under other headers."""


def write_programme(out: Path) -> list[Path]:
    """Draw the scenario and write its raw files into a folder; always the same bytes."""
    scenario = read_scenario()
    drawn = draw(scenario)
    rng = np.random.default_rng(scenario.seed + 1)
    out.mkdir(parents=True, exist_ok=True)
    prices = write_prices("Shaanxi", price_index(scenario.years, scenario.inflation), out)
    written = [write_roster(drawn, out), prices, write_truth(truth(scenario, drawn), out)]
    written += [write_links(scenario, drawn, rng, out), write_requests(scenario, drawn, rng, out)]
    return [*written, *(_round(scenario, drawn, year, rng, out) for year in scenario.years)]


def _round(scenario: Scenario, drawn: Drawn, year: int, rng: np.random.Generator, out: Path) -> Path:
    """Write one survey round as a workbook."""
    rows, h = drawn.rows.filter(pl.col("year") == year), scenario.tables["household"]
    amounts = _amounts(rows, year, round((1 + scenario.inflation) ** (year - scenario.years[0]), 4))
    slipped = rng.choice(rows.height, size=h["slips"] // len(scenario.years) + 1, replace=False)
    online = amounts["网络销售额（万元）"]
    amounts["网络销售额（万元）"] = online.scatter(slipped, online.gather(slipped) * WAN)
    blank = {c: rng.random(rows.height) < h["item_missing"] for c in amounts}
    table = rows.select(
        pl.col("household").replace_strict(dict(enumerate(drawn.places.names)), return_dtype=pl.String).alias("户编号"),
        village_id(pl.col("village")).alias("村编号"),
        (pl.col("place") == DEMONSTRATION).cast(pl.Int64).alias("示范户（1是0否）"),
        *[pl.when(pl.Series(blank[c])).then(None).otherwise(v).alias(c) for c, v in amounts.items()],
    )
    copies = rng.choice(rows.height, size=h["duplicates"] // len(scenario.years), replace=False)
    path = out / f"households_{year}.xlsx"
    write_workbook(path, "农户", pl.concat([table, table[np.sort(copies)]]))
    return path


def _amounts(rows: pl.DataFrame, year: int, prices: float) -> dict[str, pl.Series]:
    """Return the amounts of a round in current prices and in the units of its form."""
    money = {
        c: rows[c] * prices
        for c in ("price", "sales_per_mu", "net_per_mu", "wages", "workshop", "online", "loan", "grant")
    }
    old = year < UNIT_CHANGE
    per_weight = {
        "葡萄亩产（斤）" if old else "葡萄亩产（公斤）": (rows["yield"] / (JIN if old else 1)).round(1),
        "葡萄售价（元/斤）" if old else "葡萄售价（元/公斤）": (money["price"] * (JIN if old else 1)).round(3),
    }
    return {
        **per_weight,
        "每亩销售额（万元）": (money["sales_per_mu"] / WAN).round(4),
        "每亩净收入（元）": money["net_per_mu"].round(0),
        "全年工资（元）": money["wages"].round(0),
        "其中村办工厂工资（元）": money["workshop"].round(0),
        "网络销售额（万元）": (money["online"] / WAN).round(4),
        "贷款余额（元）": money["loan"].round(0),
        "户均项目资金（元）": money["grant"].round(0),
    }
