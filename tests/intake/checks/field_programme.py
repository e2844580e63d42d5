"""A small survey on disk in which each field check can find what it looks for; shares no code with evalkit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

PROGRAMME = """
schema_version = 1
[programme]
id = "field"
name = { zh = "实地检查", en = "Field" }
provenance = "simulated"
[design]
unit = "household_id"
cluster = "village_id"
time = "year"
first_treated = "start"
assignment = "chosen"
[[sources]]
kind = "survey"
file = "survey_{year}.csv"
key = ["household_id", "year"]
codebook = "codebook.csv"
[[indicators]]
name = "sales_yuan"
label = { zh = "销售额", en = "Sales" }
domain = "sales"
unit = "yuan/year"
family = "main"
estimator = "did"
[quality]
enumerator = "enumerator"
duration = "minutes"
batteries = [["trust_1", "trust_2", "trust_3"]]
"""
CODEBOOK = """raw_header,name,kind,unit,missing_codes,identifier
户编号,household_id,id,,,household
村,village_id,id,,,
开始,start,integer,,,
调查员,enumerator,category,,,
分钟,minutes,number,,,
工资,wage_income_yuan,number,yuan,-98=refused;-99=dont_know,
销售额,sales_yuan,number,yuan,,
授信,credit_line_yuan,number,yuan,,
用信,credit_used_yuan,number,yuan,,
产量,grapes_produced_kg,number,kg,,
售出,grapes_sold_kg,number,kg,,
面积,land_mu,number,mu,,
人口,resident_members,integer,persons,,
信任1,trust_1,integer,,,
信任2,trust_2,integer,,,
信任3,trust_3,integer,,,
"""
N, VILLAGES, ENUMERATORS = 240, 12, 6


def field_frame(seed: int = 3) -> dict[int, pl.DataFrame]:
    """Return the sound rows of two rounds, by round: 240 households, 12 villages, 6 enumerators."""
    rng = np.random.default_rng(seed)
    household = np.arange(N)
    level = rng.lognormal(9, 0.4, N)
    members = rng.integers(2, 6, N)
    trust = [rng.permutation(5)[:3] + 1 for _ in range(N)]
    rounds = {}
    for year in (2014, 2015):
        sales = np.round(level * rng.lognormal(0, 0.2, N), 2)
        produced = np.round(rng.lognormal(7, 0.3, N), 1)
        rounds[year] = pl.DataFrame(
            {
                "户编号": [f"h{i:03d}" for i in household],
                "村": [f"v{i % VILLAGES:02d}" for i in household],
                "开始": [2015 if i % VILLAGES < 6 else None for i in household],
                "调查员": [f"e{i // VILLAGES % ENUMERATORS}" for i in household],
                "分钟": rng.integers(40, 80, N),
                "工资": np.round(level * 2 * rng.lognormal(0, 0.2, N), 2),
                "销售额": sales,
                "授信": np.round(level * 5, 2),
                "用信": np.round(level * rng.uniform(1, 4, N), 2),
                "产量": produced,
                "售出": np.round(produced * 0.8, 1),
                "面积": np.round(rng.uniform(2, 9, N), 1),
                "人口": members,
                "信任1": [t[0] for t in trust],
                "信任2": [t[1] for t in trust],
                "信任3": [t[2] for t in trust],
            }
        )
    return rounds


def write_field(
    folder: Path,
    rounds: dict[int, pl.DataFrame],
    *,
    more: str = "",
    codebook: str = CODEBOOK,
    programme: str = PROGRAMME,
) -> Path:
    """Write programme, codebook and rounds; `more` goes to the end of [quality]."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "programme.toml").write_text(programme + more, encoding="utf-8")
    (folder / "codebook.csv").write_text(codebook, encoding="utf-8")
    for year, frame in rounds.items():
        frame.write_csv(folder / f"survey_{year}.csv")
    return folder


def edited(frame: pl.DataFrame, column: str, rows: list[int], value: object) -> pl.DataFrame:
    """Return the frame with one column's cells in some rows set to a value, or to a function of the old value."""
    old = frame[column].cast(pl.Float64).to_list() if callable(value) else frame[column].to_list()
    new = [(value(v) if callable(value) else value) if i in set(rows) else v for i, v in enumerate(old)]
    return frame.with_columns(pl.Series(column, new, strict=False))
