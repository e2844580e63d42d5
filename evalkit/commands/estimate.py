"""evalkit estimate: one estimate from one file."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalkit.commands.options import agreed, choice_options, choices_of, design_of, design_options

if TYPE_CHECKING:
    from evalkit.design import Design
    from evalkit.diagnostics import PreTrend
    from evalkit.moments import Moments
    from evalkit.panel import Panel
    from evalkit.results import Estimate, Inference


OWN_OPTIONS = {"window": "event_study", "leads": "imputation"}
"""Options that one estimator alone takes."""


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--outcome", metavar="Y", help="Column of the outcome; may be left out for a moments file with one.")
@design_options
@click.option(
    "--covariates",
    metavar="A,B",
    default="",
    help="Household columns to hold fixed (ancova, did, group_time, itt, late).",
)
@click.option("--lin", is_flag=True, help="Interact strata and covariates with the arm (itt; Lin 2013).")
@click.option("--baseline", metavar="B", help="Column with the outcome before, where there is one round (ancova).")
@click.option(
    "--estimator",
    metavar="NAME",
    help="ancova, did, event_study, group_time, imputation, itt, late, ppml, pre_post, spillover (by the column "
    "exposure), sun_abraham, synthetic_control, synthetic_did or synthetic_factors. "
    "Default: late with an instrument, did with rounds, else itt.",
)
@click.option(
    "--window",
    type=int,
    nargs=2,
    metavar="A B",
    help="First and last event time of their own in event_study; others join them.",
)
@click.option(
    "--leads", type=click.IntRange(min=0), help="Rounds before adoption that imputation tests for pre-trends."
)
@choice_options
@click.option(
    "--anticipation",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Rounds before adoption in which behaviour may change.",
)
@click.option(
    "--inference",
    metavar="NAME",
    default="auto",
    show_default=True,
    help="auto, crv1, crv2, crv3, jackknife, bootstrap, multiplier, two_way, wild, randomization, classical; "
    "anderson_rubin for late; "
    "conley_taber or ferman_pinto for did with few pilot villages; placebo, placebo_normal or "
    "synthetic_jackknife for synthetic "
    "estimates.",
)
@click.option("--draws", type=click.IntRange(min=19), default=9999, show_default=True, help="For methods that draw.")
@click.option("--seed", type=int, default=1, show_default=True, help="For methods that draw.")
@click.option(
    "--conf-level", type=click.FloatRange(0, 1, min_open=True, max_open=True), default=0.95, show_default=True
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def estimate(file: Path, outcome: str | None, as_json: bool, **options: Any) -> None:
    """Estimate an effect from FILE (csv, tsv, parquet, xlsx, dta, sav or a moments file)."""
    from evalkit.inference import infer

    fitted, data = _fit(file, outcome, options)
    result = infer(
        fitted, options["inference"], level=options["conf_level"], seed=options["seed"], draws=options["draws"]
    )
    answer = _answer(result, data, _leads(result, data, options))
    click.echo(json.dumps(answer, ensure_ascii=False, allow_nan=False) if as_json else _as_text(result, answer))


ROUNDS = frozenset({"did", "event_study", "group_time", "imputation", "pre_post", "ppml", "spillover"}) | {
    "sun_abraham",
    "synthetic_control",
    "synthetic_did",
    "synthetic_factors",
}
"""Estimators that follow households over rounds."""
ADJUSTABLE = frozenset({"did", "group_time", "itt", "late", "ancova"})
"""Estimators that take covariates."""


def _fit(file: Path, outcome: str | None, options: dict[str, Any]) -> tuple[Estimate, Moments | Panel]:
    """Return the estimate, and the moments or the panel that it comes from."""
    import evalkit

    stored = _stored_moments(file)
    design = design_of(options) if stored is None else agreed(stored.design, options)
    name = options["estimator"] or ("late" if design.take_up else "did" if design.time else "itt")
    covariates = _covariates(options)
    _check_options(name, design, covariates, options)
    own = choices_of(name, options) | _own_options(name, options)
    baseline = {"baseline": options["baseline"]} if options["baseline"] else {}
    rows = name in {"ancova", "spillover"} or options["lin"] or options["inference"] == "randomization"
    more = [*covariates, *baseline.values(), *(["exposure"] if name == "spillover" else [])]
    data = stored if stored is not None else _read(file, outcome, design, more, rows)
    target = outcome if stored is not None else None
    estimator = getattr(evalkit, name)
    if name == "ancova":
        return estimator(data, covariates=covariates, **baseline), data
    if name == "spillover":
        return estimator(data), data
    if name in ADJUSTABLE:
        lin = {"lin": True} if options["lin"] else {}
        return estimator(data, target, covariates=covariates, **lin, **own), data
    sums = evalkit.Moments.from_panel(data) if isinstance(data, evalkit.Panel) else data
    return estimator(sums, target, **own), data


def _covariates(options: dict[str, Any]) -> list[str]:
    return [c.strip() for c in options["covariates"].split(",") if c.strip()]


def _check_options(name: str, design: Design, covariates: Sequence[str], options: dict[str, Any]) -> None:
    """Refuse an unknown estimator, and options that it does not take."""
    from evalkit.errors import UsageError, nearest

    known = sorted(ROUNDS | ADJUSTABLE)
    if name not in known:
        raise UsageError(
            "--estimator", f"{name!r} is unknown ({nearest(name, known)})", "a known estimator", "choose one of them"
        )
    if design.time is None and name in ROUNDS:
        raise UsageError(
            "--time",
            f"it is missing, and {name} follows households over rounds",
            "the column of the round",
            "add --time, or use --estimator itt",
        )
    taken = {"--covariates": (covariates, ADJUSTABLE), "--lin": (options["lin"], {"itt"})}
    taken["--baseline"] = (options["baseline"], {"ancova"})
    for option, (given, takers) in taken.items():
        if given and name not in takers:
            raise UsageError(option, f"{name} takes none", " or ".join(sorted(takers)), "leave it out")


def _own_options(name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Return the options that one estimator alone takes; UsageError where another is given one."""
    from evalkit.errors import UsageError

    given = {n: options[n] for n in OWN_OPTIONS if options[n] is not None}
    for option in given:
        if OWN_OPTIONS[option] != name:
            raise UsageError(f"--{option}", f"{name} takes none", OWN_OPTIONS[option], "leave it out")
    return given


def _stored_moments(file: Path) -> Moments | None:
    from evalkit.moments import Moments
    from evalkit.moments.store import is_moments_file

    return Moments.read(file) if is_moments_file(file) else None


def _read(file: Path, outcome: str | None, design: Design, covariates: Sequence[str], rows: bool) -> Moments | Panel:
    """Return moments where they suffice; the panel where households' rows are needed."""
    from evalkit.errors import UsageError
    from evalkit.intake.anyfile import read_any
    from evalkit.moments import Moments
    from evalkit.panel import Panel

    if outcome is None:
        raise UsageError("--outcome", "it is missing", "the column of the outcome", "name it")
    frame = read_any(file)
    if covariates or rows:
        return Panel.from_frame(frame, design=design, outcome=outcome, covariates=covariates)
    return Moments.from_frame(frame, design=design, outcomes=[outcome])


def _leads(result: Inference, data: Moments | Panel, options: dict[str, Any]) -> PreTrend | None:
    """Read the rounds before adoption from the estimate's path; group_time without one is estimated again with it."""
    from evalkit.diagnostics import pre_trend
    from evalkit.estimators import group_time
    from evalkit.inference import infer

    estimate = result.estimate
    if any(term.startswith("event_time=") for term in estimate.terms):
        return pre_trend(result, data.design.anticipation)
    if estimate.estimator != "group_time":
        return None
    choices = {**choices_of("group_time", options), "aggregate": "dynamic", "base": "universal"}
    path = group_time(data, estimate.outcome, covariates=_covariates(options), **choices)
    drawn = infer(path, result.method, seed=options["seed"], draws=options["draws"])
    return pre_trend(drawn, data.design.anticipation)


def _answer(result: Inference, data: Moments | Panel, leads: PreTrend | None) -> dict[str, Any]:
    from evalkit.diagnostics import instrument_notes
    from evalkit.gate import Evidence, open_gate
    from evalkit.inference.basis import matched_rounds
    from evalkit.inference.lone_pilot import covers_one_pilot

    counts = result.estimate.counts
    evidence = Evidence(
        assignment=data.design.assignment,
        n_pilot=counts.n_treated_clusters,
        n_comparison=counts.n_comparison_clusters,
        has_interval=math.isfinite(float(result.conf_low[0])),
        n_leads=0 if leads is None else leads.n_leads,
        pre_trend_p=None if leads is None else leads.p_joint,
        n_matched=matched_rounds(result.estimate),
        covers_one_pilot=covers_one_pilot(result.estimate, result.method),
    )
    gate = open_gate(evidence)
    warnings = [*result.estimate.notes, *result.notes, *instrument_notes(result), *_take_up(data)]
    warnings += (
        [f"{counts.n_dropped_singletons} households {_once(data)} were left out"] if counts.n_dropped_singletons else []
    )
    return {
        "terms": result.tidy().to_dicts(),
        "estimator": result.estimate.estimator,
        "inference": result.method,
        "design": {**asdict(data.design), "assigned_to": data.assigned_to},
        "gate": {"claim": gate.claim, "because": gate.because},
        "warnings": warnings,
    }


def _once(data: Moments | Panel) -> str:
    return "seen once" if data.design.follows else "of villages seen in one round"


def _take_up(data: Moments | Panel) -> list[str]:
    """Say who took part in each arm, where the design has a take-up."""
    from evalkit.diagnostics import compliance
    from evalkit.moments import Moments

    if data.design.take_up is None:
        return []
    table = compliance(data if isinstance(data, Moments) else Moments.from_panel(data))
    return [
        f"took part, {row['arm']}: {row['take_up']:.1%} of {row['n_units']} households in {row['n_villages']} villages"
        for row in table.to_dicts()
        if row["n_units"]
    ]


def _as_text(result: Inference, answer: dict[str, Any]) -> str:
    from rich.console import Console
    from rich.table import Table

    names = ("term", "estimate", "std_error", "df", "p_value", "conf_low", "conf_high")
    table = Table(title=f"{result.estimate.outcome}: {answer['estimator']}, {answer['inference']}")
    for name in names:
        table.add_column(name, justify="left" if name == "term" else "right")
    for row in answer["terms"]:
        table.add_row(*("–" if row[n] is None else str(row[n]) if n == "term" else f"{row[n]:.6g}" for n in names))
    counts = result.estimate.counts
    console = Console(width=100)
    with console.capture() as captured:
        console.print(table)
    lines = [
        f"{counts.n_obs} rows, {counts.n_units} households, {counts.n_clusters} villages "
        f"({counts.n_treated_clusters} with treated households)",
        f"Interval: {result.reason}.",
        f"What may be claimed: {answer['gate']['claim']}, because {'; '.join(answer['gate']['because'])}.",
        *[f"Note: {w}." for w in answer["warnings"]],
    ]
    return captured.get() + "\n".join(lines)
