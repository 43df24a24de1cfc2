"""The mask of reports: de-identification with one set of placeholders for each person.

The same detail of one person has the same placeholder in all their answers, and what is on the study's own list the
same one in the whole study. Answers come person by person from the read port, so only the details of the person in hand
are held, and they are forgotten when the next one comes.
"""

from collections import Counter
from collections.abc import Iterable

from analysis.deidentify import Finder, Placeholders, deidentify
from analysis.desk import Book, Cleaner
from analysis.reading import Masked
from storage.records import Answer


class MaskByPerson:
    """A `Mask`. One for each reading; not for use by two readings at once."""

    def __init__(self, finders: Iterable[Finder] = ()) -> None:
        self._finders = tuple(finders)
        self._study = Placeholders()
        self._person: str | None = None
        self._placeholders = Placeholders(self._study)

    def __call__(self, answer: Answer) -> Masked:
        if answer.person != self._person:
            self._person, self._placeholders = answer.person, Placeholders(self._study)
        clean, spans = deidentify(answer.text, self._placeholders, self._finders)
        return Masked(clean, Counter(str(span.kind) for span in spans))


class ReviewedMask:
    """The same, but what people reviewed is as they left it: they may have taken out more, or less."""

    def __init__(self, book: Book, finders: Iterable[Finder] = ()) -> None:
        self._clean = Cleaner(book, finders)

    def __call__(self, answer: Answer) -> Masked:
        found = self._clean(answer)
        kinds = Counter(str(each.stretch.kind) for each in found.clean.taken)
        return Masked(found.clean.text, kinds, found.review.verdict)
