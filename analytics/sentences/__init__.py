"""Findings in plain words: what was seen, and what to do about it, in the reader's language.

The words lie in one file for each estimator, as `code: (what was seen, what to do)`, and `finding`
puts them together. Their parameters are named in the estimator that finds them.
"""

from analytics.sentences.finding import TEXTS, describe, remedy, sentence
from analytics.sentences.spelling import spell_number

__all__ = ["TEXTS", "describe", "remedy", "sentence", "spell_number"]
