"""The mask of reports: de-identification with one set of placeholders for each person.

The same detail of one person has the same placeholder in all their answers. Answers come person by person from the read
port, so only the details of the person in hand are held, and they are forgotten when the next one comes.
"""

from collections import Counter

from analysis.deidentify import Placeholders, deidentify
from analysis.reading import Masked


class MaskByPerson:
    """A `Mask`. One for each reading; not for use by two readings at once."""

    def __init__(self) -> None:
        self._person: str | None = None
        self._placeholders = Placeholders()

    def __call__(self, person: str, text: str) -> Masked:
        if person != self._person:
            self._person, self._placeholders = person, Placeholders()
        clean, spans = deidentify(text, self._placeholders)
        return Masked(clean, Counter(str(span.kind) for span in spans))
