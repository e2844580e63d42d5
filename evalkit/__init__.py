"""evalkit: what did a village programme change? From raw files to honest findings.

Nothing heavy is imported before it is used: names are looked up on first access.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evalkit.decomposition import Decomposition, decompose
    from evalkit.design import Design
    from evalkit.diagnostics import (
        Study,
        balancing,
        dose,
        goodman_bacon,
        honest_did,
        minimum_detectable_effect,
        plain_regression,
        probability_of_finding,
        rollout,
        simulated_power,
        specification_curve,
        twoway_weights,
        village_map,
        villages_needed,
    )
    from evalkit.doses import dose_effects, village_doses
    from evalkit.draw import draw_villages
    from evalkit.errors import DataError, DesignError, EvalkitError, PlanError, UsageError
    from evalkit.estimators import (
        ancova,
        by_dose,
        did,
        discontinuity,
        event_study,
        family_index,
        group_time,
        imputation,
        itt,
        late,
        lee_bounds,
        ppml,
        pre_post,
        quantile_difference,
        spillover,
        sun_abraham,
        synthetic_control,
        synthetic_did,
        synthetic_factors,
    )
    from evalkit.every import evaluate_all
    from evalkit.families import evaluate_families
    from evalkit.finding import Finding, evaluate
    from evalkit.inference import adjust, adjust_families, infer, romano_wolf, sharpened_q, westfall_young
    from evalkit.moments import Moments
    from evalkit.panel import Panel
    from evalkit.programme import Programme, load
    from evalkit.results import Estimate, Inference
    from evalkit.subgroups import subgroup_effects
    from evalkit.thresholds import at_least, threshold_effects

__version__ = "0.1.0"

_ESTIMATORS = (
    "ancova",
    "by_dose",
    "did",
    "discontinuity",
    "event_study",
    "family_index",
    "group_time",
    "imputation",
    "itt",
    "late",
    "lee_bounds",
    "ppml",
    "pre_post",
    "quantile_difference",
    "spillover",
    "sun_abraham",
    "synthetic_control",
    "synthetic_did",
    "synthetic_factors",
)
_DIAGNOSTICS = (
    "Study",
    "balancing",
    "dose",
    "goodman_bacon",
    "honest_did",
    "minimum_detectable_effect",
    "plain_regression",
    "probability_of_finding",
    "rollout",
    "simulated_power",
    "specification_curve",
    "twoway_weights",
    "village_map",
    "villages_needed",
)
_HOMES = {
    "programmes": "batch.shelf",
    "evaluate_all": "every",
    **dict.fromkeys(_DIAGNOSTICS, "diagnostics"),
    **dict.fromkeys(("Decomposition", "decompose"), "decomposition"),
    "Design": "design",
    **dict.fromkeys(("dose_effects", "village_doses"), "doses"),
    "draw_villages": "draw",
    **dict.fromkeys(("DataError", "DesignError", "EvalkitError", "PlanError", "UsageError"), "errors"),
    **dict.fromkeys(_ESTIMATORS, "estimators"),
    "evaluate_families": "families",
    **dict.fromkeys(("Finding", "evaluate"), "finding"),
    **dict.fromkeys(
        ("adjust", "adjust_families", "infer", "romano_wolf", "sharpened_q", "westfall_young"), "inference"
    ),
    "Moments": "moments",
    "Panel": "panel",
    **dict.fromkeys(("Programme", "load"), "programme"),
    **dict.fromkeys(("Estimate", "Inference"), "results"),
    "subgroup_effects": "subgroups",
    **dict.fromkeys(("at_least", "threshold_effects"), "thresholds"),
}

__all__ = [
    "DataError",
    "Decomposition",
    "Design",
    "DesignError",
    "Estimate",
    "EvalkitError",
    "Finding",
    "Inference",
    "Moments",
    "Panel",
    "PlanError",
    "Programme",
    "Study",
    "UsageError",
    "adjust",
    "adjust_families",
    "ancova",
    "at_least",
    "balancing",
    "by_dose",
    "decompose",
    "did",
    "discontinuity",
    "dose",
    "dose_effects",
    "draw_villages",
    "evaluate",
    "evaluate_all",
    "evaluate_families",
    "event_study",
    "family_index",
    "goodman_bacon",
    "group_time",
    "honest_did",
    "imputation",
    "infer",
    "itt",
    "late",
    "lee_bounds",
    "load",
    "minimum_detectable_effect",
    "plain_regression",
    "ppml",
    "pre_post",
    "probability_of_finding",
    "programmes",
    "quantile_difference",
    "rollout",
    "romano_wolf",
    "sharpened_q",
    "simulated_power",
    "specification_curve",
    "spillover",
    "subgroup_effects",
    "sun_abraham",
    "synthetic_control",
    "synthetic_did",
    "synthetic_factors",
    "threshold_effects",
    "twoway_weights",
    "village_doses",
    "village_map",
    "villages_needed",
    "westfall_young",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"evalkit.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'evalkit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
