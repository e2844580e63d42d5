"""What may be shown of a finding: its cells, means, event times, losses and counts after the rules of disclosure.

Pages and the numbers beside them are both made from these values, so that neither shows what the other withholds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from evalkit.diagnostics import CellRow, HonestDid
from evalkit.finding import Finding
from evalkit.flow import FlowStep
from evalkit.gate import Reason
from evalkit.programme import Disclosure
from evalkit.report.disclosure import (
    Held,
    Size,
    coarse,
    near,
    protect_groups,
    protected,
    rounded,
    rounded_counts,
    share_of,
    withheld,
    withheld_table,
)
from evalkit.report.numbers import unit_of
from evalkit.results import Inference

ARMS = ("pilot", "comparison")
WHOLE_TERMS = ("att", "late", "first_stage", "reduced_form", "lower", "upper", "total")
"""Terms that rest on the whole sample; any other is a cell and needs its size."""
CONTRASTS = {"direct_less_unlinked": ("direct", "unlinked")}
"""Differences of two cells: shown where both of them are."""
MEASURES = ("estimate", "std_error", "statistic", "df", "p_value", "conf_low", "conf_high")


@dataclass(frozen=True, slots=True)
class ShownCell:
    """A row of the four cells as it may be shown, and why its numbers are missing where they are."""

    row: CellRow
    held: Held | None


def shown_cells(finding: Finding) -> dict[str, ShownCell]:
    """Return pilot, comparison and difference; the difference goes with either arm."""
    limits = finding.programme.disclosure
    arms = [finding.cells.row(name) for name in ARMS]
    sizes = [_cell_size(r, finding) for r in arms]
    before = withheld([s[0] for s in sizes], limits)
    after = withheld([s[1] for s in sizes], limits)
    held = [b or a for b, a in zip(before, after, strict=True)]
    rows = [ShownCell(_arm(r, h, finding), h) for r, h in zip(arms, held, strict=True)]
    either = held[0] or held[1]
    rows.append(ShownCell(_difference(finding, rows[0].row, rows[1].row, either), either))
    return {r.row.row: r for r in rows}


def shown_means(finding: Finding) -> pl.DataFrame:
    """Return the means by arm and round with the column `held`; withheld numbers are null."""
    times = finding.means["time"].unique(maintain_order=True).to_list()
    rows = {(r["arm"], r["time"]): r for r in finding.means.to_dicts()}
    table = [[_mean_size(rows.get((arm, t)), finding) for arm in ARMS] for t in times]
    limits = finding.programme.disclosure
    held = withheld_table(table, limits)
    for i, t in enumerate(times):
        held[i] = [h or _within(finding, arm, t, s) for h, arm, s in zip(held[i], ARMS, table[i], strict=True)]
    held = protected(table, held, limits)
    why = {(arm, t): held[i][j] for i, t in enumerate(times) for j, arm in enumerate(ARMS)}
    shown = [_mean(r, why[key], finding) for key, r in rows.items()]
    return pl.DataFrame(shown, schema={**finding.means.schema, "held": pl.String})


def shown_rows(result: Inference | None, limits: Disclosure) -> pl.DataFrame | None:
    """Return the tidy rows that may be shown; a term that is a cell goes with its households and villages.

    A cell whose size is not given goes too: what cannot be checked is not shown.
    """
    return None if result is None else shown_frame(result.tidy(), limits)


def shown_frame(frame: pl.DataFrame, limits: Disclosure) -> pl.DataFrame:
    """Return tidy rows as `shown_rows` does, of a table that has further columns."""
    cell = ~frame["term"].is_in((*WHOLE_TERMS, *CONTRASTS))
    rows = frame.filter(cell)
    if "n_treated_units" not in rows.columns:
        rows = rows.clear()
    else:
        rows = rows.filter(pl.col("n_treated_units").is_not_null())
    held = _held_terms(rows.to_dicts(), limits) if rows.height else []
    kept = rows.filter(pl.Series([h is None for h in held], dtype=pl.Boolean))
    counts = [c for c in ("n_obs", "n_units", "n_treated_units", "n_left", "n_right") if c in frame.columns]
    gone = set(frame.filter(cell)["term"]) - set(kept["term"])
    told = [term for term, parts in CONTRASTS.items() if gone & set(parts)]
    out = pl.concat([frame.filter(~cell & ~pl.col("term").is_in(told)), kept])
    return out.with_columns(
        pl.col(c).map_elements(lambda n: rounded(n, limits), return_dtype=pl.Int64).alias(c) for c in counts
    )


def _held_terms(rows: list[dict[str, Any]], limits: Disclosure) -> list[Held | None]:
    """Say which terms are withheld; all cohorts at one event time add to the event study's term, which is shown."""
    sizes = [_event_size(r) for r in rows]
    times = [None if r.get("cohort") is None else r.get("event_time") for r in rows]
    return protect_groups(sizes, withheld(sizes, limits), times, limits)


def shown_by_term(finding: Finding) -> dict[str, dict[str, Any]]:
    """Return the main result's rows that may be shown, by term."""
    shown = shown_rows(finding.main, finding.programme.disclosure)
    return {} if shown is None else {r["term"]: r for r in shown.to_dicts()}


def shown_study(finding: Finding) -> pl.DataFrame | None:
    """Return the event study's rows that may be shown, with the ends of its band."""
    table = finding.event_table()
    return None if table is None else shown_frame(table, finding.programme.disclosure)


def shown_events(finding: Finding) -> pl.DataFrame:
    """Return the event times that may be shown, sorted; no rows where there is no event study."""
    rows = shown_study(finding)
    if rows is None or "event_time" not in rows.columns:
        return pl.DataFrame()
    return rows.filter(pl.col("event_time").is_not_null()).sort("event_time")


def shown_bounds(finding: Finding) -> pl.DataFrame | None:
    """Return the bounds for losses; None where losses are withheld. The share lost is that of the counts shown."""
    losses = [r for r in shown_losses(finding) if r["arm"] in ARMS]
    rows = shown_rows(finding.bounds, finding.programme.disclosure)
    if rows is None or not losses or any(r["held"] for r in losses):
        return None
    start, seen = (sum(r[k] for r in losses) for k in ("n_start", "n_observed"))
    return rows.with_columns(pl.lit((start - seen) / start).alias("share_missing"))


def shown_take_up(finding: Finding) -> dict[str, float] | None:
    """Return the share that took part by arm; None where those who did, or did not, are too few in an arm."""
    if finding.compliance is None:
        return None
    limits = finding.programme.disclosure
    rows = [r for r in finding.compliance.to_dicts() if r["arm"] in ARMS]
    if any(r["take_up"] is None for r in rows):
        return None
    sizes = [Size(r["n_units"], r["n_villages"], round(r["take_up"] * r["n_units"])) for r in rows]
    if any(withheld(sizes, limits)):
        return None
    return {r["arm"]: share_of(r["take_up"], r["n_units"], limits) for r in rows}


def lead_withheld(finding: Finding) -> bool:
    """Whether the largest lead is an event time that is withheld."""
    leads, events = finding.pre_trend, shown_events(finding)
    return leads is not None and (events.height == 0 or leads.largest_lead_term not in events["term"].to_list())


def shown_honest(finding: Finding) -> HonestDid | None:
    """Return the intervals under drifts; None where a gap before the start is withheld, as they are made from it."""
    return None if lead_withheld(finding) else finding.honest


def shown_losses(finding: Finding) -> list[dict[str, Any]]:
    """Return the arms' losses with `held`, and their difference where no arm is withheld."""
    if finding.attrition is None:
        return []
    limits = finding.programme.disclosure
    rows = {r["arm"]: r for r in finding.attrition.to_dicts()}
    arms = [rows[a] for a in ARMS if a in rows]
    starts = withheld([Size(r["n_start"], r["n_villages"], r["n_observed"]) for r in arms], limits)
    lost = withheld([Size(r["n_start"] - r["n_observed"], None) for r in arms], limits)
    held = [a or b for a, b in zip(starts, lost, strict=True)]
    out = [_loss(r, h, limits) for r, h in zip(arms, held, strict=True)]
    return out if any(held) or "difference" not in rows else [*out, {**rows["difference"], "held": None}]


def shown_flow(steps: Sequence[FlowStep], limits: Disclosure) -> list[dict[str, Any]]:
    """Return the steps with rounded counts; `few_dropped` where rows were dropped, but too few to say how many."""
    out, last = [], 0
    for step in steps:
        row = rounded_counts({k: getattr(step, k) for k in FlowStep.__slots__}, limits)
        few = 0 < step.n_rows_dropped < limits.min_households
        dropped = max(last - row["n_rows"], 0) if step.n_rows_dropped else 0
        exact = step.n_rows_dropped if limits.audience == "internal" else dropped
        out.append({**row, "n_rows_dropped": None if few else exact, "few_dropped": few})
        last = row["n_rows"]
    return out


def shown_reasons(finding: Finding) -> tuple[Reason, ...]:
    """Return the gate's reasons, without the numbers of a small cell and the shares of losses that are withheld."""
    few = any(r["held"] for r in shown_losses(finding))
    shares = {f"share_{r['arm']}": r["share_missing"] for r in shown_losses(finding) if r["arm"] in ARMS}
    lost = Reason("attrition_differs_few") if few or not shares else Reason("attrition_differs", shares)
    codes = {"small_cell": Reason("small_cell"), "attrition_differs": lost}
    return tuple(codes.get(r.code, r) for r in finding.gate.reasons)


def shown_comparison_mean(finding: Finding) -> float | None:
    """Return the comparison arm's mean; None where all its cells are withheld or rest on too few."""
    rows = shown_means(finding).filter((pl.col("arm") == "comparison") & pl.col("held").is_null())
    return coarse(finding.comparison_mean) if rows.height else None


def _cell_size(row: CellRow, finding: Finding) -> tuple[Size, Size]:
    n, villages = row.n_units or 0, row.n_villages or 0
    return tuple(Size(n, villages, n_with(m, n, finding)) for m in (row.before, row.after))  # type: ignore[return-value]


def _mean_size(row: dict[str, Any] | None, finding: Finding) -> Size:
    if row is None:
        return Size(0, 0)
    return Size(row["n_units"], row["n_villages"], n_with(row["mean"], row["n_units"], finding))


def _event_size(row: dict[str, Any]) -> Size:
    return Size(row["n_treated_units"], row.get("n_treated_villages"))


def n_with(mean: float | None, n: int, finding: Finding) -> int | None:
    """Return how many households have what a share counts; None where the indicator is no share."""
    if mean is None or not is_share(finding) or not 0 <= mean <= 1:
        return None
    return round(mean * n)


def is_share(finding: Finding) -> bool:
    """Whether the indicator's means are shares between 0 and 1."""
    return unit_of(finding.indicator.unit).kind == "share"


def _within(finding: Finding, arm: str, time: int | None, size: Size) -> Held | None:
    """Withhold a round's mean where it differs by few households from the four cells' mean of the same round."""
    cells = finding.cells
    row = cells.row(arm)
    same = time is not None and str(time) in (cells.before_label, cells.after_label) and bool(row.n_units)
    return "complement" if same and near(size.n_units, row.n_units or 0, finding.programme.disclosure) else None


def _shown_mean(mean: float | None, n: int, finding: Finding) -> float | None:
    if mean is None:
        return None
    return share_of(mean, n, finding.programme.disclosure) if is_share(finding) else coarse(mean)


def _arm(row: CellRow, held: Held | None, finding: Finding) -> CellRow:
    if held:
        return CellRow(row.row, None, None, None, None, None)
    n = row.n_units or 0
    before, after = (_shown_mean(m, n, finding) for m in (row.before, row.after))
    change = _minus(after, before) if is_share(finding) else coarse(row.change)
    return replace(row, before=before, after=after, change=change, n_units=rounded(n, finding.programme.disclosure))


def _difference(finding: Finding, pilot: CellRow, other: CellRow, held: Held | None) -> CellRow:
    if held:
        return CellRow("difference", None, None, None, None, None)
    names = ("before", "after", "change")
    if is_share(finding):
        before, after, change = (_minus(getattr(pilot, k), getattr(other, k)) for k in names)
    else:
        before, after, change = (coarse(getattr(finding.cells.row("difference"), k)) for k in names)
    return CellRow("difference", before, after, change, None, None)


def _minus(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a - b


def _mean(row: dict[str, Any], held: Held | None, finding: Finding) -> dict[str, Any]:
    if held:
        return {**row, "mean": None, "n_units": None, "n_villages": None, "held": held}
    n = row["n_units"]
    limits = finding.programme.disclosure
    return {**row, "mean": _shown_mean(row["mean"], n, finding), "n_units": rounded(n, limits), "held": None}


def _loss(row: dict[str, Any], held: Held | None, limits: Disclosure) -> dict[str, Any]:
    if held:
        return {**dict.fromkeys(row), "arm": row["arm"], "held": held}
    start, seen = (rounded(row[k], limits) for k in ("n_start", "n_observed"))
    return {**row, "n_start": start, "n_observed": seen, "share_missing": (start - seen) / start, "held": None}
