"""Identifiers at the door: found in headers and cells; hashed with a key from outside, coarse, dropped or refused."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import evalkit
from evalkit.intake import read_programme
from evalkit.intake.identifiers.detect import CHECK, WEIGHTS, detect, is_luhn, is_national_id, kinds_in
from evalkit.intake.identifiers.pseudonym import coarse_text, pseudonym, read_key
from tests.intake.checks.field_programme import CODEBOOK, field_frame, write_field

KEY = "0123456789abcdef0123456789abcdef"
SAMPLE = "11010519491231002X"
"""The worked example of GB 11643-1999; nobody's number."""


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("EVALKIT_KEY", "EVALKIT_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)


def with_column(folder: Path, header: str, values: list[str], kind: str = "", *, mapped: bool = True) -> Path:
    """Write the small survey with a further text column in both rounds."""
    rounds = {y: f.with_columns(pl.Series(header, (values * 240)[:240])) for y, f in field_frame().items()}
    return write_field(folder, rounds, codebook=CODEBOOK + (f"{header},extra,text,,,{kind}\n" if mapped else ""))


def test_national_id_by_hand() -> None:
    """GB 11643's example: 11010519491231002X; another check sign, or 31 November as a birthday, is none."""
    assert is_national_id(SAMPLE)
    assert not is_national_id(SAMPLE[:17] + "1")
    assert not is_national_id("110105194911310020")


@given(st.integers(0, 99999), st.dates(), st.integers(0, 999), st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(area: int, born, number: int, place: int, shift: int) -> None:
    """Modulo 11 with weights that 11 does not divide finds every single wrong digit."""
    body = f"1{area:05d}{born.year:04d}{born.month:02d}{born.day:02d}{number:03d}"
    good = body + CHECK[sum(w * int(d) for w, d in zip(WEIGHTS, body, strict=True)) % 11]
    wrong = good[:place] + str((int(good[place]) + shift) % 10) + good[place + 1 :]
    assert is_national_id(good)
    assert not is_national_id(wrong)


@pytest.mark.parametrize(
    ("digits", "is_right"), [("79927398713", True), ("79927398710", False), ("4111111111111111", True)]
)
def test_luhn_as_published(digits: str, is_right: bool) -> None:
    """79927398713 is the example of ISO/IEC 7812-1's check digit; 4111… the test number of card networks."""
    assert is_luhn(digits) is is_right


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        (f"证件{SAMPLE}号", {"national_id"}),
        ("联系13800138000", {"telephone"}),
        ("4111111111111111", {"bank_account"}),
        ("a.b@example.org", {"email"}),
        ("苏N·A1234挂", {"plate"}),
        ("苏NA12345", {"plate"}),
        ("幸福路12号", {"address"}),
        ("33.96213, 118.27549", {"coordinate"}),
        ("王小明", {"name"}),
        ("王家村", set()),
        ("01001", set()),
        ("13800138000.5", set()),
        ("123456789012345678", set()),
    ],
)
def test_kinds_in_a_cell(text: str, kinds: set[str]) -> None:
    assert kinds_in(text) == kinds


def test_headers_are_found_whatever_the_cells() -> None:
    frame = pl.DataFrame({"户主姓名": ["x"], "GPS_lat": ["1"], "telephones": ["1"], "村名": ["y"]})
    assert [(s.header, s.kind) for s in detect(frame, frame.columns)] == [
        ("户主姓名", "name"),
        ("GPS_lat", "coordinate"),
    ]


def test_undeclared_identifiers_are_refused_and_never_shown(tmp_path: Path) -> None:
    with pytest.raises(evalkit.DataError, match=r"column '备注' shows national_id \(120\)") as error:
        read_programme(evalkit.load(with_column(tmp_path, "备注", ["无", f"证件{SAMPLE}"])))
    assert SAMPLE not in str(error.value)


def test_without_a_key_a_column_to_hash_is_refused(tmp_path: Path) -> None:
    with pytest.raises(evalkit.DataError, match="there is no key to hash them with"):
        read_programme(evalkit.load(with_column(tmp_path, "身份证", [SAMPLE], "national_id")))


def test_pseudonym_is_the_keyed_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """HMAC-SHA256 of kind and plain value, the first 16 signs; the number itself is nowhere in the rows."""
    monkeypatch.setenv("EVALKIT_KEY", KEY)
    frame = read_programme(evalkit.load(with_column(tmp_path, "身份证", [SAMPLE], "national_id"))).frame
    want = hmac.new(KEY.encode(), f"national_id\x1f{SAMPLE}".encode(), hashlib.sha256).hexdigest()[:16]
    assert frame["extra"].unique().to_list() == [want]
    assert SAMPLE not in frame.write_csv()


def test_drop_and_coarsen(tmp_path: Path) -> None:
    dropped = read_programme(evalkit.load(with_column(tmp_path / "a", "手机", ["13800138000"], "telephone:drop"))).frame
    assert dropped["extra"].null_count() == dropped.height
    place = with_column(tmp_path / "b", "坐标", ["33.96213, 118.27549"], "coordinate")
    assert read_programme(evalkit.load(place)).frame["extra"].unique().to_list() == ["33.96, 118.28"]


def test_unmapped_identifiers_are_counted(tmp_path: Path) -> None:
    folder = with_column(tmp_path, "手机", ["13800138000"], mapped=False)
    quality = read_programme(evalkit.load(folder)).quality
    row = quality.row(by_predicate=pl.col("rule") == "identifier_unmapped", named=True)
    assert (row["column"], row["n_failed"]) == ("手机", 480)


def test_key_beside_the_data_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = with_column(tmp_path, "身份证", [SAMPLE], "national_id")
    (folder / "key").write_text(KEY, encoding="utf-8")
    monkeypatch.setenv("EVALKIT_KEY_FILE", str(folder / "key"))
    with pytest.raises(evalkit.PlanError, match="the key lies beside the data"):
        read_programme(evalkit.load(folder))


def test_unknown_kind_is_a_mistake_in_the_codebook(tmp_path: Path) -> None:
    folder = with_column(tmp_path, "身份证", [SAMPLE], "national_id:hide")
    with pytest.raises(evalkit.PlanError, match="identifier 'national_id:hide'"):
        read_programme(evalkit.load(folder))


@given(st.text("0123456789", min_size=11, max_size=18))
def test_width_spaces_and_case_do_not_matter(digits: str) -> None:
    wide = "".join(chr(ord(d) + 0xFEE0) for d in digits)
    spaced = " ".join([digits[:4], digits[4:]])
    tokens = {pseudonym(t, "telephone", KEY.encode()) for t in (digits, wide, spaced)}
    assert len(tokens) == 1
    assert pseudonym(digits, "bank_account", KEY.encode()) not in tokens


def test_coarse_text_by_hand() -> None:
    assert coarse_text("33.96213, 118.27549") == "33.96, 118.28"


@pytest.mark.parametrize("variable", ["EVALKIT_KEY", "EVALKIT_KEY_FILE"])
def test_a_short_key_is_refused_with_how_to_make_one(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """15 bytes are refused, 16 are a key; the message names the variable that was set."""
    data, safe = tmp_path / "data", tmp_path / "safe"
    data.mkdir()
    safe.mkdir()
    for name in ("EVALKIT_KEY", "EVALKIT_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    for n in (15, 16):
        (safe / "key").write_text("k" * n + "\n", encoding="utf-8")
        monkeypatch.setenv(variable, str(safe / "key") if variable.endswith("FILE") else "k" * n)
        if n == 16:
            assert read_key(data) == b"k" * 16
            continue
        with pytest.raises(evalkit.PlanError, match=rf"^{variable}: the key has 15 bytes.*secrets\.token_hex\(32\)"):
            read_key(data)
