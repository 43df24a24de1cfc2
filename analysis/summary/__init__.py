"""The summary that a service reads: numbers, map, page. See `numbers` for what is in it and `page` for how it looks."""

from analysis.summary.answered import PointAnswer, ServiceAnswers
from analysis.summary.making import make_summary, was_asked
from analysis.summary.numbers import Summary, summarise, tally
from analysis.summary.page import Link, render
from analysis.summary.quotations import Candidates, Quotation

__all__ = [
    "Candidates",
    "Link",
    "PointAnswer",
    "Quotation",
    "ServiceAnswers",
    "Summary",
    "make_summary",
    "render",
    "summarise",
    "tally",
    "was_asked",
]
