"""evalkit power: the effect that a planned study would find, before it starts."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from evalkit.diagnostics.power import DetectableEffect
    from evalkit.diagnostics.study import Study

TEXT = """\
{pilot} pilot and {comparison} comparison villages of {households:g} households; {left:g} left at the end.
{how}, {before} round(s) before and {after} after, correlation {autocorrelation:g}; ICC {icc:g}, SD {sd:g}.
Found with {power:.0%} probability, by a {level:.0%} interval of auto ({df:.1f} degrees of freedom):
  an effect of {mde:.4g} on households of pilot villages ({in_sd:.2f} SD; standard error {std_error:.4g})
  {mde_taking_part:.4g} on those who take part, if {take_up:.0%} do"""
SIZES = "Households a village vary (coefficient of variation {cv:.2f})."
ALIKE = "Villages that differ in size (--cv) find less."
ASKED = """\
An effect of {effect:.4g} would be found with {probability:.0%} probability.
With {power:.0%}: {pilot_needed} pilot and {comparison_needed} comparison villages."""
DRAWN = "Simulated {draws} times with an effect of {effect:.4g}: found in {share:.0%} (simulation error ±{error:.1%})."
HOW = {"end": "Compared at the end only", "did": "Changes compared (did)", "ancova": "Baseline held fixed (ancova)"}


@click.command()
@click.option("--pilot", type=int, required=True, help="Pilot villages.")
@click.option("--comparison", type=int, required=True, help="Comparison villages.")
@click.option("--households", type=int, help="Households a village at the start; known where --baseline is given.")
@click.option("--sd", type=float, help="Standard deviation of the outcome between households. Default: 1, in SDs.")
@click.option("--icc", type=float, help="Share of the variance that lies between villages.")
@click.option(
    "--baseline",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Moments file of one round, for the three and --cv.",
)
@click.option("--outcome", help="Outcome in the moments file, where it holds several.")
@click.option("--before", type=int, default=1, show_default=True, help="Rounds before the start.")
@click.option("--after", type=int, default=1, show_default=True, help="Rounds after it.")
@click.option("--autocorrelation", type=float, default=0.5, show_default=True, help="Of an outcome between two rounds.")
@click.option(
    "--village-autocorrelation", type=float, help="Of a village's shock between two rounds.  [default: as households']"
)
@click.option("--cv", type=float, help="Coefficient of variation of households a village.  [default: 0, all alike]")
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
@click.option("--effect", type=float, help="Also: how likely this effect is found, and how many villages it takes.")
@click.option("--simulate", "draws", type=int, help="Also: draw the study so many times, and estimate each.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of the simulation.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def power(
    as_json: bool,
    baseline: Path | None,
    outcome: str | None,
    effect: float | None,
    draws: int | None,
    seed: int,
    **given: Any,
) -> None:
    """Say which effect a planned study would find."""
    from evalkit.diagnostics.power import minimum_detectable_effect

    found = minimum_detectable_effect(_study(given, baseline, outcome))
    asked = {} if effect is None else _asked(found.study, effect)
    drawn = {} if draws is None else _drawn(found.study, found.mde if effect is None else effect, draws, seed)
    if as_json:
        more = {"asked": asked or None, "simulated": drawn or None}
        click.echo(json.dumps({**found.values(), **more}, allow_nan=False))
    else:
        lines = [text(found), *([ASKED.format(**found.values(), **asked)] if asked else [])]
        click.echo("\n".join([*lines, *([DRAWN.format(**drawn)] if drawn else [])]))


def _asked(study: Study, effect: float) -> dict[str, Any]:
    """Return how likely an effect is found, and how many villages would find it as wanted."""
    from evalkit.diagnostics.power import probability_of_finding, villages_needed

    pilot, comparison = villages_needed(study, effect)
    probability = probability_of_finding(study, effect)
    return {"effect": effect, "probability": probability, "pilot_needed": pilot, "comparison_needed": comparison}


def _drawn(study: Study, effect: float, draws: int, seed: int) -> dict[str, Any]:
    """Return what simulation found."""
    from evalkit.diagnostics.power_simulation import simulated_power

    found = simulated_power(study, effect, draws=draws, seed=seed)
    return {
        "effect": effect,
        "draws": draws,
        "share": found.power,
        "error": found.monte_carlo_error,
        "mean": found.mean,
        "std_error": found.std_error,
    }


def _study(given: dict[str, Any], baseline: Path | None, outcome: str | None) -> Study:
    """Return the planned study; what was not given comes from the baseline's moments."""
    from evalkit.diagnostics.baseline import variance_between
    from evalkit.diagnostics.study import Study
    from evalkit.errors import UsageError
    from evalkit.moments import Moments

    known: dict[str, Any] = {n: v for n, v in given.items() if v is not None}
    if baseline is not None:
        sd, icc, households, cv = variance_between(Moments.read(baseline), outcome)
        known = {"sd": sd, "icc": icc, "households": round(households), "cv": cv} | known
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
    said = TEXT.format(
        **values, left=found.study.left, how=HOW[found.study.estimator], in_sd=found.mde / found.study.sd
    )
    return f"{said}\n{SIZES.format(**values) if found.study.cv else ALIKE}"
