"""Every estimator and method of inference has its page, with all that a page needs."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import pytest

import evalkit
from docs.making.methods import GROUPS, checked, read
from evalkit.estimators.registry import ESTIMATORS, FROM_PANEL
from evalkit.inference.infer import METHODS

TEXTS = ("at", "asks", "zh", "formula", "source", "data", "code")
LISTS = ("assumes", "breaks")


def test_every_method_has_a_page_and_no_other_has():
    pages = {kind: {name for name, m in read().items() if m["kind"] == kind} for kind in GROUPS}
    assert pages["estimator"] == {*ESTIMATORS, *FROM_PANEL, "lee_bounds"}
    assert pages["inference"] == {*METHODS, "auto"}
    assert sum(map(len, pages.values())) == len(read())


@pytest.mark.parametrize("name", read())
def test_a_page_says_all_that_it_should(name: str):
    method = read()[name]
    assert [key for key in TEXTS if not isinstance(method.get(key), str) or not method[key]] == []
    assert [key for key in LISTS if not method.get(key)] == []
    module, _, function = method["at"].rpartition(".")
    assert callable(getattr(import_module(module), function))


@pytest.mark.parametrize("name", read())
def test_the_worked_numbers_name_what_is_there(root: Path, name: str):
    programme, indicator = read()[name]["data"].split(":")
    assert evalkit.load(root / "data_raw" / programme).indicator(indicator)
    assert isinstance(ast.parse(read()[name]["code"]).body[-1], ast.Expr)


def test_who_checked_it_comes_from_the_matrix():
    assert any("pyfixest" in line for line in checked("did"))
    assert "no such name" in checked("no_such_method")[0]
