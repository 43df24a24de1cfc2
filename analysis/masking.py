"""The mask of reports: de-identification with one set of placeholders for each person.

The same detail of one person has the same placeholder in all their answers, and what is on the study's own list the
same one in the whole study. Answers come person by person from the read port, so only the details of the person in hand
are held, and they are forgotten when the next one comes.
"""

from collections import Counter
from collections.abc import Iterable

from analysis.deidentify import Finder, Placeholders, deidentify
from analysis.reading import Masked


class MaskByPerson:
    """A `Mask`. One for each reading; not for use by two readings at once."""

    def __init__(self, finders: Iterable[Finder] = ()) -> None:
        self._finders = tuple(finders)
        self._study = Placeholders()
        self._person: str | None = None
        self._placeholders = Placeholders(self._study)

    def __call__(self, person: str, text: str) -> Masked:
        if person != self._person:
            self._person, self._placeholders = person, Placeholders(self._study)
        clean, spans = deidentify(text, self._placeholders, self._finders)
        return Masked(clean, Counter(str(span.kind) for span in spans))
