"""Which columns a draft proposes for treatment and results."""

from __future__ import annotations

import polars as pl

from evalkit.intake.guess import guess_column
from evalkit.intake.hints import flags_of_villages, measured

FRAME = pl.DataFrame(
    {
        "village_id": ["A"] * 6 + ["B"] * 6,
        "hhid": [str(n) for n in range(12)],
        "pilot_place": [1.0] * 6 + [0.0] * 6,  # the same within villages, differs between them
        "joined": [1.0, 0.0] * 6,  # differs within villages
        "always": [1.0] * 12,  # no 0: no flag
        "spent": [float(n) for n in range(12)],
        "members": [float(n % 4) for n in range(12)],
    }
)
GUESSES = [guess_column(c, FRAME[c]) for c in FRAME.columns]


def test_kinds() -> None:
    kinds = {g.name: g.kind for g in GUESSES}
    assert kinds["pilot_place"] == kinds["joined"] == "flag"
    assert kinds["always"] == kinds["spent"] == "number"


def test_numbers_written_as_text_are_flags_too() -> None:
    assert guess_column("joined", pl.Series(["0", "1", " 1", ""])).kind == "flag"
    assert guess_column("joined", pl.Series(["0", "1", "2"])).kind == "number"


def test_a_pilot_flag_is_the_same_in_all_rows_of_a_village() -> None:
    assert flags_of_villages(FRAME, GUESSES) == ("pilot_place",)


def test_results_are_measured_or_yes_and_no() -> None:
    assert measured(FRAME, GUESSES) == ("spent", "pilot_place", "joined")
