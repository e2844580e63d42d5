"""Second visits: some entities of the last round are asked again, after enumerators of whom one was careless."""

from __future__ import annotations

import numpy as np
import polars as pl

from evalkit.simulate.suqian_post.scenario import Scenario

SALES, PARCELS, DAYS = "农产品销售额（万元）", "全年寄件数", "用款需求到到账天数"


def second_visits(scenario: Scenario, first: pl.DataFrame) -> pl.DataFrame:
    """Return what second visits wrote down, from the answers of the first round before slips and gaps came into them.

    ``first`` has ids, kind, land and answers of each entity, under the form's headers, and ``village``, its number.
    """
    plan = scenario.backchecks
    rng = np.random.default_rng(scenario.seed + 2)
    chosen = np.sort(rng.choice(first.height, size=round(plan["share"] * first.height), replace=False))
    rows: pl.DataFrame = first[chosen.tolist()]
    person = rows["village"].to_numpy() % plan["enumerators"]
    chance = np.where(person == plan["careless"], plan["careless_error"], plan["error"])
    wrong = {c: rng.random(rows.height) < chance for c in ("主体类型", "经营面积(亩)", SALES, PARCELS)}
    kinds = np.array(scenario.entity["kinds"])
    other = kinds[(np.searchsorted(np.sort(kinds), rows["主体类型"].to_numpy()) + 1) % len(kinds)]
    factor = 1 + rng.uniform(0.05, 0.4, rows.height)
    waited = rng.random(rows.height) < plan["waiting_differs"]
    days = pl.col(DAYS) + pl.Series(np.where(waited, rng.integers(1, 6, rows.height), 0))
    again: pl.DataFrame = rows.select(
        "主体编号",
        pl.Series("初访调查员", [f"D{p + 1:02d}" for p in person]),
        pl.when(pl.Series(wrong["主体类型"])).then(pl.Series(other)).otherwise("主体类型").alias("主体类型"),
        _changed("经营面积(亩)", wrong["经营面积(亩)"], factor, 0),
        _changed(SALES, wrong[SALES], factor, 4),
        _changed(PARCELS, wrong[PARCELS], factor, 0),
        days.alias(DAYS),
    )
    return again


def _changed(name: str, wrong: np.ndarray, factor: np.ndarray, digits: int) -> pl.Expr:
    other = (pl.col(name) * pl.Series(factor)).round(digits)
    return pl.when(pl.Series(wrong)).then(other).otherwise(pl.col(name)).alias(name)
