"""The conversation itself: `advance(guide, progress, heard, now) -> Turn`, pure and total.

Promises, for every progress and everything that can be heard:
- there is a turn, it leaves a way out, and the crisis contacts are one tap away;
- nothing is to be kept before somebody agreed to take part, nor after they withdrew;
- what was skipped is not asked again, and nobody is asked why;
- whoever paused comes back to the same place;
- words that may mean danger or distress only ever lead to care: no score, no record, no alert;
- the same inputs give the same turn. No clock, no chance, no input or output in here.
"""

from flows.engine.advance import advance, begin

__all__ = ["advance", "begin"]
