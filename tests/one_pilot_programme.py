"""A programme with a single pilot village, on disk; simulated numbers, shares no code with evalkit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

EFFECT, START, ROUNDS, DONORS = 30.0, 9, 12, 24

PROGRAMME = """
schema_version = 1

[programme]
id         = "one_pilot"
name       = {{ zh = "单村试点", en = "One pilot village" }}
provenance = "simulated"

[design]
unit          = "shop_id"
cluster       = "village_id"
time          = "month"
first_treated = "start"
assignment    = "chosen"
assigned_to   = "cluster"

[disclosure]
min_households = 1
min_villages   = 1
audience       = "{audience}"

[[sources]]
kind     = "survey"
file     = "shops.csv"
key      = ["shop_id", "month"]
codebook = "codebook.csv"

[[indicators]]
name       = "sales_yuan"
label      = {{ zh = "月销售额", en = "Monthly sales" }}
domain     = "sales"
unit       = "yuan/month"
role       = "primary"
family     = "main"
estimator  = "{estimator}"
inference  = "{inference}"
robustness = {robustness}
"""

CODEBOOK = """raw_header,name,kind,unit,factor,identifier,label_zh,label_en
shop,shop_id,id,,,household,店,Shop
village,village_id,id,,,,村,Village
month,month,integer,,,,月,Month
start,start,integer,,,,开始月,Start
sales,sales_yuan,number,yuan,1,,销售额,Sales
"""


def one_pilot_programme(
    folder: Path,
    *,
    estimator: str = "synthetic_did",
    inference: str = "auto",
    robustness: str = '["synthetic_control", "did"]',
    audience: str = "internal",
    donors: int = DONORS,
) -> Path:
    """Write programme.toml, codebook and rows; v00 starts in month 9 and gains 30 yuan a month."""
    text = PROGRAMME.format(estimator=estimator, inference=inference, robustness=robustness, audience=audience)
    (folder / "programme.toml").write_text(text, encoding="utf-8")
    (folder / "codebook.csv").write_text(CODEBOOK, encoding="utf-8")
    _rows(donors).write_csv(folder / "shops.csv")
    return folder


def _rows(donors: int) -> pl.DataFrame:
    rng = np.random.default_rng(7)
    factor, load = np.cumsum(rng.normal(size=ROUNDS + 1)) * 10, rng.uniform(0, 1, donors + 1)
    rows = []
    for v in range(donors + 1):
        level = 500 + 40 * rng.normal()
        for shop in range(3):
            own = rng.normal() * 20
            for t in range(1, ROUNDS + 1):
                gain = EFFECT if v == 0 and t >= START else 0.0
                y = level + own + load[v] * factor[t] + gain + 4 * rng.normal()
                rows.append((f"s{v:02d}{shop}", f"v{v:02d}", t, START if v == 0 else None, round(float(y), 4)))
    return pl.DataFrame(rows, schema=["shop", "village", "month", "start", "sales"], orient="row")
