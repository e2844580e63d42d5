"""Panel: unit × round with village, adoption, weight and one outcome; checked, with its sample flow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from evalkit.columns import CANONICAL, CLUSTER, FIRST, STRATUM, TIME, UNIT, WEIGHT, canonical_frame, require_keys
from evalkit.design import AssignedTo, Design
from evalkit.errors import DataError, DesignError, listed
from evalkit.flow import FlowStep, SampleFlow
from evalkit.programme import Programme

OBSERVED = "observed"


@dataclass(frozen=True, slots=True)
class Winsorised:
    """What winsorising changed: in each round, values above the round's quantile were set to that quantile.

    ``cut`` is the quantile of the last round, in units of the outcome.
    """

    quantile: float
    cut: float
    n_changed: int


@dataclass(frozen=True, slots=True, repr=False)
class Panel:
    """Rows of an estimate in canonical columns, the design they follow, and how they came to be.

    ``frame`` has ``unit, cluster, time, first_treated, weight, stratum``, the outcome and covariates;
    the outcome is never null. ``followed`` has one row for each unit that was there at the start (the first round; in a
    cross-section every row): its keys, and whether its outcome was observed at the end. ``assigned_to`` is what the
    data show, checked against the plan.
    """

    frame: pl.DataFrame
    followed: pl.DataFrame
    design: Design
    outcome: str
    assigned_to: AssignedTo
    flow: SampleFlow
    covariates: tuple[str, ...] = ()
    winsorised: Winsorised | None = None

    @classmethod
    def from_frame(
        cls,
        frame: pl.DataFrame | pl.LazyFrame,
        *,
        design: Design,
        outcome: str,
        covariates: Sequence[str] = (),
        winsorise: float | None = None,
        flow: SampleFlow | None = None,
    ) -> Panel:
        """Check and arrange rows.

        Raises
        ------
        DataError, DesignError
            A column is missing or of the wrong kind; rows are doubled; a household moves or changes its adoption;
            weights are missing or not positive; the outcome is infinite or everywhere missing.
        """
        measured = design.measured([outcome])
        covariates = (*covariates, *([design.running] if design.running else []))
        rows = complete_columns(canonical_frame(frame.lazy(), design, measured, covariates).collect())
        steps = flow or SampleFlow((flow_step("raw_rows", rows, 0),))
        if design.running:
            scored = rows.drop_nulls(design.running)
            steps = steps.then(flow_step("scored", scored, rows.height - scored.height, design.running))
            rows = scored
        kept = rows.drop_nulls([*measured, *covariates])
        if kept.height == 0:
            raise DataError(
                f"outcome {outcome!r}",
                f"all {rows.height} rows are missing",
                "observed values",
                "check the codebook's column and missing codes",
            )
        steps = steps.then(flow_step("outcome_observed", kept, rows.height - kept.height, outcome))
        check_rows(kept, outcome)
        assigned = check_assignment(kept, design)
        kept, cut = winsorise_above(kept, outcome, winsorise)
        return cls(
            kept.sort(UNIT, TIME), follow(rows, outcome), design, outcome, assigned, steps, tuple(covariates), cut
        )

    @classmethod
    def from_programme(cls, programme: Programme, indicator: str) -> Panel:
        """Read the programme's raw files and build the panel of one indicator of its plan; kept in the cache."""
        from evalkit.panel_store import cached_panel

        return cached_panel(cls, programme, indicator)

    def __repr__(self) -> str:
        f = self.frame
        treated = f.filter(pl.col(FIRST).is_not_null())[CLUSTER].n_unique()
        villages = f"{f[CLUSTER].n_unique()} clusters ({treated} treated)"
        rounds = f"{f[TIME].n_unique()} rounds"
        return f"Panel({self.outcome!r}: {f.height} rows, {f[UNIT].n_unique()} units, {villages}, {rounds})"

    def _repr_html_(self) -> str:
        from html import escape

        return f"<p>{escape(repr(self))}</p>{self.flow._repr_html_()}"


def complete_columns(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows with all canonical columns: villages as text, weight 1 and no stratum where the design has none."""
    require_keys(rows)
    absent = {WEIGHT: pl.lit(1.0), STRATUM: pl.lit(None, pl.String)}
    added = [value.alias(name) for name, value in absent.items() if name not in rows.columns]
    return rows.with_columns(pl.col(CLUSTER).cast(pl.String), *added).select(*CANONICAL, pl.all().exclude(CANONICAL))


def flow_step(code: str, rows: pl.DataFrame, dropped: int, detail: str = "") -> FlowStep:
    """Count one step of the sample flow on canonical rows."""
    pilot = rows.filter(pl.col(FIRST).is_not_null())
    return FlowStep(code, rows.height, rows[UNIT].n_unique(), dropped, pilot.height, pilot[UNIT].n_unique(), detail)


def check_rows(rows: pl.DataFrame, outcome: str) -> None:
    """Refuse doubled rows, movers, changing adoption, infinite outcomes and unusable weights, naming units."""
    _check_values(rows, outcome)
    _check_weights(rows)
    _check_keys(rows)
    if rows[FIRST].eq(-1).any():
        raise DataError(
            "treatment", "it has values other than 0 and 1", "0 or 1 in every row", "correct or remove these rows"
        )


def _check_values(rows: pl.DataFrame, outcome: str) -> None:
    infinite = rows.filter(~pl.col(outcome).is_finite())
    if infinite.height:
        raise DataError(
            f"outcome {outcome!r}",
            f"{infinite.height} values are infinite or NaN (units {listed(infinite[UNIT].unique().sort())})",
            "finite numbers or missing",
            "correct them or set them to missing",
        )


def _check_weights(rows: pl.DataFrame) -> None:
    if WEIGHT not in rows.columns:
        return
    bad = rows.filter(pl.col(WEIGHT).is_null() | ~(pl.col(WEIGHT) > 0) | ~pl.col(WEIGHT).is_finite())
    if bad.height:
        raise DataError(
            "weights",
            f"{bad.height} rows have a weight that is missing, zero or negative "
            f"(units {listed(bad[UNIT].unique().sort())})",
            "a positive weight in every row used",
            "complete the weights or drop these rows before",
        )


def _check_keys(rows: pl.DataFrame) -> None:
    """Refuse doubled unit and round pairs, movers, and units whose adoption changes."""
    doubled = rows.group_by(UNIT, TIME).len().filter(pl.col("len") > 1).sort(UNIT, TIME)
    if doubled.height:
        raise DataError(
            "rows",
            f"{doubled.height} unit and round pairs occur more than once "
            f"(units {listed(doubled[UNIT].unique(maintain_order=True))})",
            "one row a unit and round",
            "remove the copies, or correct the ids",
        )
    changes = rows.group_by(UNIT).agg(pl.col(CLUSTER).n_unique(), pl.col(FIRST).n_unique()).sort(UNIT)
    movers = changes.filter(pl.col(CLUSTER) > 1)
    if movers.height:
        raise DataError(
            "clusters",
            f"{movers.height} units are in more than one village (units {listed(movers[UNIT])})",
            "one village a unit",
            "correct the village, or give the unit a new id where it moved",
        )
    switched = changes.filter(pl.col(FIRST) > 1)
    if switched.height:
        raise DesignError(
            "first_treated",
            f"it changes within {switched.height} units (units {listed(switched[UNIT])})",
            "one first treated round a unit",
            "keep the first one",
        )


def check_assignment(rows: pl.DataFrame, design: Design) -> AssignedTo:
    """Return whether whole villages or households are treated; refuse data that contradict the plan."""
    mixed = rows.group_by(CLUSTER).agg(pl.col(FIRST).n_unique()).filter(pl.col(FIRST) > 1).sort(CLUSTER)
    found: AssignedTo = "unit" if mixed.height else "cluster"
    if design.assigned_to == "cluster" and found == "unit":
        raise DesignError(
            "design.assigned_to",
            f"{mixed.height} villages have both treated and untreated units, or several adoption rounds "
            f"(villages {listed(mixed[CLUSTER])})",
            'all units of a village treated from the same round, as assigned_to = "cluster" says',
            'correct the roster, or state assigned_to = "unit"',
        )
    strata = (
        rows.group_by(CLUSTER).agg(pl.col(STRATUM).n_unique()).filter(pl.col(STRATUM) > 1)
        if design.strata
        else rows.clear()
    )
    if strata.height and found == "cluster":
        raise DesignError(
            "design.strata",
            f"{strata.height} villages lie in more than one stratum (villages {listed(strata[CLUSTER].sort())})",
            "one stratum a village",
            "correct the strata",
        )
    return design.assigned_to or found


def follow(rows: pl.DataFrame, outcome: str) -> pl.DataFrame:
    """Return the units seen at the start, and whether their outcome was observed at the end."""
    first, last = rows[TIME].min(), rows[TIME].max()
    there = pl.col(outcome).is_not_null()
    start = rows if first == last else rows.filter((pl.col(TIME) == first) & there)
    ended = rows.filter((pl.col(TIME) == last) & there)[UNIT]
    return start.select(UNIT, CLUSTER, FIRST, STRATUM, pl.col(UNIT).is_in(ended.implode()).alias(OBSERVED)).sort(UNIT)


def winsorise_above(rows: pl.DataFrame, outcome: str, quantile: float | None) -> tuple[pl.DataFrame, Winsorised | None]:
    """Set values above the stated quantile of their round to that quantile; say how many changed."""
    if quantile is None:
        return rows, None
    cut = pl.col(outcome).quantile(quantile, interpolation="higher").over(TIME)
    capped = rows.with_columns(pl.min_horizontal(outcome, cut).alias(outcome))
    changed = int((capped[outcome] < rows[outcome]).sum())
    last = capped.filter(pl.col(TIME) == pl.col(TIME).max())[outcome].max()
    return capped, Winsorised(quantile, float(str(last)), changed)
