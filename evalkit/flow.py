"""Sample flow: every join, filter and exclusion, counted; the figure on the page is drawn from it."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, slots=True)
class FlowStep:
    """One step between raw rows and the sample of an estimate.

    ``code`` names the step for the page's wording (see `report.wording`); counts are after the step.
    ``n_rows_pilot`` and ``n_units_pilot`` count rows and units of units that are treated at some time.
    """

    code: str
    n_rows: int
    n_units: int
    n_rows_dropped: int
    n_rows_pilot: int | None = None
    n_units_pilot: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SampleFlow:
    """The steps in order. Rows of a step + rows dropped in it = rows of the step before (a test holds it)."""

    steps: tuple[FlowStep, ...]

    def adds_up(self) -> bool:
        """Whether each step's rows and dropped rows sum to the rows of the step before."""
        pairs = zip(self.steps, self.steps[1:], strict=False)
        return all(a.n_rows == b.n_rows + b.n_rows_dropped for a, b in pairs)

    def then(self, *steps: FlowStep) -> SampleFlow:
        """Return the flow with more steps."""
        return SampleFlow((*self.steps, *steps))

    def frame(self) -> pl.DataFrame:
        """Return one row a step."""
        return pl.DataFrame([{name: getattr(s, name) for name in FlowStep.__slots__} for s in self.steps])

    def _repr_html_(self) -> str:
        return self.frame()._repr_html_()
