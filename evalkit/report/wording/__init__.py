"""Wording: every sentence and label of a page, one file a language, and the rules that choose among them."""

from evalkit.report.wording.choose import Case, case_of
from evalkit.report.wording.words import LANGUAGES, WORDS, Language, Words, say, words_of

__all__ = ["LANGUAGES", "WORDS", "Case", "Language", "Words", "case_of", "say", "words_of"]
