"""A drawn programme as rows: one for each interview, with the entity's outcomes and how far it has come by then."""

from __future__ import annotations

import numpy as np
import polars as pl

from evalkit.simulate.suqian_post.draw import Drawn
from evalkit.simulate.suqian_post.scenario import Scenario

STAGES = ("visited", "recorded", "contracted", "loan_with_contract", "sold_through_channel")


def interviews(scenario: Scenario, drawn: Drawn) -> pl.DataFrame:
    """Return one row for each interview: ids, arm, land, outcomes in constant yuan, and the stages reached."""
    who, when = np.nonzero(drawn.seen)
    home, years = drawn.home[who], np.array(scenario.years)[when]
    villages = drawn.villages[home.tolist()]
    since = pl.when(villages["officer"]).then(pl.lit(scenario.start, pl.Int64))
    rows = pl.DataFrame(
        {
            "entity_id": entity_ids(drawn)[who.tolist()],
            "village_id": [village_id(int(v)) for v in home],
            "year": years,
            "county": villages["county"],
            "mu": drawn.mu[who],
            **{name: values[who, when] for name, values in drawn.values.items()},
            **{name: reached[who, when] for name, reached in stages(scenario, drawn).items()},
        }
    )
    return rows.with_columns(pl.select(since).to_series().alias("liaison_since")).sort("year", "entity_id")


def stages(scenario: Scenario, drawn: Drawn) -> dict[str, np.ndarray]:
    """Return by stage whether each entity has reached it in each year, entities × years."""
    years = np.array(scenario.years)[None, :]
    begun = years >= np.minimum(drawn.lived.year, scenario.start)[:, None]
    contracted = years >= drawn.lived.year[:, None]
    return {
        "visited": drawn.lived.visited[:, None] & begun,
        "recorded": drawn.lived.recorded[:, None] & begun,
        "contracted": contracted,
        "loan_with_contract": np.logical_or.accumulate(contracted & (drawn.values["loan"] > 0), axis=1),
        "sold_through_channel": contracted & drawn.base.sells[:, None],
    }


def entity_ids(drawn: Drawn) -> pl.Series:
    """Return the id of each entity: its village and its number there."""
    number = np.arange(len(drawn.home)) - np.searchsorted(drawn.home, drawn.home)
    ids = [f"{village_id(int(v))}-{k + 1:02d}" for v, k in zip(drawn.home, number, strict=True)]
    return pl.Series("entity_id", ids)


def village_id(village: int) -> str:
    """Return the id of a village."""
    return f"V{village + 1:02d}"
