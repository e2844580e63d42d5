"""What is true in the simulated programme: mean effects over those interviewed, by group, and the naive change."""

from __future__ import annotations

from typing import Any

import polars as pl

from evalkit.simulate.weinan_teams.draw import Drawn
from evalkit.simulate.weinan_teams.places import DEMONSTRATION, LINKED, UNLINKED
from evalkit.simulate.weinan_teams.scenario import Scenario
from evalkit.simulate.weinan_teams.tables import village_id

INDICATORS = {
    "net_per_mu": "net_income_per_mu_yuan",
    "wages": "wage_income_yuan",
    "workshop": "workshop_wage_yuan",
    "sales_per_mu": "sales_per_mu_yuan",
    "yield": "yield_per_mu_kg",
    "price": "price_yuan_per_kg",
    "online": "online_sales_yuan",
    "loan": "loans_outstanding_yuan",
    "grant": "project_funds_yuan",
}
GROUPS = {"direct": DEMONSTRATION, "spillover": LINKED, "unlinked": UNLINKED}


def truth(scenario: Scenario, drawn: Drawn) -> dict[str, Any]:
    """Return, for each indicator, the mean effect over interviewed household-years from the start on, by group.

    ``villages`` has for each of them the mean effect in each pilot village, with the number of interviews.
    ``pre_post`` is the change that pilot villages show on average: what they had after the start less before.
    """
    found = {indicator: _of(drawn.rows, measure) for measure, indicator in INDICATORS.items()}
    first = scenario.years[0]
    note = f"Simulated. Mean effects over interviewed household-years from the start on, in constant {first} yuan."
    villages = {indicator: _by_village(drawn.rows, measure) for measure, indicator in INDICATORS.items()}
    return {"note": note, "seed": scenario.seed, "indicators": found, "villages": villages}


def _by_village(rows: pl.DataFrame, measure: str) -> dict[str, list[float]]:
    """Return each pilot village's mean effect from its start on, and how many interviews stand behind it."""
    after = rows.filter(pl.col("year") >= pl.col("start"))
    effect = (pl.col(measure) - pl.col(f"{measure}_without")).mean().round(3)
    found = after.group_by(village_id(pl.col("village")).alias("id")).agg(effect.alias("effect"), pl.len()).sort("id")
    return {village: [effect, n] for village, effect, n in found.iter_rows()}


def _of(rows: pl.DataFrame, measure: str) -> dict[str, float]:
    pilot = rows.filter(pl.col("start").is_not_null())
    effect = pl.col(measure) - pl.col(f"{measure}_without")
    after = pilot.filter(pl.col("year") >= pl.col("start")).with_columns(effect.alias("effect"))
    before = pilot.filter(pl.col("year") < pl.col("start"))
    values = {"att": after["effect"].mean()}
    values |= {term: after.filter(pl.col("place") == place)["effect"].mean() for term, place in GROUPS.items()}
    values["pre_post"] = float(str(after[measure].mean())) - float(str(before[measure].mean()))
    return {k: round(float(str(v)), 3) for k, v in values.items()}
