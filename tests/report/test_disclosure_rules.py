"""Each rule of disclosure alone, at its boundary: what just may be shown, and what just may not."""

from __future__ import annotations

import math

import pytest

from evalkit.programme import Disclosure
from evalkit.report import disclosure
from evalkit.report.disclosure import Size
from evalkit.report.wording import WORDS

LIMITS = Disclosure(min_households=10, min_villages=2)
INTERNAL = Disclosure(min_households=10, min_villages=2, audience="internal")


@pytest.mark.parametrize(
    ("size", "why"),
    [
        (Size(0, 0), None),
        (Size(1, 5), "households"),
        (Size(9, 1), "households"),
        (Size(10, 1), "villages"),
        (Size(10, 2), None),
        (Size(10, None), None),
        (Size(20, 2, 0), None),
        (Size(20, 2, 1), "households"),
        (Size(20, 2, 10), None),
        (Size(20, 2, 11), "households"),
        (Size(20, 2, 20), None),
    ],
)
def test_a_cell_alone(size: Size, why: str | None):
    """Nobody at all is shown; a share is withheld where 1 to 9 have, or lack, what it counts."""
    assert disclosure.too_small(size, LIMITS) == why


@pytest.mark.parametrize(
    ("sizes", "held"),
    [
        # nothing withheld: nothing more
        ([10, 20, 30], [None, None, None]),
        # one withheld: the smallest other goes with it, and together they are 10 at least
        ([5, 40, 30], ["households", None, "complement"]),
        # two withheld with 9 together: a third goes; with 10 none does
        ([4, 5, 40, 30], ["households", "households", None, "complement"]),
        ([5, 5, 40, 30], ["households", "households", None, None]),
        # an empty cell hides nothing, so it is never taken along
        ([5, 0, 40], ["households", None, "complement"]),
        # nothing is left to take
        ([5], ["households"]),
    ],
)
def test_a_line_of_cells_that_add_up(sizes: list[int], held: list[str | None]):
    assert disclosure.withheld([Size(n, 5) for n in sizes], LIMITS) == held


def test_a_table_is_protected_by_row_and_by_column():
    """A cell takes one of its row along, and each of the two takes one of its column, which protects the other row."""
    table = [[Size(5, 5), Size(20, 5), Size(30, 5)], [Size(40, 5), Size(50, 5), Size(60, 5)]]
    assert disclosure.withheld_table(table, LIMITS) == [
        ["households", "complement", None],
        ["complement", "complement", None],
    ]


def test_a_single_line_has_no_columns():
    assert disclosure.withheld_table([[Size(5, 5), Size(30, 5), Size(40, 5)]], LIMITS) == [
        ["households", "complement", None]
    ]


def test_groups_are_protected_one_by_one_and_cells_without_a_group_not_at_all():
    sizes = [Size(n, 5) for n in (5, 30, 5, 40, 50)]
    alone = [disclosure.too_small(s, LIMITS) for s in sizes]
    assert disclosure.protect_groups(sizes, alone, ["a", "a", None, "b", "b"], LIMITS) == [
        "households",
        "complement",
        "households",
        None,
        None,
    ]


@pytest.mark.parametrize(
    ("one", "other", "is_near"), [(50, 50, False), (50, 49, True), (41, 50, True), (40, 50, False)]
)
def test_cells_are_near_where_fewer_than_ten_lie_between(one: int, other: int, is_near: bool):
    assert disclosure.near(one, other, LIMITS) is is_near


@pytest.mark.parametrize(
    ("count", "least", "shown"),
    [(0, 10, 0), (4, 10, 0), (5, 10, 10), (14, 10, 10), (15, 10, 20), (3, 7, 0), (4, 7, 7), (10, 7, 7), (11, 7, 14)],
)
def test_counts_go_to_the_nearest_multiple_of_the_threshold(count: int, least: int, shown: int):
    limits = Disclosure(min_households=least, min_villages=2)
    assert disclosure.rounded(count, limits) == shown
    assert isinstance(disclosure.rounded(count, limits), int)
    assert disclosure.rounded(count, limits.model_copy(update={"audience": "internal"})) == count


def test_a_row_has_its_counts_of_households_rounded_and_nothing_else():
    row = {"n_units": 14, "n_rows": None, "n_left": 26, "n_villages": 14, "mean": 14}
    assert disclosure.rounded_counts(row, LIMITS) == {
        "n_units": 10,
        "n_rows": None,
        "n_left": 30,
        "n_villages": 14,
        "mean": 14,
    }


def test_a_share_is_one_of_the_rounded_count():
    """0.30 of 14 is shown as of 10: 3 of 10; 0.34 of 15 as of 20: 6.8, so 7 of 20; of 4, shown as 0, nothing."""
    assert disclosure.share_of(0.30, 14, LIMITS) == 0.3
    assert disclosure.share_of(0.34, 15, LIMITS) == 0.35
    assert math.isnan(disclosure.share_of(0.5, 4, LIMITS))


@pytest.mark.parametrize(
    ("value", "shown"),
    [(12344.6, 12340.0), (0.00123456, 0.001235), (-9876.54, -9877.0), (1000.4, 1000.0), (999.96, 1000.0), (0.0, 0.0)],
)
def test_four_digits_are_kept(value: float, shown: float):
    assert disclosure.coarse(value) == pytest.approx(shown, rel=1e-12)


def test_what_is_no_number_stays():
    assert disclosure.coarse(None) is None
    assert math.isnan(disclosure.coarse(math.nan))
    assert disclosure.coarse(-math.inf) == -math.inf


def test_a_cut_is_somebody_s_value_and_is_coarse_on_public_pages_only():
    assert disclosure.shown_cut(12344.6, LIMITS) == 12340.0
    assert disclosure.shown_cut(12344.6, INTERNAL) == 12344.6


def test_words_in_place_of_a_number():
    words = WORDS["en"]
    texts = [disclosure.held_text(why, LIMITS, words) for why in ("households", "villages", "complement")]
    assert len(set(texts)) == 3
    assert "10" in texts[0]
    assert "2" in texts[1]
    assert "10" not in texts[2]
    assert disclosure.few_text(LIMITS, words) == texts[0]
