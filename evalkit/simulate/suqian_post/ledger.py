"""The bank's loan book: a row for each event of a line; it knows entities that gave no interview too."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import numpy as np
import polars as pl

from evalkit.simulate.suqian_post.draw import Drawn
from evalkit.simulate.suqian_post.rows import entity_ids
from evalkit.simulate.suqian_post.scenario import Scenario

COLUMNS = ("流水号", "借据号", "主体编号", "业务类型", "金额(元)", "业务日期", "到期日")


def loan_book(scenario: Scenario, drawn: Drawn) -> pl.DataFrame:
    """Return the events of all lines in the order of their dates; two rows stand twice."""
    rng = np.random.default_rng(scenario.seed + 2)
    ids = entity_ids(drawn)
    lines, loans = drawn.values["line"], drawn.values["loan"]
    events = []
    for who, when in zip(*np.nonzero(lines), strict=True):
        year = scenario.years[when]
        loan_id = f"J{year}{who + 1:04d}"
        given = dt.date(year, 1, 1) + dt.timedelta(days=int(rng.integers(40, 330)))
        price = scenario.price(year)
        amounts = (round(float(lines[who, when]) * price, 2), round(float(loans[who, when]) * price, 2))
        events += [(loan_id, ids[int(who)], *e) for e in _of(amounts, given) if e[2].year <= scenario.years[-1]]
    order = sorted(events, key=lambda e: (e[4], e[0], e[2]))
    rows = [(f"L{n:05d}", *event) for n, event in enumerate(order, 1)]
    table = pl.DataFrame(rows, schema=list(COLUMNS), orient="row")
    return pl.concat([table, table[10:12]]).with_columns(pl.col("业务日期", "到期日").cast(pl.String))


def _of(amounts: tuple[float, float], given: dt.date) -> Iterator[tuple[str, float, dt.date, dt.date]]:
    """Yield the events of one line: granted, and where it is used disbursed and repaid within the year after."""
    line, loan = amounts
    until = dt.date(given.year + 1, 6, 30)
    yield "授信", line, given, until
    if loan > 0:
        yield "放款", loan, given + dt.timedelta(days=8), until
        yield "还款", loan, dt.date(given.year + 1, 5, 31), until
