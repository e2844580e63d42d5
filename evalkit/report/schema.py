"""The JSON schema of findings.json and of the numbers beside a page, written from the values that they are made of.

``python -m evalkit.report.schema`` writes ``docs/findings.schema.json`` anew; a test fails where it has drifted.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import polars as pl
from pydantic import TypeAdapter

from evalkit.diagnostics import Bounds, CellRow, HonestDid, PreTrend
from evalkit.diagnostics.match import Match
from evalkit.diagnostics.pre_trend_power import PreTrendPower
from evalkit.diagnostics.stability import Verdict
from evalkit.flow import FlowStep
from evalkit.gate import CLAIMS, TEXTS
from evalkit.inference.family_interval import FamilyInterval
from evalkit.panel import Winsorised
from evalkit.plan_lock import Deviation
from evalkit.programme import IndicatorPlan
from evalkit.provenance import Provenance
from evalkit.report.disclosure import Held
from evalkit.results import TIDY_SCHEMA

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": ["integer", "null"]}
NUMBER: Schema = {"type": ["number", "null"]}
HELD: Schema = {"enum": [None, *get_args(Held)], "description": "why numbers are withheld; null where they are not"}
KINDS: dict[type[pl.DataType], Schema] = {
    pl.String: {"type": ["string", "null"]},
    pl.Int64: COUNT,
    pl.Float64: NUMBER,
}
DONOR = {"donor": COUNT, "village": TEXT}
"""How a donor is called: by number on public pages, by name on internal ones."""
ARMS: Schema = {"enum": ["pilot", "comparison", "difference"]}


def findings_schema() -> Schema:
    """Return the schema of findings.json (draft 2020-12); null is what is undefined, does not apply, or is withheld."""
    finding, defs = finding_schema()
    finding["properties"]["page"] = TEXT
    finding["required"].append("page")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "findings.json of evalkit",
        **_object({"schema_version": {"const": 1}, "evalkit_version": TEXT, "findings": _list(finding)}),
        "$defs": defs,
    }


def finding_schema() -> tuple[Schema, Schema]:
    """Return the schema of one finding, as it stands beside its page, and the definitions that it refers to."""
    tidy = _object({name: KINDS[kind] for name, kind in TIDY_SCHEMA.items()})
    properties: Schema = {
        "schema_version": {"const": 1},
        "programme": _object(
            {"id": TEXT, "name": {"$ref": "#/$defs/text"}, "provenance": {"enum": ["real", "simulated"]}}
        ),
        "indicator": {"$ref": "#/$defs/IndicatorPlan"},
        "gate": _gate(),
        **dict.fromkeys(
            ("main", "event_study", "naive", "bounds", "instrument"), _or_null(_list({"$ref": "#/$defs/tidy"}))
        ),
        "robustness": _or_null({"type": "object", "additionalProperties": _list({"$ref": "#/$defs/tidy"})}),
        "why_this_interval": _or_null(TEXT),
        "in_family": _or_null(_fields(FamilyInterval)),
        "pre_trend": _or_null(_fields(PreTrend)),
        "drift": _or_null(_fields(PreTrendPower)),
        "honest": _or_null(_fields(HonestDid, bounds=_or_null(_list(_fields(Bounds))))),
        "match": _or_null(_fields(Match)),
        "stability": _or_null(_object({"verdict": {"enum": list(get_args(Verdict))}})),
        "winsorised": _or_null(_fields(Winsorised)),
        "provenance": _fields(Provenance),
        "plan_lock": _or_null(_object({"locked_on": TEXT, "hash": TEXT})),
        "deviations": _list(_fields(Deviation)),
        "truth": _or_null({"type": "object", "additionalProperties": NUMBER}),
        "notes": _list(TEXT),
        "n_notes_withheld": COUNT,
        "decimals": COUNT,
        **_described(),
    }
    schema = _object(properties)
    schema["properties"]["withheld"] = _list(TEXT)
    plan = TypeAdapter(IndicatorPlan).json_schema(ref_template="#/$defs/{model}")
    text = _object({"zh": TEXT, "en": TEXT})
    return schema, {**plan.pop("$defs", {}), "IndicatorPlan": plan, "tidy": tidy, "text": text}


def _described() -> Schema:
    """Return the parts that describe the sample: cells, means, losses, steps, donors, who took part, the cut-off."""
    cells = _fields(CellRow, held=HELD)
    mean = _object({"arm": ARMS, "time": COUNT, "mean": NUMBER, "n_units": COUNT, "n_villages": COUNT, "held": HELD})
    loss = {"n_start": COUNT, "n_observed": COUNT, "share_missing": NUMBER, "n_villages": COUNT}
    label: Schema = {"type": ["string", "null"]}
    score = {"side": {"enum": ["below", "above"]}, "score": NUMBER, "mean": NUMBER, "n_units": COUNT, "held": HELD}
    cutoff = {"density_p": NUMBER, "bandwidths": _list({"type": "object"}), "bins": _list(_object(score))}
    return {
        "cells": _or_null(_object({"before_label": label, "after_label": label, "rows": _list(cells)})),
        "means": _or_null(_list(mean)),
        "comparison_mean": NUMBER,
        "attrition": _or_null(_list(_object({"arm": ARMS, **loss}))),
        "flow": _or_null(_list(_fields(FlowStep, few_dropped={"type": "boolean"}))),
        "donors": _or_null(_list({"anyOf": [_object({name: of, "weight": NUMBER}) for name, of in DONOR.items()]})),
        "take_up": _or_null(_object({"pilot": NUMBER, "comparison": NUMBER})),
        "cutoff": _or_null(_object(cutoff)),
    }


def _gate() -> Schema:
    reason = _object({"code": {"enum": sorted(TEXTS)}})
    return _object({"claim": {"enum": list(CLAIMS)}, "reasons": _list(reason)})


def _object(properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": sorted(properties)}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _fields(of: type, **more: Schema) -> Schema:
    """Return the schema of a dataclass whose values may each be withheld."""
    own = TypeAdapter(of).json_schema()["properties"]
    plain = {name: {k: v for k, v in kind.items() if k not in ("title", "default")} for name, kind in own.items()}
    return _object({**{name: _or_null(kind) for name, kind in plain.items()}, **more})


def schema_text() -> str:
    """Return the schema as the text of its file."""
    return json.dumps(findings_schema(), ensure_ascii=False, sort_keys=True, indent=1) + "\n"


if __name__ == "__main__":
    Path("docs/findings.schema.json").write_text(schema_text(), encoding="utf-8")
