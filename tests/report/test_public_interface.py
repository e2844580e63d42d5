"""What others build on does not change unseen: tests/reference/interface.json holds it."""

from __future__ import annotations

import json

import pytest

from evalkit.finding import Finding
from evalkit.report.publishable import publishable
from tests.reference import interface

FROZEN = json.loads(interface.FILE.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("part", "now"), [("python", interface.names), ("commands", interface.commands), ("tidy", interface.tidy)]
)
def test_names_and_kinds_are_those_that_are_promised(part: str, now):
    assert now() == FROZEN[part]


def test_tidy_columns_keep_their_order():
    assert list(interface.tidy()) == list(FROZEN["tidy"])


def test_a_finding_has_the_keys_that_are_promised(saved: Finding, income: Finding):
    found = interface.keys(publishable(f) for f in (saved, income))
    assert set(found) == set(FROZEN["json"]["A finding"])


def test_estimate_prints_the_keys_that_are_promised():
    assert interface.keys([interface.estimate_json()]) == FROZEN["json"]["evalkit estimate --json"]


def test_keys_are_told_by_path_and_kind():
    rows = [{"a": 1, "b": [{"c": None}, {"c": "x"}]}]
    assert interface.keys(rows) == {"a": "number", "b": "list", "b[]": "object", "b[].c": "null or text"}
