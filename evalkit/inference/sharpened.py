"""Sharpened q-values (Anderson 2008): the share of false findings that one accepts by calling a finding one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evalkit.errors import UsageError


def sharpened_q(p_values: Sequence[float | None]) -> list[float | None]:
    """Return the sharpened two-stage q-value of each p-value of one family.

    The smallest q at which the two-stage procedure of Benjamini, Krieger & Yekutieli (2006, definition 6) rejects the
    hypothesis, as Anderson (2008, section 3.3) defines it. His code steps q down from 1 by .001; here q is exact, so
    his is this one rounded up. With q' = q/(1 + q) and a_r = min over j ≥ r of p_(j) M/j, the first stage rejects k
    hypotheses once q' ≥ a_k, the second rejects the r-th once q' M/(M − k) ≥ a_r: q' = min over k of
    max(a_k, a_r (M − k)/M), with a_0 = 0. It may lie below p where many hypotheses are false.

    Parameters
    ----------
    p_values : sequence of float or None
        None stays None and does not count in the family.

    Raises
    ------
    UsageError
        A p-value lies outside 0 to 1.
    """
    known = np.array([p for p in p_values if p is not None], dtype=np.float64)
    if not np.all((known >= 0) & (known <= 1)):
        raise UsageError("sharpened_q", "a p-value lies outside 0 to 1", "p-values", "give p-values or None")
    found = iter(_q(known).tolist())
    return [None if p is None else next(found) for p in p_values]


def _q(p: np.ndarray) -> np.ndarray:
    m = len(p)
    if not m:
        return p
    order = np.argsort(p, kind="stable")
    rank = np.arange(1, m + 1)
    a = np.minimum.accumulate((p[order] * m / rank)[::-1])[::-1]
    first = np.concatenate([[0.0], a])
    left = (m - np.arange(m + 1)) / m
    share = np.maximum(first, a[:, None] * left).min(axis=1)
    q = np.empty(m)
    q[order] = np.minimum(share / np.maximum(1 - share, np.finfo(float).tiny), 1.0)
    return q
