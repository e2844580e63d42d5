"""Several outcomes: p-values adjusted within families, through statsmodels."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.errors import UsageError, nearest

METHODS = {"holm": "holm", "bh": "fdr_bh"}


def adjust(p_values: Sequence[float | None], families: Sequence[str], method: str = "holm") -> list[float | None]:
    """Adjust p-values within each family.

    Parameters
    ----------
    p_values : sequence of float or None
        None (no interval) stays None and does not count in its family.
    families : sequence of str
        The family of each p-value.
    method : {"holm", "bh"}
        Holm controls the chance of any false finding in a family, Benjamini–Hochberg the share of false ones.

    Raises
    ------
    UsageError
        The two sequences differ in length, or the method is unknown.
    """
    if len(p_values) != len(families):
        raise UsageError(
            "adjust",
            f"{len(p_values)} p-values and {len(families)} families",
            "one family for each p-value",
            "give both in the same order",
        )
    if method not in METHODS:
        raise UsageError(
            "adjust", f"{method!r} is unknown ({nearest(method, METHODS)})", "holm or bh", "choose one of them"
        )
    from statsmodels.stats.multitest import multipletests

    adjusted: list[float | None] = [None] * len(p_values)
    for family in dict.fromkeys(families):
        places = [i for i, f in enumerate(families) if f == family and p_values[i] is not None]
        if places:
            for i, p in zip(
                places, multipletests([p_values[i] for i in places], method=METHODS[method])[1], strict=True
            ):
                adjusted[i] = float(p)
    return adjusted
