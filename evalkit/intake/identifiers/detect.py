"""What in a column tells who somebody is: identity numbers, telephones, cards, names, addresses, plates, places."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

HEADERS = {
    "national_id": ("身份证", "证件号", "national id", "id card", "idcard", "nid"),
    "telephone": ("电话", "手机", "phone", "mobile", "telephone"),
    "bank_account": ("银行卡", "账号", "帐号", "卡号", "bank account", "card number"),
    "name": ("姓名", "户主", "联系人", "full name", "respondent name", "household head name"),
    "address": ("地址", "住址", "门牌", "address"),
    "plate": ("车牌", "number plate", "license plate", "licence plate"),
    "coordinate": ("经度", "纬度", "坐标", "latitude", "longitude", "gps"),
    "email": ("邮箱", "电子邮件", "e-mail", "email"),
}
"""Words in headers, in small letters."""
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK = "10X98765432"
"""GB 11643-1999: the weighted sum of 17 digits, modulo 11, gives the last sign."""
ID_NUMBER = re.compile(r"(?<![0-9A-Za-z])[1-9]\d{16}[\dXx](?![0-9A-Za-z])")
MOBILE = re.compile(r"(?<![0-9A-Za-z.])(?:\+?86[- ]?)?1[3-9]\d{9}(?![0-9A-Za-z.])")
CARD = re.compile(r"(?<![0-9A-Za-z.])[3-6]\d{15,18}(?![0-9A-Za-z.])")
EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[A-Za-z]{2,}")
PROVINCES = "京津沪渝冀晋辽吉黑苏浙皖闽赣鲁豫鄂湘粤桂琼川贵云藏陕甘青宁新蒙"
PLATE = re.compile(rf"[{PROVINCES}][A-HJ-NP-Z][·. -]?[A-HJ-NP-Z0-9]{{5,6}}(?![A-Z0-9])")
ADDRESS = re.compile(r"[\u4e00-\u9fff](?:路|街|巷|弄|村|组|小区)\s*\d+\s*(?:号|组|栋|幢|单元|室)")
PAIR = re.compile(r"(?<!\d)-?\d{1,3}\.\d{4,}\s*[,， ]\s*-?\d{1,3}\.\d{4,}(?!\d)")
SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔"
    "钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
NAME = re.compile(rf"^[{SURNAMES}][\u4e00-\u9fff]{{1,2}}$")
PLACES = tuple("村庄镇乡组屯县区市寨店沟湾坡营堡集街路社户品业类")
SHARE = {"national_id": 0.0, "telephone": 0.2, "bank_account": 0.5, "name": 0.6, "email": 0.0, "plate": 0.2}
SHARE |= {"address": 0.2, "coordinate": 0.2}
"""A kind is found where more than this share of the filled cells shows it (0: one cell is enough)."""
FEWEST = {"name": 10, "bank_account": 3, "telephone": 2}
"""And at least so many different cells."""
POSSIBLE = r"\d{11}|@|[\x{4e00}-\x{9fff}]|\d\.\d{4}"
"""What every kind of identifier holds one of: only such cells are looked at one by one."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One kind of identifier in one column: by its header, or in how many cells. Never a value."""

    header: str
    kind: str
    n_cells: int


def is_national_id(text: str) -> bool:
    """Whether 18 signs are a Chinese identity number: a real date of birth and the right check sign.

    Example (GB 11643): 11010519491231002X has the weighted sum 167, 167 mod 11 = 2, and CHECK[2] = X.
    """
    try:
        datetime.date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return False
    total = sum(w * int(d) for w, d in zip(WEIGHTS, text[:17], strict=True))
    return CHECK[total % 11] == text[17].upper()


def is_luhn(digits: str) -> bool:
    """Whether the last digit is Luhn's check digit (ISO/IEC 7812-1). Example: 79927398713."""
    doubled = [int(d) * (2 if i % 2 else 1) for i, d in enumerate(reversed(digits))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def kinds_in(text: str) -> set[str]:
    """Return the kinds of identifiers that a cell shows."""
    plain = text.strip()
    tests: dict[str, Callable[[], bool]] = {
        "national_id": lambda: any(is_national_id(m) for m in ID_NUMBER.findall(plain)),
        "telephone": lambda: bool(MOBILE.search(plain)),
        "bank_account": lambda: any(is_luhn(m) and not _is_id(m) for m in CARD.findall(plain)),
        "email": lambda: bool(EMAIL.search(plain)),
        "plate": lambda: bool(PLATE.search(plain)),
        "address": lambda: bool(ADDRESS.search(plain)),
        "coordinate": lambda: bool(PAIR.search(plain)),
        "name": lambda: bool(NAME.match(plain)) and not plain.endswith(PLACES),
    }
    return {kind for kind, test in tests.items() if test()}


def detect(frame: pl.DataFrame, headers: Sequence[str]) -> list[Seen]:
    """Return what the given columns show, by header and by cells; of decimal numbers the header only."""
    found = []
    for header in headers:
        kinds = _by_cells(frame[header])
        low = header.lower()
        for kind, words in HEADERS.items():
            if any(_has_word(low, w) for w in words):
                kinds.setdefault(kind, 0)
        found += [Seen(header, kind, n) for kind, n in sorted(kinds.items())]
    return found


def _by_cells(column: pl.Series) -> dict[str, int]:
    if column.dtype.is_float() or column.dtype.is_temporal() or column.dtype == pl.Boolean:
        return {}
    texts = column.cast(pl.String).drop_nulls()
    total = len(texts.filter(texts.str.strip_chars() != ""))
    counts = texts.filter(texts.str.contains(POSSIBLE)).value_counts(name="n")
    cells: dict[str, int] = {}
    different: dict[str, int] = {}
    for text, n in counts.iter_rows():
        for kind in kinds_in(text):
            cells[kind] = cells.get(kind, 0) + n
            different[kind] = different.get(kind, 0) + 1
    return {k: n for k, n in cells.items() if n > SHARE[k] * total and different[k] >= FEWEST.get(k, 1)}


def _has_word(header: str, word: str) -> bool:
    """Whether a header holds a word: Chinese anywhere, English between signs that are no letters."""
    if not word.isascii():
        return word in header
    return re.search(rf"(?<![a-z]){re.escape(word).replace(' ', '[ _]?')}(?![a-z])", header) is not None


def _is_id(digits: str) -> bool:
    return len(digits) == 18 and is_national_id(digits)
