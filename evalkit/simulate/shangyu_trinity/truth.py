"""What is true in the simulated programme: mean effects while a comparison exists, and jumps at the cut-offs."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from evalkit.simulate.shangyu_trinity.draw import Drawn
from evalkit.simulate.shangyu_trinity.scenario import Scenario

INDICATORS = {
    "sales": "sales_yuan",
    "online": "online_share",
    "export": "exported_share",
    "income": "household_income_yuan",
    "collective": "collective_income_yuan",
    "line": "line_yuan",
    "used": "used_yuan",
}
DIGITS = 5


def truth(scenario: Scenario, drawn: Drawn) -> dict[str, Any]:
    """Return what each indicator's plan asks for.

    Rollout: the mean effect on members of townships that have begun, over the years in which some township has not;
    a member counts in each of these years, interviewed then or not. Rating: the jump at the cut-off that passing (or,
    for contracts, the line without collateral) makes; in the score, not in the lifted score.
    """
    found: dict[str, dict[str, float]] = {i: _of(scenario, drawn, name) for name, i in INDICATORS.items()}
    found["unsecured_line"] = {"att": scenario.rating["open_share"]}
    found["contract_sales_yuan"] = {"att": scenario.contract["effect"]}
    found["overdue_yuan"] = {"att": scenario.overdue["effect"]}
    note = "Simulated. Rollout: mean effect until 2018, when the last townships have not begun, in constant 2012 yuan."
    return {"note": note, "seed": scenario.seed, "indicators": found}


def _of(scenario: Scenario, drawn: Drawn, name: str) -> dict[str, float]:
    process, last = scenario.processes[name], max(scenario.adoption)
    members = drawn.rows.group_by("member").agg(pl.col("adoption").first()).sort("member")["adoption"].to_numpy()
    cells = [(a, y) for a in members for y in scenario.years if a <= y < last]
    effects = [process.effect_at(y - a, scenario.gain[int(a)]) for a, y in cells]
    values = {"att": float(np.mean(effects))}
    for k in range(last - min(scenario.adoption)):
        at = [e for e, (a, y) in zip(effects, cells, strict=True) if y - a == k]
        values[f"event_time={k}"] = float(np.mean(at))
    return {k: round(v, DIGITS) for k, v in values.items()}
