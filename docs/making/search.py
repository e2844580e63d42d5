"""Search in Chinese and English without a dictionary: Chinese is indexed and asked by pairs of characters."""

from __future__ import annotations

import re

from sphinx.search import SearchLanguage

HAN = "\u3400-\u4dbf\u4e00-\u9fff"
PIECES = re.compile(f"[{HAN}]+|[^\\W{HAN}]+")


def pieces(text: str) -> list[str]:
    """Return words, and of runs of Chinese every two neighbouring characters: 平行趋势 gives 平行, 行趋, 趋势."""
    found: list[str] = []
    for piece in PIECES.findall(text):
        is_han = re.match(f"[{HAN}]", piece) is not None and len(piece) > 1
        found += [piece[i : i + 2] for i in range(len(piece) - 1)] if is_han else [piece]
    return found


class ChineseAndEnglish(SearchLanguage):
    """The splitter, once for the index (here) and once for the query (in the reader's browser)."""

    lang = "zh-en"
    language_name = "Chinese and English"
    js_splitter_code = """
var splitQuery = (query) => (query.match(/[\\u3400-\\u4dbf\\u4e00-\\u9fff]+|[\\p{L}\\p{N}_]+/gu) || []).flatMap((run) =>
  (run.match(/[\\u3400-\\u4dbf\\u4e00-\\u9fff]+|[^\\u3400-\\u4dbf\\u4e00-\\u9fff]+/g) || []).flatMap((piece) =>
    /[\\u3400-\\u4dbf\\u4e00-\\u9fff]/.test(piece) && piece.length > 1
      ? Array.from({ length: piece.length - 1 }, (_, i) => piece.slice(i, i + 2))
      : [piece]));
"""

    def split(self, input: str) -> list[str]:
        """Split a text for the index."""
        return pieces(input)
