"""DuckDB with 4 GB: numbers that occur twice are found first, and looked at apart."""

import sys
import tempfile
from pathlib import Path

import duckdb
from common import NAMES, files, report

SQL = """
CREATE TEMP TABLE twice AS SELECT order_id FROM {rows} WHERE {span} GROUP BY 1 HAVING count(*) > 1;
CREATE TEMP TABLE doubled AS SELECT DISTINCT * FROM {rows} WHERE {span} AND order_id IN (FROM twice);
CREATE TEMP TABLE kept AS SELECT * FROM doubled QUALIFY count(*) OVER (PARTITION BY order_id) = 1;
CREATE TEMP TABLE made AS
WITH one AS (
    SELECT * FROM {rows} WHERE {span} AND order_id NOT IN (FROM twice) UNION ALL SELECT * FROM kept
), typed AS (
    SELECT household_id, year(order_date) AS y, CAST(round(amount * 100) AS BIGINT) AS fen,
           status <> '交易关闭' AS sold, status = '退货' AS back, channel <> '线下' AS online, channel = '直播' AS live
    FROM one
)
SELECT household_id, y,
    coalesce(sum(fen) FILTER (sold), 0) AS sales_gross_yuan, coalesce(sum(fen) FILTER (back), 0) AS sales_returned_yuan,
    coalesce(sum(fen) FILTER (sold AND NOT back), 0) AS sales_net_yuan,
    coalesce(sum(fen) FILTER (sold AND online), 0) AS sales_online_yuan,
    coalesce(sum(fen) FILTER (sold AND online AND NOT back), 0) AS sales_online_net_yuan,
    coalesce(sum(fen) FILTER (sold AND live), 0) AS sales_live_yuan,
    count(*) FILTER (sold) AS orders, count(*) FILTER (sold AND online) AS orders_online,
    count(*) FILTER (back) AS orders_returned, count(*) FILTER (NOT sold) AS orders_cancelled
FROM typed GROUP BY ALL HAVING household_id IN (SELECT household_id FROM read_csv('{units}'));
"""


def sums(folder: Path) -> dict[str, float]:
    pattern, kind = files(folder)
    with tempfile.TemporaryDirectory() as scratch, duckdb.connect() as connection:
        connection.execute(
            f"SET memory_limit = '4GB'; SET temp_directory = '{scratch}'; SET preserve_insertion_order = false"
        )
        rows = f"read_{kind}('{pattern}')"
        span = "order_date BETWEEN DATE '2012-01-01' AND DATE '2017-12-31'"
        connection.execute(SQL.format(rows=rows, span=span, units=folder / "units.csv"))
        columns = ", ".join(f"sum({n})" for n in NAMES)
        values = connection.execute(f"SELECT {columns}, count(*) FROM made").fetchone()
    return {n: float(v) / (100 if n.endswith("_yuan") else 1) for n, v in zip((*NAMES, "n"), values, strict=True)}


if __name__ == "__main__":
    report(lambda: sums(Path(sys.argv[1])))
