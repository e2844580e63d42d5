"""evalkit estimate: one estimate from one file."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalkit.commands.options import design_of, design_options

if TYPE_CHECKING:
    from evalkit.design import Design
    from evalkit.moments import Moments
    from evalkit.panel import Panel
    from evalkit.results import Estimate, Inference


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--outcome", metavar="Y", help="Column of the outcome; may be left out for a moments file with one.")
@design_options
@click.option("--covariates", metavar="A,B", default="", help="Household columns to hold fixed (did, itt).")
@click.option(
    "--estimator", metavar="NAME", help="did, event_study, itt or pre_post. Default: did with rounds, else itt."
)
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
    help="auto, crv1, crv2, crv3, jackknife, wild, randomization or classical.",
)
@click.option(
    "--draws", type=click.IntRange(min=19), default=9999, show_default=True, help="For wild and randomization."
)
@click.option("--seed", type=int, default=1, show_default=True, help="For wild and randomization.")
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
    answer = _answer(result, data)
    click.echo(json.dumps(answer, ensure_ascii=False, allow_nan=False) if as_json else _as_text(result, answer))


def _fit(file: Path, outcome: str | None, options: dict[str, Any]) -> tuple[Estimate, Moments | Panel]:
    """Return the estimate, and the moments or the panel that it comes from."""
    from evalkit.errors import UsageError, nearest
    from evalkit.estimators import did, event_study, itt, pre_post
    from evalkit.moments import Moments
    from evalkit.panel import Panel

    covariates = [c.strip() for c in options["covariates"].split(",") if c.strip()]
    stored = _stored_moments(file)
    design = stored.design if stored is not None else design_of(options)
    plain = {"event_study": event_study, "pre_post": pre_post}
    adjustable = {"did": did, "itt": itt}
    name = options["estimator"] or ("did" if design.time else "itt")
    if name not in {**plain, **adjustable}:
        raise UsageError(
            "--estimator",
            f"{name!r} is unknown ({nearest(name, {**plain, **adjustable})})",
            "a known estimator",
            "choose one of them",
        )
    if design.time is None and name != "itt":
        raise UsageError(
            "--time",
            f"it is missing, and {name} follows households over rounds",
            "the column of the round",
            "add --time, or use --estimator itt",
        )
    if covariates and name in plain:
        raise UsageError("--covariates", f"{name} takes none", "did or itt", "leave them out")
    data = stored if stored is not None else _read(file, outcome, design, covariates, options["inference"])
    if name in adjustable:
        return adjustable[name](data, outcome if stored is not None else None, covariates=covariates), data
    return plain[name](Moments.from_panel(data) if isinstance(data, Panel) else data, outcome), data


def _stored_moments(file: Path) -> Moments | None:
    from evalkit.moments import Moments
    from evalkit.moments.store import is_moments_file

    return Moments.read(file) if is_moments_file(file) else None


def _read(
    file: Path, outcome: str | None, design: Design, covariates: Sequence[str], inference: str
) -> Moments | Panel:
    """Return moments where they suffice; the panel where households' rows are needed."""
    from evalkit.errors import UsageError
    from evalkit.intake.anyfile import read_any
    from evalkit.moments import Moments
    from evalkit.panel import Panel

    if outcome is None:
        raise UsageError("--outcome", "it is missing", "the column of the outcome", "name it")
    rows = read_any(file)
    if covariates or inference == "randomization":
        return Panel.from_frame(rows, design=design, outcome=outcome, covariates=covariates)
    return Moments.from_frame(rows, design=design, outcomes=[outcome])


def _answer(result: Inference, data: Moments | Panel) -> dict[str, Any]:
    from evalkit.diagnostics import pre_trend
    from evalkit.gate import Evidence, open_gate

    counts = result.estimate.counts
    leads = pre_trend(result, data.design.anticipation) if result.estimate.estimator == "event_study" else None
    evidence = Evidence(
        assignment=data.design.assignment,
        n_pilot=counts.n_treated_clusters,
        n_comparison=counts.n_comparison_clusters,
        has_interval=math.isfinite(float(result.conf_low[0])),
        n_leads=0 if leads is None else leads.n_leads,
        pre_trend_p=None if leads is None else leads.p_joint,
    )
    gate = open_gate(evidence)
    warnings = [*result.estimate.notes, *result.notes]
    warnings += (
        [f"{counts.n_dropped_singletons} households seen once were left out"] if counts.n_dropped_singletons else []
    )
    return {
        "terms": result.tidy().to_dicts(),
        "estimator": result.estimate.estimator,
        "inference": result.method,
        "design": {**asdict(data.design), "assigned_to": data.assigned_to},
        "gate": {"claim": gate.claim, "because": gate.because},
        "warnings": warnings,
    }


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
