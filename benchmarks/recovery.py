"""Do the plans find what was built in? Every simulated programme redrawn 2,000 times, with and without what breaks it.

    .venv/bin/python benchmarks/recovery.py                  # all programmes, on all cores
    .venv/bin/python benchmarks/recovery.py suqian_post      # one of them; its rows in the table are replaced
    .venv/bin/python benchmarks/recovery.py --draws 40       # fewer draws; prints only, without --write
    .venv/bin/python benchmarks/recovery.py --so-far NAME    # no new draws; writes those that are done
    .venv/bin/python benchmarks/recovery.py --tables         # writes docs/recovery.md anew from results/recovery.csv

A study that is ended goes on where it was, if code, scenario and plan are the same: draws are kept in .cache/recovery/.

Each draw (`evalkit.simulate`, which shares no code with the estimators) gives the frame that intake would give, without
dirt, and what is true of it. It is estimated as programme.toml plans: panel, village sums, estimator, interval. "Built
in" is what before-and-after gets wrong by the scenario's file alone: the same, from draws without noise and shocks.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # the matrices are small
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("POLARS_MAX_THREADS", "1")

import argparse
import math
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import polars as pl

import evalkit
from evalkit import simulate
from evalkit.columns import EXPOSURE
from evalkit.errors import DataError, DesignError
from evalkit.estimators.registry import estimate_by_name
from evalkit.programme import IndicatorPlan

sys.path.insert(0, str(Path(__file__).resolve().parent / "redraws"))

from kept import Kept
from recovered import line, page, summary

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "benchmarks" / "results" / "recovery.csv"
DOCUMENT = ROOT / "docs" / "recovery.md"
TABLES = "<!-- tables -->\n"
"""What follows this line in docs/recovery.md is made by the study."""
DRAWS = 2000
CALM = 200
"""So many of the draws are also made without what chance brings, for what is built in."""
MORE = {
    "ningxia_post": ("parcels_number",),
    "shangyu_trinity": ("contract_sales_yuan", "overdue_yuan"),
}
"""Beside the primary indicators: those on which a scenario breaks an assumption, and those of a second design."""
SETS = 99
"""Placebo sets of three communities among 27; pages draw 999, which takes ten times as long."""
Row = dict[str, Any]
Key = tuple[bool, int]

sys.path[:] = [p for p in sys.path if Path(p).resolve() != Path(__file__).resolve().parent]
"""numba, which rdrobust imports when it is used, would else take coverage.py of this folder for the package."""


def one(name: str, indicators: tuple[str, ...], key: Key) -> list[Row]:
    """Return a row for each indicator of one draw: its error, whether it is covered, and the naive error."""
    holds, seed = key
    programme = evalkit.load(ROOT / "data_raw" / name)
    drawn = simulate.replicate(name, seed, holds=holds)
    calm = simulate.replicate(name, seed, holds=holds, calm=True) if seed < CALM else None
    rows = []
    for plan in map(programme.indicator, indicators):
        panel, moments = _prepared(drawn, programme, plan)
        kind = {"programme": name, "holds": holds, "indicator": plan.name}
        built_in = math.nan
        if calm is not None:
            built_in = _naive(*_prepared(calm, programme, plan)) - calm.truth[plan.name]
        naive = {"naive": _naive(panel, moments) - drawn.truth[plan.name], "built_in": built_in}
        main = _measured(panel, moments, (plan.estimator, plan.inference), drawn.truth[plan.name], seed)
        rows.append(kind | {"estimator": plan.estimator} | main | naive)
        if plan.name in drawn.late:
            late = _measured(panel, moments, ("late_ancova", "anderson_rubin"), drawn.late[plan.name], seed)
            rows.append(kind | {"estimator": "late_ancova"} | late | {"naive": math.nan, "built_in": math.nan})
    return rows


def _prepared(
    drawn: simulate.Replicate, programme: evalkit.Programme, plan: IndicatorPlan
) -> tuple[evalkit.Panel, evalkit.Moments]:
    groups = (EXPOSURE,) if EXPOSURE in drawn.frame.columns else ()
    design = programme.design_for(plan)
    panel = evalkit.Panel.from_frame(drawn.frame, design=design, outcome=plan.name, covariates=groups)
    return panel, evalkit.Moments.from_panel(panel)


def _measured(
    panel: evalkit.Panel, moments: evalkit.Moments, how: tuple[str, str], truth: float, seed: int
) -> dict[str, float | bool | str | None]:
    try:
        result = evalkit.infer(estimate_by_name(how[0], moments, panel), how[1], seed=seed, draws=SETS)
    except (DataError, DesignError) as refused:
        return {"error": math.nan, "covers": None, "refused": str(refused)}
    row = result.tidy().row(0, named=True)
    low, high = row["conf_low"], row["conf_high"]
    covers = None if low is None else low <= truth <= high
    return {"error": row["estimate"] - truth, "covers": covers, "refused": ""}


def _naive(panel: evalkit.Panel, moments: evalkit.Moments) -> float:
    """Return what the page calls naive: the pilots' own change, or all above less all below the cut-off."""
    at_cutoff = panel.design.running is not None
    return float((evalkit.itt(moments, strata=False) if at_cutoff else evalkit.pre_post(moments)).values[0])


def measured(name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the indicators that are measured, and those on which the scenario breaks what their plan assumes.

    For the others the draws with and without what is broken are the same, and are made once.
    """
    programme = evalkit.load(ROOT / "data_raw" / name)
    plans = [p for p in programme.indicators if p.role == "primary" or p.name in MORE.get(name, ())]
    whole, broken = (simulate.replicate(name, 0, holds=holds) for holds in (True, False))
    differ = [
        p.name
        for p in plans
        if not _prepared(whole, programme, p)[0].frame.equals(_prepared(broken, programme, p)[0].frame)
    ]
    return tuple(p.name for p in plans), tuple(differ)


def draws_of(name: str, draws: int, workers: int | None, kept: Kept) -> Iterator[list[Row]]:
    """Yield the rows of each draw, those that are kept first, the others made on several cores."""
    whole, broken = measured(name)
    kinds = ((True, whole), (False, broken)) if broken else ((True, whole),)
    keys = [(holds, seed) for seed in range(draws) for holds, _ in kinds]
    yield from (kept.rows[key] for key in keys if key in kept.rows)
    missing = [key for key in keys if key not in kept.rows]
    asked = [dict(kinds)[holds] for holds, _ in missing]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for key, rows in zip(missing, pool.map(one, repeat(name), asked, missing, chunksize=4), strict=True):
            kept.add(key, rows)
            yield rows


def main() -> None:
    """Run the study, print as it goes, write the table after each programme."""
    given = _asked()
    if given.tables:
        return write(pl.read_csv(TABLE))
    start = time.perf_counter()
    for name in given.programmes or simulate.scenarios():
        kept = Kept(ROOT, name, SETS, CALM)
        draws = kept.rows.values() if given.so_far else draws_of(name, given.draws, given.workers, kept)
        table = summary([row for rows in draws for row in rows])
        print(f"{time.perf_counter() - start:6.0f} s", *map(line, table.iter_rows(named=True)), sep="\n", flush=True)
        if given.so_far or given.draws == DRAWS or given.write:
            write(table)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programmes", nargs="*", metavar="PROGRAMME", help=", ".join(simulate.scenarios()))
    parser.add_argument("--draws", type=int, default=DRAWS, help="other numbers than %(default)s are printed only")
    parser.add_argument("--write", action="store_true", help="write the table with another number of draws, too")
    parser.add_argument("--so-far", action="store_true", help="write the table of the draws that are done")
    parser.add_argument("--workers", type=int, help="processes; all cores if left out")
    parser.add_argument("--tables", action="store_true", help="only write the document anew from the table")
    return parser.parse_args()


def write(table: pl.DataFrame) -> None:
    """Write table and document, with the rows of programmes that were not run as they were."""
    if TABLE.is_file():
        before = pl.read_csv(TABLE).filter(~pl.col("programme").is_in(table["programme"].unique().to_list()))
        table = pl.concat([before, table], how="vertical_relaxed")
    table = table.sort("programme", maintain_order=True)
    table.write_csv(TABLE, float_precision=6)
    prose = DOCUMENT.read_text(encoding="utf-8").split(TABLES)[0]
    DOCUMENT.write_text(f"{prose}{TABLES}\n{page(table)}", encoding="utf-8")


if __name__ == "__main__":
    main()
