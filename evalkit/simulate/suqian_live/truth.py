"""What is true in the simulated programme: the mean effect in villages with a room, and their own change."""

from __future__ import annotations

from typing import Any

import numpy as np

from evalkit.simulate.suqian_live.draw import Drawn
from evalkit.simulate.suqian_live.scenario import Scenario

SALES, ORDERS = "sales_online_yuan", "orders_online"


def truth(scenario: Scenario, drawn: Drawn) -> dict[str, Any]:
    """Return, for each indicator, what rooms add on average to a shop and month from the start on, each equally.

    Of mean sales and orders, not of those that chance brought. ``pre_post`` is the change that shops of pilot villages
    show between the months before and after; ``event_time=k`` the effect in the k-th year.
    """
    late, pilot = scenario.months >= scenario.start, drawn.shops["pilot"].to_numpy() == 1
    per_yuan = 1 / drawn.shops["value"].to_numpy()[pilot]
    sales = drawn.expected[pilot]
    found = {}
    for name, each in ((SALES, np.ones_like(per_yuan)), (ORDERS, per_yuan)):
        path, mean = scenario.effect * each.mean(), (sales * each[:, None]).mean(axis=0)
        change = mean[late].mean() - mean[~late].mean()
        years = {f"event_time={k}": path[late].reshape(-1, 12)[k].mean() for k in range(int(late.sum()) // 12)}
        found[name] = {"att": path[late].mean(), **years, "pre_post": change}
    note = "Simulated. Mean effect of a room on a shop and month, from the start on; money in constant 2016 yuan."
    rounded = {name: {k: round(float(v), 4) for k, v in values.items()} for name, values in found.items()}
    return {"note": note, "seed": scenario.seed, "indicators": rounded}
