"""Makes moz_family.csv: p of the 34 endline outcomes of moz_savings, published and by refitting rows; no evalkit.

    python tests/reference/moz_family.py FOLDER_OF_CASES

Published: the numbers in brackets in tables 3, 4, A4, A5 and A6 of Christian et al. (2022), without and with province
effects (repository dime-worldbank/moz-proirri-savings, CC BY 4.0). Its do-file calls Stata's wyoung with
cluster(associd) and 10,000 draws, with strata(prov) where there are province effects, and keeps column 3 of r(table).
The columns are coef, stderr, p, pwyoung, pbonf, psidak: the third is p before adjustment, which the tables then show.

Refitted: the steps of wyoung on rows (villages drawn with replacement, WLS, CRV1, p* of b* = b by t(41), running minima
of p*, shares of draws, running maxima), in numpy, 10,000 draws; a minute.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import polars as pl
from scipy.stats import t as student

DRAWS = 10_000
ITEMS = ["cattle", "traction", "cart", "tractor", "plough", "motocult", "seeder", "trailer", "motorpump", "elecpump"]
REST = "credyn credobj_inputs credobj_goods credobj_equipment fertorguse fertchemuse pestuse fertorg_costs"
REST += " chemorg_costs pest_costs worker_costs seed_costs equip_rent_costs plot_rent_costs livestock_costs"
OUTCOMES = [f"el_d_use{i}" for i in ITEMS] + [f"el_d_own{i}" for i in ITEMS[:-1]] + [f"el_{n}" for n in REST.split()]
PUBLISHED = ".234 .879 .299 .564 .169 .241 .131 .217 .115 .090 .202 .186 .141 .100 .142 .296 .224 .556 .332"
PUBLISHED += " .168 .124 .175 .325 .165 .082 .106 .290 .216 .239 .251 .328 .409 .550 .036"
PUBLISHED_PROVINCES = ".251 .148 .483 .243 .792 .298 .296 .253 .070 .043 .963 .784 .590 .146 .773 .260 .205 .292 .370"
PUBLISHED_PROVINCES += " .324 .798 .189 .397 .941 .303 .708 .106 .491 .642 .098 .415 .364 .600 .072"


def fit(x, y, w, village):
    """Coefficient of the last column and its CRV1 error for every outcome (columns of y); rows sorted by village."""
    bread = np.linalg.inv(x.T @ (x * w[:, None]))
    beta = bread @ (x.T @ (y * w[:, None]))
    weighted = (y - x @ beta) * (w * (x @ bread[-1]))[:, None]
    starts = np.flatnonzero(np.r_[True, np.diff(village) != 0])
    z = np.add.reduceat(weighted, starts)
    g, (n, k) = len(starts), x.shape
    return beta[-1], np.sqrt(g / (g - 1) * (n - 1) / (n - k) * (z**2).sum(axis=0)), g


def p_of(b, se, g):
    """p by t, missing where there is no variation."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(se > 1e-10, 2 * student.sf(np.abs(b / se), g - 1), np.nan)


def adjusted(x, y, w, village, strata, rng):
    """Step-down p of each outcome."""
    b, se, g = fit(x, y, w, village)
    p = p_of(b, se, g)
    rows = [np.flatnonzero(village == v) for v in range(g)]
    order = np.argsort(-p, kind="stable")
    count = np.zeros(len(p))
    for _ in range(DRAWS):
        drawn = np.concatenate([rng.choice(s, size=len(s)) for s in strata])
        i = np.concatenate([rows[v] for v in drawn])
        name = np.repeat(np.arange(len(drawn)), [len(rows[v]) for v in drawn])
        bs, ses, gs = fit(x[i], y[i], w[i], name)
        q = np.fmin.accumulate(p_of(bs - b, ses, gs)[order])
        count[order] += q <= p[order]
    out = np.empty(len(p))
    out[order[::-1]] = np.maximum.accumulate((count / DRAWS)[order[::-1]])
    return out


def main(folder):
    """Write the table."""
    rows = pl.read_parquet(Path(folder) / "moz_savings_full.parquet")
    rows = rows.filter(pl.col("data_endline") == 1).sort("associd")
    village = rows["associd"].rank("dense").to_numpy().astype(int) - 1
    y, w = rows.select(pl.col(OUTCOMES).cast(pl.Float64)).to_numpy(), rows["pweight"].to_numpy()
    one, d, prov = np.ones(len(w)), rows["treatment"].to_numpy().astype(float), rows["prov"].to_numpy()
    own = [prov[np.argmax(village == v)] for v in range(village.max() + 1)]
    kinds = sorted(set(own))
    everyone = [np.arange(len(own))]
    apart = [np.flatnonzero(np.array(own) == k) for k in kinds]
    provinces = np.column_stack([one, *[(prov == k).astype(float) for k in kinds[1:]], d])
    found = {
        "outcome": OUTCOMES,
        "published": [float(v) for v in PUBLISHED.split()],
        "published_provinces": [float(v) for v in PUBLISHED_PROVINCES.split()],
        "refitted": adjusted(np.column_stack([one, d]), y, w, village, everyone, np.random.default_rng(926648)),
        "refitted_provinces": adjusted(provinces, y, w, village, apart, np.random.default_rng(568717)),
    }
    pl.DataFrame(found).write_csv(Path(__file__).with_name("moz_family.csv"))


if __name__ == "__main__":
    main(sys.argv[1])
