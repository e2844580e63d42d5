"""Audit: an independent look at a finding's numbers before they are handed on; where it complains, none are.

It knows the true sizes and sees what would be published; it shares no rule with `disclosure` and `shown`, so that a
rule that is broken or forgotten there is seen here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evalkit.errors import DataError
from evalkit.finding import Finding
from evalkit.programme import Disclosure
from evalkit.report.disclosure import COUNTS

WHOLE = {"att", "late", "first_stage", "reduced_form", "lower", "upper", "total"}

DIFFERENCE, OF = "direct_less_unlinked", {"direct", "unlinked"}


def require_safe(finding: Finding, values: Mapping[str, Any]) -> None:
    """Raise DataError where published values break a rule."""
    found = problems(finding, values)
    if found:
        raise DataError(
            f"{finding.programme.id}, {finding.indicator.name}, disclosure",
            f"{len(found)} rules are broken: {'; '.join(found)}",
            "numbers that give no small cell away",
            "nothing was published; set audience = internal, or report the fault to the makers of evalkit",
        )


def problems(finding: Finding, values: Mapping[str, Any]) -> list[str]:
    """Return which rules the published values of a finding break, one sentence each."""
    limits = finding.programme.disclosure
    found = [*_cells(finding, values, limits), *_means(finding, values, limits), *_losses(finding, values, limits)]
    found += [*_villages(finding, values, limits), *_bounds(finding, values, limits)]
    found += [*_terms(finding, values, limits), *_shares(finding, values), *_capped(finding, values, limits)]
    if limits.audience == "public":
        found += differences([values], limits)
    return found


def differences(pages: Sequence[Mapping[str, Any]], limits: Disclosure) -> list[str]:
    """Compare all counts of all pages of a batch: any two must be equal or differ by the threshold."""
    counts = sorted({n for page in pages for n in counts_of(page)})
    steps = [(a, b) for a, b in zip([0, *counts], counts, strict=False) if 0 < b - a < limits.min_households]
    return [f"counts {a} and {b} differ by fewer than {limits.min_households}" for a, b in steps]


def counts_of(value: Any) -> Iterator[int]:
    """Yield every count of households or records in nested values."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key in (*COUNTS, "n_rows_dropped", "n_changed", "n_missing", "n_failed") and isinstance(item, int):
                yield item
            else:
                yield from counts_of(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from counts_of(item)


def _cells(finding: Finding, values: Mapping[str, Any], limits: Disclosure) -> Iterator[str]:
    if not values["cells"]:
        return
    shown = {r["row"]: r for r in values["cells"]["rows"]}
    true = {name: finding.cells.row(name) for name in ("pilot", "comparison")}
    sizes = {name: (r.n_units or 0, r.n_villages or 0, [r.before, r.after]) for name, r in true.items()}
    yield from _line("the four cells", sizes, {n: shown[n]["after"] for n in sizes}, finding, limits)
    hidden = [n for n in sizes if shown[n]["after"] is None and sizes[n][0]]
    if hidden and any(shown["difference"][k] is not None for k in ("before", "after", "change")):
        yield "the difference of an arm that is withheld is shown"


def _means(finding: Finding, values: Mapping[str, Any], limits: Disclosure) -> Iterator[str]:
    if not values["means"]:
        return
    true = {(r["arm"], r["time"]): r for r in finding.means.to_dicts()}
    shown = {(r["arm"], r["time"]): r["mean"] for r in values["means"]}
    for place in (0, 1):
        for key in sorted({k[place] for k in true}, key=str):
            line = {k: (r["n_units"], r["n_villages"], [r["mean"]]) for k, r in true.items() if k[place] == key}
            yield from _line(f"the means of {key}", line, {k: shown.get(k) for k in line}, finding, limits)
    yield from _nested(finding, values, shown, limits)


def _nested(finding: Finding, values: Mapping[str, Any], shown: Mapping[Any, Any], limits: Disclosure) -> Iterator[str]:
    """Check that the households of a round's mean that are not in the four cells are not few."""
    if not values["cells"]:
        return
    open_arms = {r["row"] for r in values["cells"]["rows"] if r["after"] is not None}
    for row in finding.means.to_dicts():
        label, arm = str(row["time"]), row["arm"]
        same = label in (finding.cells.before_label, finding.cells.after_label) and arm in open_arms
        rest = row["n_units"] - (finding.cells.row(arm).n_units or 0)
        if same and shown.get((arm, row["time"])) is not None and 0 < rest < limits.min_households:
            yield f"the mean of {arm} in {label} less the four cells leaves {rest} households"


def _losses(finding: Finding, values: Mapping[str, Any], limits: Disclosure) -> Iterator[str]:
    if not values["attrition"] or finding.attrition is None:
        return
    for row in finding.attrition.to_dicts():
        if row["arm"] == "difference":
            continue
        parts = (row["n_start"], row["n_observed"], row["n_start"] - row["n_observed"])
        if any(0 < n < limits.min_households for n in parts) or row["n_villages"] < limits.min_villages:
            yield f"the losses of {row['arm']} rest on too few"


def _villages(finding: Finding, values: Mapping[str, Any], limits: Disclosure) -> Iterator[str]:
    """Check that donors are not named to the public."""
    if limits.audience == "public" and any("village" in r for r in values["donors"] or []):
        yield "comparison villages are named beside their weights"


def _bounds(finding: Finding, values: Mapping[str, Any], limits: Disclosure) -> Iterator[str]:
    if values["bounds"] and not values["attrition"]:
        yield "bounds for losses are shown where losses are withheld"


def _terms(finding: Finding, values: Mapping[str, Any], limits: Disclosure) -> Iterator[str]:
    results = [("main", finding.main, values["main"]), ("event_study", finding.event_study, values["event_study"])]
    results += [("naive", finding.naive, values["naive"])]
    results += [(name, r, (values["robustness"] or {}).get(name)) for name, r in finding.robustness]
    for name, result, shown in results:
        if result is None or not shown:
            continue
        cells = {r["term"]: r for r in result.tidy().to_dicts() if r["term"] not in WHOLE | {DIFFERENCE}}
        terms = {r["term"] for r in shown}
        if DIFFERENCE in terms and not terms >= OF:
            yield f"{name} shows the difference of a group that is withheld"
        if any(r.get("n_treated_units") is None for t, r in cells.items() if t in terms):
            yield f"{name} shows cells of unknown size"
            continue
        sized = {t: r for t, r in cells.items() if r.get("n_treated_units") is not None}
        line: dict[Any, tuple[int, int, list[float | None]]] = {
            t: (r["n_treated_units"], r.get("n_treated_villages") or limits.min_villages, []) for t, r in sized.items()
        }
        present = {t: 1.0 if t in terms else None for t in line}
        yield from _line(name, line, present, finding, limits)
        for time in sorted({r["event_time"] for r in sized.values() if r.get("cohort") is not None}):
            own = {t: line[t] for t, r in sized.items() if r.get("cohort") is not None and r["event_time"] == time}
            yield from _line(f"{name} at event time {time}", own, {t: present[t] for t in own}, finding, limits)


def _line(
    where: str,
    sizes: Mapping[Any, tuple[int, int, list[float | None]]],
    shown: Mapping[Any, float | None],
    finding: Finding,
    limits: Disclosure,
) -> Iterator[str]:
    """Check the cells of one line: none shown is small, and those withheld cannot be had from a total."""
    for key, (n, villages, shares) in sizes.items():
        if n and shown[key] is not None:
            few = n < limits.min_households or villages < limits.min_villages
            if few or any(_few_with(s, n, finding, limits) for s in shares):
                yield f"{where}: {key} is shown and rests on {n} households in {villages} villages"
    hidden = [n for key, (n, _, _) in sizes.items() if n and shown[key] is None]
    rest = [key for key, (n, _, _) in sizes.items() if n and shown[key] is not None]
    if hidden and rest and (len(hidden) == 1 or sum(hidden) < limits.min_households):
        yield f"{where}: what is withheld can be had from the total"


def _few_with(share: float | None, n: int, finding: Finding, limits: Disclosure) -> bool:
    if share is None or finding.indicator.unit.strip().lower() not in ("share", "proportion") or not 0 <= share <= 1:
        return False
    count = round(share * n)
    return any(0 < k < limits.min_households for k in (count, n - count))


def _shares(finding: Finding, values: Mapping[str, Any]) -> Iterator[str]:
    """Check that shares are whole numbers of the count shown: an exact share gives the exact count away."""
    limits = finding.programme.disclosure
    if limits.audience == "internal":
        return
    share = finding.indicator.unit.strip().lower() in ("share", "proportion")
    rows = [(r["mean"], r["n_units"]) for r in values["means"] or []] if share else []
    rows += [
        (r[k], r["n_units"]) for r in (values["cells"] or {"rows": []})["rows"] for k in ("before", "after") if share
    ]
    rows += [(r["share_missing"], r["n_start"]) for r in values["attrition"] or [] if r["arm"] != "difference"]
    for value, n in rows:
        if value is not None and n and abs(value * n - round(value * n)) > 1e-6:
            yield f"a share of {n} households is not computed from the rounded count"


def _capped(finding: Finding, values: Mapping[str, Any], limits: Disclosure) -> Iterator[str]:
    capped, shown = finding.winsorised, values["winsorised"]
    if capped is not None and shown and capped.n_changed < limits.min_households and shown["cut"] is not None:
        yield f"the cut of extreme values is that of {capped.n_changed} values"
