"""What a service answers to a summary, on its way to the page and back to the people who spoke.

`answers` reads the file that a service writes, `draft` begins one, and `sending` makes the page with the answers in it
and the bundle with which the bot tells people.
"""

from analysis.publishing.answers import Answers, AnswersError, hold_to_summary, read_answers
from analysis.publishing.draft import draft_of
from analysis.publishing.sending import make_tidings, publish

__all__ = ["Answers", "AnswersError", "draft_of", "hold_to_summary", "make_tidings", "publish", "read_answers"]
