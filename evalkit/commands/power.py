"""evalkit power: the effect that a planned study would find, before it starts."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from evalkit.diagnostics.power import DetectableEffect, Study

TEXT = """\
{pilot} pilot and {comparison} comparison villages of {households:g} households; {left:g} left at the end.
{how}, {before} round(s) before and {after} after, correlation {autocorrelation:g}; ICC {icc:g}, SD {sd:g}.
Found with {power:.0%} probability, by a {level:.0%} interval of auto ({df:.1f} degrees of freedom):
  an effect of {mde:.4g} on households of pilot villages ({in_sd:.2f} SD; standard error {std_error:.4g})
  {mde_taking_part:.4g} on those who take part, if {take_up:.0%} do
Villages that differ in size, and fewer of them than planned, find less."""
HOW = {"end": "Compared at the end only", "did": "Changes compared (did)", "ancova": "Baseline held fixed (ancova)"}


@click.command()
@click.option("--pilot", type=int, required=True, help="Pilot villages.")
@click.option("--comparison", type=int, required=True, help="Comparison villages.")
@click.option("--households", type=int, help="Households a village at the start; known where --baseline is given.")
@click.option("--sd", type=float, help="Standard deviation of the outcome between households. Default: 1, in SDs.")
@click.option("--icc", type=float, help="Share of the variance that lies between villages.")
@click.option(
    "--baseline", type=click.Path(path_type=Path, dir_okay=False), help="Moments file of one round, for the three."
)
@click.option("--outcome", help="Outcome in the moments file, where it holds several.")
@click.option("--before", type=int, default=1, show_default=True, help="Rounds before the start.")
@click.option("--after", type=int, default=1, show_default=True, help="Rounds after it.")
@click.option("--autocorrelation", type=float, default=0.5, show_default=True, help="Of an outcome between two rounds.")
@click.option("--attrition", type=float, default=0.0, show_default=True, help="Share of households lost to the end.")
@click.option("--take-up", type=float, default=1.0, show_default=True, help="Share of pilot households that take part.")
@click.option(
    "--estimator",
    type=click.Choice(["end", "did", "ancova"]),
    default="did",
    show_default=True,
    help="How.",
)
@click.option("--power", type=float, default=0.8, show_default=True, help="Probability of finding the effect.")
@click.option("--conf-level", "level", type=float, default=0.95, show_default=True, help="Level of the interval.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def power(as_json: bool, baseline: Path | None, outcome: str | None, **given: Any) -> None:
    """Say which effect a planned study would find."""
    from evalkit.diagnostics.power import minimum_detectable_effect

    found = minimum_detectable_effect(_study(given, baseline, outcome))
    click.echo(json.dumps(found.values(), allow_nan=False) if as_json else text(found))


def _study(given: dict[str, Any], baseline: Path | None, outcome: str | None) -> Study:
    """Return the planned study; what was not given comes from the baseline's moments."""
    from evalkit.diagnostics.power import Study, variance_between
    from evalkit.errors import UsageError
    from evalkit.moments import Moments

    known: dict[str, Any] = {n: v for n, v in given.items() if v is not None}
    if baseline is not None:
        sd, icc, households = variance_between(Moments.read(baseline), outcome)
        known = {"sd": sd, "icc": icc, "households": round(households)} | known
    missing = [n for n in ("households", "icc") if n not in known]
    if missing:
        named = " and ".join(f"--{n}" for n in missing)
        raise UsageError(
            "power", f"{named} not given", "each of them, or --baseline", "give a moments file of one round"
        )
    return Study(**{f.name: known[f.name] for f in fields(Study) if f.name in known})


def text(found: DetectableEffect) -> str:
    """Return what is printed."""
    values = found.values()
    left = found.study.households * (1 - found.study.attrition)
    return TEXT.format(**values, left=left, how=HOW[found.study.estimator], in_sd=found.mde / found.study.sd)
