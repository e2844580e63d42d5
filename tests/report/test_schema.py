"""The published schema of findings.json is that of the values, holds for real ones, and notices what is wrong."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from evalkit.finding import Finding
from evalkit.gate import Gate, Reason
from evalkit.report.publishable import publishable
from evalkit.report.schema import findings_schema, schema_text


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    Draft202012Validator.check_schema(findings_schema())
    return Draft202012Validator(findings_schema())


@pytest.fixture(scope="module")
def values(saved: Finding, income: Finding, lone: Finding) -> dict:
    none = replace(saved, gate=Gate("not_reportable", (Reason("few_pilot", {"n": 1}),)))
    found = [publishable(finding) | {"page": "p.html"} for finding in (saved, income, lone, none)]
    return json.loads(json.dumps({"schema_version": 1, "evalkit_version": "0.1.0", "findings": found}))


def test_the_published_file_is_that_of_the_values(root: Path) -> None:
    """Written anew by `python -m evalkit.report.schema`."""
    assert (root / "docs/findings.schema.json").read_text(encoding="utf-8") == schema_text()


def test_real_findings_fit(validator: Draft202012Validator, values: dict) -> None:
    assert [(list(e.absolute_path), e.message) for e in validator.iter_errors(values)] == []


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("gate", "claim"), "proven"),
        (("main", 0, "estimate"), "1.5"),
        (("main", 0, "n_clusters"), 1.5),
        (("programme", "provenance"), "invented"),
        (("indicator", "role"), "headline"),
        (("cells", "rows", 0, "n_units"), "few"),
        (("means", 0, "held"), "secret"),
        (("pre_trend", "n_leads"), "three"),
        (("stability", "verdict"), "fine"),
    ],
)
def test_a_wrong_value_is_noticed(validator: Draft202012Validator, values: dict, path: tuple, wrong: object) -> None:
    changed = copy.deepcopy(values)
    place = changed["findings"][1]
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = wrong
    assert not validator.is_valid(changed)


@pytest.mark.parametrize("key", ["main", "gate", "flow", "page", "comparison_mean"])
def test_a_missing_part_is_noticed(validator: Draft202012Validator, values: dict, key: str) -> None:
    changed = copy.deepcopy(values)
    del changed["findings"][0][key]
    assert not validator.is_valid(changed)


def test_each_value_of_a_finding_is_in_the_schema(values: dict) -> None:
    """A value that is added to findings and forgotten here is noticed."""
    known = findings_schema()["properties"]["findings"]["items"]["properties"].keys()
    assert {key for finding in values["findings"] for key in finding} <= known
