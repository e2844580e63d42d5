"""What is true in a simulated programme: the effect of an officer, of a contract because of one, the naive change."""

from __future__ import annotations

from typing import Any

import numpy as np

from evalkit.simulate.suqian_post.draw import Drawn, ramp
from evalkit.simulate.suqian_post.outcomes import outcomes
from evalkit.simulate.suqian_post.scenario import Scenario

INDICATORS = {
    "line": "credit_line_yuan",
    "loan": "loan_disbursed_yuan",
    "days": "days_need_to_money",
    "deposits": "deposits_yuan",
    "sales": "sales_value_yuan",
    "parcels": "parcels_sent",
    "channel_share": "channel_share",
    "net_income": "net_income_yuan",
    "net_per_mu": "net_income_per_mu_yuan",
}
NOTE = (
    "Simulated. Last year, constant 2020 yuan, over all entities of the first survey, interviewed later or not. "
    "att: with an officer in the village less without; late: the same over entities that contract with one and not "
    "without; pre_post: change of officers' villages from the first year to the mean of the later ones."
)


def truth(scenario: Scenario, drawn: Drawn) -> dict[str, Any]:
    """Return the true effects of each indicator, from what each entity has with and without an officer."""
    there = outcomes(scenario, drawn.base, ramp(scenario, drawn.with_officer))
    elsewhere = outcomes(scenario, drawn.base, ramp(scenario, drawn.without_officer))
    moved = drawn.with_officer.contracted & ~drawn.without_officer.contracted
    found = {}
    for name, indicator in INDICATORS.items():
        effect = (there[name] - elsewhere[name])[:, -1]
        own = drawn.values[name][drawn.assigned]
        change = float(np.mean(own[:, 1:]) - np.mean(own[:, 0]))
        values = {"att": float(effect.mean()), "late": float(effect[moved].mean()), "pre_post": change}
        found[indicator] = {k: round(v, 4) for k, v in values.items()}
    return {"note": NOTE, "seed": scenario.seed, "indicators": found}
