"""The second way of listening: how like a message is to example sentences that people can read.

The list of phrases (`flows.phrases`) hears what somebody thought of writing into it. This hears what is only like
something: word by word, word beside word, and in the letters of words. The sentences are in
`flows/guides/shared/examples/`; `python -m flows learn` turns them into whole numbers, one for each thing that a piece
of a message may have (`flows/guides/shared/likeness.txt`), and a test keeps the two in step.

Promises: the same message gets the same answer on any machine; nothing is kept or counted; the number that comes out
is compared with a bound at once, by `flows.distress`, and reaches nobody.
"""

from flows.likeness.compare import Likeness, read_weights
from flows.likeness.traits import kinds_of, pieces

__all__ = ["Likeness", "kinds_of", "pieces", "read_weights"]
