"""How many digits estimates keep: from an exact difference of shares, a numerator that is withheld can be worked out.

A difference of two shares is a/n − b/m. With all its digits only one set of whole numbers near the rounded counts gives
it; to a tenth of a percentage point, which is what pages write, many do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalkit.finding import Finding
from evalkit.report.shown import is_share, shown_cells

DECIMALS = 3
P_DIGITS = 2


def is_rough(finding: Finding) -> bool:
    """Whether the numbers of a finding keep few digits: those of a share, an arm of which is withheld."""
    public = finding.programme.disclosure.audience == "public"
    return public and is_share(finding) and any(cell.held for cell in shown_cells(finding).values())


def shown_digits(value: Any, finding: Finding) -> Any:
    """Return nested values with the digits that may be shown: all of them, but for a share an arm of which is withheld.

    Then numbers keep three decimals and p two digits.
    """
    return _rough(value, "") if is_rough(finding) else value


def _rough(value: Any, key: str) -> Any:
    if isinstance(value, Mapping):
        return {k: _rough(item, str(k)) for k, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rough(item, key) for item in value]
    if not isinstance(value, float):
        return value
    return float(f"{value:.{P_DIGITS}g}") if key.startswith(("p_", "q_")) else round(value, DECIMALS)
