"""Balancing villages and drawing them by lot, beside peers: processor seconds, memory, and how good the answer is.

    .venv/bin/python benchmarks/villages.py    # 200 and 2,000 villages, two minutes

Measured as in benchmarks/methods.py, from a file of villages with three numbers each and twenty strata. Drawing has no
peer that anybody can draw again: strata stand beside pandas' sample by group, pairs beside taking the nearest villages
first, whose distances add up to more. It writes benchmarks/results/villages.md.
"""

from __future__ import annotations

import platform
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl
from methods import measure, told

RESULT = Path(__file__).parent / "results" / "villages.md"
VILLAGES = {"200": 200, "2,000": 2000}
COLUMNS = """
import numpy as np
def columns(file):
    frame = read(file)
    x, pilot = frame[["x0", "x1", "x2"]].to_numpy(), frame["pilot"].to_numpy() == 1
    return x[~pilot], x[pilot].mean(axis=0), np.full((~pilot).sum(), 1 / (~pilot).sum())
def moved(w, q): return float((w * np.log(w / q)).sum())
"""
OWN = "import evalkit, polars as pl\nread = pl.read_parquet\n" + COLUMNS
PANDAS = "import pandas as pd\nread = pd.read_parquet\n" + COLUMNS
BALANCED = """
from evalkit.estimators.entropy_balance import entropy_weights
def balanced(file):
    x, target, q = columns(file)
    return moved(entropy_weights(x, target, q), q)
report(balanced)
"""
PEER_BALANCED = """
from diff_diff.balancing import entropy_balance
def balanced(file):
    x, target, q = columns(file)
    return moved(entropy_balance(x, target)[0], q)
report(balanced)
"""
STRATA = """
def drawn(file):
    frame = read(file)
    lot = evalkit.draw_villages(frame, village="village", seed="1", pilot=frame.height // 2, strata=["stratum"])
    return lot.count("pilot")
report(drawn)
"""
PEER_STRATA = 'report(lambda file: len(read(file).groupby("stratum").sample(frac=0.5, random_state=1)))'
DISTANCE = """
from evalkit.draw.pairs import distances
def apart(frame, pairs):
    z, at = frame[["x0", "x1", "x2"]].to_numpy(), {v: i for i, v in enumerate(frame["village"])}
    d = distances(z)
    return sum(d[at[a], at[b]] for a, b in pairs)
"""
PAIRS = (
    DISTANCE
    + """
def drawn(file):
    frame = read(file)
    rows = evalkit.draw_villages(frame, village="village", seed="1", strata=["stratum"], pairs=["x0", "x1", "x2"]).rows
    both = rows.filter(pl.col("pair") != "").group_by("pair").agg(pl.col("village"))["village"].to_list()
    return apart(frame.with_columns(pl.col("village").cast(str)), both)
report(drawn)
"""
)
PEER_PAIRS = (
    DISTANCE
    + """
from scipy.spatial.distance import cdist
def drawn(file):
    frame, pairs = read(file), []
    inverse = np.linalg.inv(np.cov(frame[["x0", "x1", "x2"]].to_numpy(), rowvar=False))
    for _, own in frame.groupby("stratum"):
        d = cdist(own[["x0", "x1", "x2"]], own[["x0", "x1", "x2"]], "mahalanobis", VI=inverse)
        np.fill_diagonal(d, np.inf)
        for _ in range(len(own) // 2):
            i, j = np.unravel_index(np.argmin(d), d.shape)
            pairs.append((own["village"].iloc[i], own["village"].iloc[j]))
            d[[i, j]] = d[:, [i, j]] = np.inf
    return apart(frame, pairs)
report(drawn)
"""
)
ON_VILLAGES = (
    ("entropy_weights (Kullback–Leibler distance)", BALANCED, "diff-diff", PEER_BALANCED),
    ("draw_villages within strata (pilots drawn)", STRATA, "pandas", PEER_STRATA),
    ("draw_villages in pairs within strata (sum of distances)", PAIRS, "nearest first, scipy", PEER_PAIRS),
)


def villages(n: int) -> pl.DataFrame:
    """Return villages in twenty strata with three numbers each; pilots are drawn where the first is larger."""
    rng = np.random.default_rng(7)
    x = rng.normal(size=(n, 3))
    pilot = (rng.random(n) < 1 / (1 + np.exp(1 - 0.7 * x[:, 0]))).astype(np.int64)
    numbers = {f"x{i}": x[:, i] for i in range(3)}
    return pl.DataFrame(
        {"village": range(n), "stratum": [f"s{v % 20:02d}" for v in range(n)], "pilot": pilot, **numbers}
    )


def before_a_study(size: str, files: list[Path]) -> list[str]:
    """Measure balancing and drawing of villages at one size."""
    lines = []
    for name, own, peer, call in ON_VILLAGES:
        theirs = measure(PANDAS + call, files)
        lines += told(size, name, {"evalkit": measure(OWN + own, files), peer: theirs})
    return lines


def main() -> None:
    """Measure, print and write the table."""
    lines = []
    for size, n in VILLAGES.items():
        with tempfile.TemporaryDirectory() as name:
            files = [Path(name) / "small.parquet", Path(name) / "large.parquet"]
            villages(80).write_parquet(files[0])
            villages(n).write_parquet(files[1])
            lines += before_a_study(size, files)
    names = ("evalkit", "polars", "numpy", "pandas", "scipy", "diff-diff")
    versions = ", ".join(f"{p} {version(p)}" for p in names if find_spec(p.replace("-", "_")))
    text = [
        "# Balancing villages and drawing them by lot, beside peers",
        "",
        "Command: `.venv/bin/python benchmarks/villages.py`. From a file of villages to the number, in a process of "
        "its own that has answered from a small file before; median of three, in seconds of all threads, linear "
        "algebra in one.",
        f"Python {platform.python_version()}; {versions}.",
        "",
        "| villages | what (number) | library | processor seconds | × evalkit | peak memory, GB | number |",
        "|---" * 7 + "|",
        *lines,
        "",
        "evalkit's tickets are hashes that anybody computes again with any program; pandas draws by a generator of its "
        "own. evalkit's pairs are those whose distances add up to least, an integer programme of scipy; taking the "
        "nearest first is quicker and adds up to more.",
        "",
    ]
    RESULT.write_text("\n".join(text), encoding="utf-8")


if __name__ == "__main__":
    main()
