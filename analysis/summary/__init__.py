"""The summary that a service reads: numbers, map, page. See `numbers` for what is in it and `page` for how it looks."""

from analysis.summary.numbers import Summary, summarise, tally
from analysis.summary.page import Link, render

__all__ = ["Link", "Summary", "render", "summarise", "tally"]
