"""Seeded villages for the reference numbers; numpy and polars only, sharing no code with evalkit.

`python -m tests.reference.panels` writes the input files of crv2.R. They are committed, and the tests read the files: a
generator of another numpy version cannot move the golden numbers.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

HERE = Path(__file__).parent
DIGITS = 6


def cross_section(seed: int, treated: list[int], strata: list[int], sizes: list[int]) -> pl.DataFrame:
    """Return households of one round: `treated` by village, `member` by household within villages."""
    rng = np.random.default_rng(seed)
    rows = []
    for v, (arm, stratum, size) in enumerate(zip(treated, strata, sizes, strict=True)):
        shock = rng.normal()
        for h in range(size):
            member, x = int(rng.random() < 0.45) if h > 1 else h, rng.normal()
            crop = ["maize", "rice", "tea"][rng.integers(3)]
            y = 5 + 0.7 * arm + 0.4 * member + 0.5 * stratum + shock + 0.3 * x + rng.normal() * (1 + 0.5 * arm)
            rows.append((f"h{v:02d}_{h}", f"v{v:02d}", f"s{stratum}", arm, member, rng.uniform(0.4, 3), x, crop, y))
    names = ["household", "village", "stratum", "treated", "member", "weight", "x", "crop", "y"]
    return _rounded(pl.DataFrame(rows, schema=names, orient="row"))


def panel(seed: int, adoption: list[int], *, households: int, rounds: int, missing: float) -> pl.DataFrame:
    """Return an unbalanced panel: `first` by village (0 = never), `first_member` by household within villages.

    ``weight`` is one number a household, ``round_weight`` changes with the round.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for v, first in enumerate(adoption):
        shock = rng.normal(size=rounds + 1)
        for h in range(households + v % 3):
            own, weight = rng.normal(), rng.uniform(0.4, 3)
            first_member = 3 if (h > 1 and rng.random() < 0.4) or h == 0 else 0
            for t in range(1, rounds + 1):
                x, effect = rng.normal(), 0.6 if first and t >= first else 0.0
                y = own + shock[t] * 0.7 + 0.3 * t + effect + 0.4 * x + rng.normal()
                of_round = weight * rng.uniform(0.6, 1.6)
                if rng.random() >= missing:
                    rows.append((f"h{v:02d}_{h}", f"v{v:02d}", t, first, first_member, weight, of_round, x, y))
    names = ["household", "village", "round", "first", "first_member", "weight", "round_weight", "x", "y"]
    return _rounded(pl.DataFrame(rows, schema=names, orient="row"))


INPUTS = {
    "cross": lambda: cross_section(
        11, treated=[1, 0] * 7, strata=[1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3], sizes=[3, 4, 5, 6, 9, 12, 20] * 2
    ),
    "panel": lambda: panel(12, [3, 3, 3, 3, 3, 0, 0, 0, 0, 0, 0, 0], households=4, rounds=4, missing=0.25),
    "staggered": lambda: panel(13, [2, 2, 3, 3, 4, 4, 0, 0, 0, 0, 0], households=4, rounds=5, missing=0.2),
    "few": lambda: panel(14, [3, 3, 0, 0, 0, 0], households=4, rounds=4, missing=0.2),
    "lone": lambda: panel(15, [2, 4, 4, 0, 0, 0, 0], households=4, rounds=5, missing=0.1),
}


def read(name: str) -> pl.DataFrame:
    """Read a committed input."""
    return pl.read_csv(HERE / f"crv2_{name}.csv")


def _rounded(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.selectors.float().round(DIGITS))


def main() -> None:
    """Write the inputs of crv2.R."""
    for name, make in INPUTS.items():
        make().write_csv(HERE / f"crv2_{name}.csv")


if __name__ == "__main__":
    main()
