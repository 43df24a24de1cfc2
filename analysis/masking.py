"""The mask of reports: de-identification with one set of placeholders for each person.

The same detail of one person has the same placeholder in all their answers, and what is on the study's own list the
same one in the whole study. Answers come person by person from the read port, so only the details of the person in hand
are held, and they are forgotten when the next one comes.
"""

from collections import Counter
from collections.abc import Iterable

from analysis.deidentify import Finder, Placeholders, find_details, replace_details
from analysis.desk import Book, Cleaner, Handing
from analysis.identifiers import Found
from analysis.reading import Masked
from storage.records import Answer


class MaskByPerson:
    """A `Mask`. One for each reading; not for use by two readings at once."""

    def __init__(self, finders: Iterable[Finder] = ()) -> None:
        self._finders = tuple(finders)
        self._study = Placeholders()
        self._person: str | None = None
        self._placeholders = Placeholders(self._study)

    def __call__(self, answer: Answer, details: list[Found] | None = None) -> Masked:
        if answer.person != self._person:
            self._person, self._placeholders = answer.person, Placeholders(self._study)
        found = find_details(answer.text, self._finders) if details is None else details
        clean, spans = replace_details(answer.text, found, self._placeholders)
        return Masked(clean, Counter(str(span.kind) for span in spans))


class ReviewedMask:
    """The same, but what people reviewed is as they left it: they may have taken out more, or less. With `handing`,
    what people coded comes along."""

    def __init__(self, book: Book, finders: Iterable[Finder] = (), *, handing: Handing | None = None) -> None:
        self._clean = Cleaner(book, finders)
        self._handing = handing

    def __call__(self, answer: Answer, details: list[Found] | None = None) -> Masked:
        found = self._clean(answer, details)
        kinds = Counter(str(each.stretch.kind) for each in found.clean.taken)
        people = self._handing(found, self._clean) if self._handing else ()
        return Masked(found.clean.text, kinds, found.review.verdict, people)
