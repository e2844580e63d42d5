"""Every defect of the table gives its exact message or the right values; none takes long or much memory."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path

import pytest

import evalkit
from evalkit.intake import read_programme
from tests.intake.test_kinds import _folder
from tests.intake.torture.cases import CASES, GOOD, HEAD, Case, raw

CODEBOOK = """raw_header,name,kind,unit,factor,round,min,max,missing_codes,identifier,source,also
村编号,village_id,id,,,,,,,,{roster},村編號
首次开展年份,adoption_year,integer,year,,,,,,,roster,
户编号,household_id,id,,,,,,,household,survey,戶編號
销售额(元),sales_yuan,number,yuan,1,,0,,-99;不知道,,survey,銷售額(元)
"""
MOST_SECONDS = 30
"""An input takes milliseconds; this bound is for a machine that does much else."""
MOST_MEMORY = 2**30


def _made(case: Case, tmp_path: Path) -> Path:
    codebook = CODEBOOK.format(roster="")
    if case.suffix in {".dta", ".sav"}:
        codebook = CODEBOOK.format(roster="roster") + "village,village_id,id,,,,,,,,survey,\n"
        codebook = codebook.replace("户编号,", "hh,").replace("销售额(元),", "sales,")
    if case.extra:
        codebook += f"记录,seen,{case.extra},,,,,,,,survey,\n"
    folder = _folder(tmp_path, case.suffix, source=case.source, codebook=codebook)
    case.make(folder / f"survey_2014{case.suffix}")
    return folder


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.name} ({c.suffix})")
def test_torture(case: Case, tmp_path: Path) -> None:
    folder = _made(case, tmp_path)
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if case.message:
        with pytest.raises(evalkit.EvalkitError, match=case.message):
            read_programme(evalkit.load(folder))
    else:
        intake = read_programme(evalkit.load(folder))
        columns = ["household_id", "village_id", "sales_yuan", *(["seen"] if case.extra else [])]
        assert intake.frame.sort("household_id").select(columns).rows() == case.rows
        assert tuple(intake.rejected.sort("row").select("row", "rule").rows()) == case.left_out
        assert intake.flow.adds_up()
    assert time.monotonic() - began < MOST_SECONDS
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < MOST_MEMORY


def test_there_are_enough() -> None:
    assert len(CASES) >= 60
    assert len({(c.name, c.suffix) for c in CASES}) == len(CASES)
    assert all(bool(c.message) != (c.rows is not None) for c in CASES)


def test_a_symbolic_link_out_of_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "programme"
    folder.mkdir()
    _folder(folder, ".csv", codebook=CODEBOOK.format(roster=""))
    (tmp_path / "outside.csv").write_text(HEAD, encoding="utf-8")
    (folder / "survey_2014.csv").symlink_to(tmp_path / "outside.csv")
    with pytest.raises(evalkit.DataError, match="symbolic link that leads out"):
        read_programme(evalkit.load(folder))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in folders")
def test_a_pipe_in_the_folder_is_no_file(tmp_path: Path) -> None:
    """Reading it would wait for a writer without end."""
    folder = _folder(tmp_path, ".csv", codebook=CODEBOOK.format(roster=""))
    os.mkfifo(folder / "survey_2014.csv")
    with pytest.raises(evalkit.DataError, match="no file fits this pattern"):
        read_programme(evalkit.load(folder))


def test_a_changed_raw_file_is_named(tmp_path: Path) -> None:
    from evalkit.intake.sums import NAME, written_sums

    folder = _folder(tmp_path, ".csv", codebook=CODEBOOK.format(roster=""))
    survey = folder / "survey_2014.csv"
    raw(HEAD + "001,A,12000\n")(survey)
    (folder / NAME).write_text(written_sums(folder, ["survey_2014.csv", "villages.csv"]), encoding="utf-8")
    assert read_programme(evalkit.load(folder)).frame.height == 1
    raw(HEAD + "001,A,12001\n")(survey)
    with pytest.raises(evalkit.DataError, match=r"1 raw files have changed since .* \(survey_2014.csv\)"):
        read_programme(evalkit.load(folder))
    (folder / NAME).write_text("x\n", encoding="utf-8")
    with pytest.raises(evalkit.DataError, match="lines 1 are no sums"):
        read_programme(evalkit.load(folder))


def test_an_unmapped_header_is_suggested_and_not_mapped(tmp_path: Path) -> None:
    """銷售額（元） is 销售额(元) in other characters: told, but only a person can enter it."""
    folder = _folder(tmp_path, ".csv", codebook=CODEBOOK.format(roster="").replace(",銷售額(元)", ","))
    raw(HEAD[:-1] + ",銷售額（元）,天气\n001,A,12000,7,晴\n002,B,500,8,雨\n")(folder / "survey_2014.csv")
    intake = read_programme(evalkit.load(folder))
    told = {r["column"]: r["todo_en"] for r in intake.quality.to_dicts() if r["rule"] == "unmapped"}
    assert "like '销售额(元)' of the codebook" in told["銷售額（元）"]
    assert "like" not in told["天气"]
    assert intake.frame.sort("household_id").select("household_id", "village_id", "sales_yuan").rows() == GOOD
