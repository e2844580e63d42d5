"""Three offices send sums, the centre adds them: corrections, other versions, and who is counted twice."""

from __future__ import annotations

import json
import math
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

import evalkit
from evalkit import Moments
from evalkit.cli import main
from evalkit.errors import DataError
from evalkit.moments import store
from tests.small_panels import village_panel

ADOPTION = [2, 3, 0, 0, 2, 3, 0, 0, 3, 2, 0, 0]
OFFICES = {"甲县": range(4), "乙县": range(4, 8), "丙县": range(8, 12)}
COLUMNS = ["--unit", "household", "--cluster", "village", "--time", "round", "--first-treated", "first"]
KEY = "0123456789abcdef0123456789abcdef"
EQUAL = 1e-9
FRAME = village_panel(8, ADOPTION, households=25, rounds=4, missing=0.15)


def of(office: str, frame: pl.DataFrame = FRAME) -> pl.DataFrame:
    return frame.filter(pl.col("village").is_in([f"v{v}" for v in OFFICES[office]]))


def run(*arguments: str | Path, code: int = 0) -> str:
    result = CliRunner().invoke(main, [str(a) for a in arguments])
    assert result.exit_code == code, result.output
    return result.output


def send(folder: Path, office: str, rows: pl.DataFrame, *more: str, name: str = "") -> Path:
    """What an office does: rows stay in its folder, the file for the centre is written beside them."""
    home = folder / office
    home.mkdir(exist_ok=True)
    rows.write_parquet(home / "rows.parquet")
    out = home / f"{name or office}.parquet"
    run(
        "moments", home / "rows.parquet", "--outcome", "y", *COLUMNS, "--share", "--office", office, *more, "--out", out
    )
    return out


@pytest.fixture
def sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    monkeypatch.setenv("EVALKIT_KEY", KEY)
    return [send(tmp_path, office, of(office)) for office in OFFICES]


def merged(sent: list[Path], folder: Path) -> Path:
    out = folder / "merged.parquet"
    run("merge", *sent, "--out", out)
    return out


@pytest.mark.parametrize(
    ("estimator", "inference"),
    [(e, i) for e in ("did", "event_study", "pre_post") for i in ("crv1", "crv2", "crv3", "wild", "randomization")][
        :-1
    ],
)
def test_the_centre_s_answer_is_that_of_the_pooled_rows(
    sent: list[Path], tmp_path: Path, estimator: str, inference: str
):
    FRAME.write_parquet(tmp_path / "pooled.parquet")
    how = ["--estimator", estimator, "--inference", inference, "--json"]
    together = json.loads(run("estimate", merged(sent, tmp_path), *how))["terms"]
    pooled = json.loads(run("estimate", tmp_path / "pooled.parquet", "--outcome", "y", *COLUMNS, *how))["terms"]
    assert [t["term"] for t in together] == [t["term"] for t in pooled]
    for name in ("estimate", "std_error", "p_value", "conf_low", "conf_high"):
        a, b = ([math.nan if t[name] is None else t[name] for t in terms] for terms in (together, pooled))
        assert a == pytest.approx(b, rel=EQUAL, abs=EQUAL, nan_ok=True), name


@pytest.mark.parametrize("estimator", ["group_time", "imputation", "sun_abraham", "ppml", "itt"])
def test_what_the_share_does_not_keep_is_refused_with_the_reason(sent: list[Path], tmp_path: Path, estimator: str):
    told = run("estimate", merged(sent, tmp_path), "--estimator", estimator, code=1)
    assert "attendance patterns were folded before sharing, and this needs sums by pattern" in told


def test_a_late_correction_takes_the_place_of_the_earlier_file_and_says_so(sent: list[Path], tmp_path: Path):
    right = FRAME.with_columns(y=pl.when(pl.col("village") == "v5").then(pl.col("y") * 2).otherwise(pl.col("y")))
    late = send(tmp_path, "乙县", of("乙县", right), "--revision", "2", name="乙县2")
    out = tmp_path / "merged.parquet"
    told = run("merge", late, *sent, "--out", out)
    assert "乙县: revision 2 (part" in told
    assert "takes the place of revision 1 (part" in told
    design = Moments.read(out).design
    pooled = evalkit.did(Moments.from_frame(right, design=design, outcomes=["y"]))
    assert evalkit.did(Moments.read(out)).values == pytest.approx(pooled.values, rel=EQUAL)


def test_two_files_of_one_revision_and_a_correction_of_a_sum_are_refused(sent: list[Path], tmp_path: Path):
    other = send(tmp_path, "乙县", of("乙县").with_columns(pl.col("y") * 2), name="again")
    assert "乙县 sent two different files that are both revision 1" in run(
        "merge", *sent, other, "--out", tmp_path / "m.parquet", code=1
    )
    late = send(tmp_path, "乙县", of("乙县").with_columns(pl.col("y") * 2), "--revision", "2", name="late")
    told = run("merge", merged(sent, tmp_path), late, "--out", tmp_path / "m.parquet", code=1)
    assert "what is in a sum cannot be taken out" in told
    assert "is given more than once" in run("merge", *sent, sent[0], "--out", tmp_path / "m.parquet", code=1)


def test_another_version_is_refused(sent: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as patch:
        patch.setattr("evalkit.commands.share.__version__", "0.0.9")
        old = send(tmp_path, "丙县", of("丙县"), name="old")
    told = run("merge", *sent[:2], old, "--out", tmp_path / "m.parquet", code=1)
    assert "made by different versions" in told
    assert "丙县 by evalkit 0.0.9" in told
    with monkeypatch.context() as patch:
        patch.setattr(store, "SCHEMA_VERSION", store.SCHEMA_VERSION + 1)
        newer = send(tmp_path, "丙县", of("丙县"), name="newer")
    assert "moments schema 4. Needed: at most 3" in run("merge", *sent[:2], newer, "--out", tmp_path / "m", code=1)


def test_a_village_of_two_offices_is_refused_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("EVALKIT_KEY", raising=False)
    both = FRAME.filter(pl.col("village").is_in(["v3", "v4", "v5", "v6", "v7"]))
    files = [send(tmp_path, "甲县", of("甲县")), send(tmp_path, "乙县", both)]
    told = run("merge", *files, "--out", tmp_path / "m.parquet", code=1)
    assert "1 villages stand in more than one part (v3)" in told
    assert "甲县, revision 1" in told
    assert "乙县, revision 1" in told


def test_a_household_of_two_offices_is_refused_and_found_by_its_mark(sent: list[Path], tmp_path: Path):
    twice = (
        of("甲县")
        .filter(pl.col("household") == "h2_7")
        .with_columns(village=pl.lit("v10"), first=pl.lit(0).cast(FRAME.schema["first"]))
    )
    third = send(tmp_path, "丙县", pl.concat([of("丙县"), twice]), "--min-households", "2", name="twice")
    told = run("merge", *sent[:2], third, "--out", tmp_path / "m.parquet", code=1)
    assert "1 households are counted by both" in told
    assert {"甲县", "丙县"} <= set(told.split("both ")[1].split(" (marks")[0].split(" and "))
    mark = told.split("(marks ")[1].split(")")[0]
    for file in (sent[0], third):
        lines = file.with_name(f"{file.stem}-stays-in-office.csv").read_text(encoding="utf-8").splitlines()
        assert f"{mark},h2_7" in lines


def test_the_list_that_stays_is_a_table_whatever_the_ids(tmp_path: Path):
    """People open it in a spreadsheet: an id that begins as a formula is text, one with a comma is one cell."""
    from evalkit.commands.share import _list_marks

    ids = ["=cmd|'/C calc'!A0", "a,b", 'q"\nx', "h1"]
    _list_marks(ids, b"k" * 32, tmp_path / "list.csv")
    table = pl.read_csv(tmp_path / "list.csv", infer_schema=False)
    assert table["household"].to_list() == ["'" + ids[0], *ids[1:]]
    assert table["mark"].str.contains(r"^[0-9a-f]{16}$").all()


def test_a_village_cut_between_two_offices_adds_where_marks_prove_the_households_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("EVALKIT_KEY", KEY)
    north = pl.col("household").str.extract(r"_(\d+)$").cast(pl.Int64) < 12
    files = [
        send(tmp_path, o, FRAME.filter(rows), "--min-households", "2")
        for o, rows in (("甲县", north), ("乙县", ~north))
    ]
    one = Moments.read(merged(files, tmp_path))
    pooled = evalkit.did(Moments.from_frame(FRAME, design=one.design, outcomes=["y"]))
    assert evalkit.did(one).values == pytest.approx(pooled.values, rel=EQUAL)


def test_marks_of_different_keys_cannot_be_compared(sent: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("EVALKIT_KEY", KEY[::-1])
    other = send(tmp_path, "丙县", of("丙县"), name="other")
    told = run("merge", *sent[:2], other, "--out", tmp_path / "m.parquet", code=1)
    assert "marked their households with different keys" in told


def test_a_file_that_was_changed_on_the_way_is_refused(sent: list[Path], tmp_path: Path):
    table = pl.read_parquet(sent[0])
    odd = table.with_columns(n_units=pl.col("n_units") + 1)
    odd.write_parquet(sent[0], metadata=pl.read_parquet_metadata(sent[0]))
    with pytest.raises(DataError, match="its numbers are not those that were shared"):
        Moments.read(sent[0])


def test_what_leaves_the_office_is_read_first_and_holds_no_household(sent: list[Path]):
    text = sent[0].with_suffix(".txt").read_text(encoding="utf-8")
    for told in (
        "报送单位：甲县，第 1 版",
        "没有任何一户的记录",
        "含 100 个农户标记",
        "村：v0、v1、v2、v3",
        "SHA-256: ",
    ):
        assert told in text
    ids = {b"h0_1", b"h2_7", *(h.encode() for h in of("甲县")["household"].unique())}
    assert not any(i in sent[0].read_bytes() for i in ids)
    assert sent[0].stat().st_size < 20_000


def test_an_office_is_called_as_its_file_unless_it_is_named(tmp_path: Path):
    FRAME.write_parquet(tmp_path / "rows.parquet")
    shared = ["moments", tmp_path / "rows.parquet", "--outcome", "y", *COLUMNS, "--share", "--out"]
    run(*shared, tmp_path / "county.parquet")
    run(*shared, tmp_path / "again.parquet", "--office", "seat")
    assert "Office: county, revision 1" in (tmp_path / "county.txt").read_text(encoding="utf-8")
    assert "Office: seat, revision 1" in (tmp_path / "again.txt").read_text(encoding="utf-8")
