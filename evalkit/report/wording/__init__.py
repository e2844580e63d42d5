"""Wording: every sentence and label of a page, one file a language, and the rules that choose among them."""

from evalkit.report.wording.choose import Case, case_of
from evalkit.report.wording.en import ENGLISH
from evalkit.report.wording.words import Language, Words
from evalkit.report.wording.zh import CHINESE

LANGUAGES: tuple[Language, ...] = ("zh", "en")
WORDS: dict[Language, Words] = {"zh": CHINESE, "en": ENGLISH}

__all__ = ["LANGUAGES", "WORDS", "Case", "Language", "Words", "case_of"]
