"""The read port with what was typed out of voice notes, so that review, coding and exports read them as words."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date

from analysis.desk.book import Book
from analysis.voices.transcripts import words_of_parts
from storage.keys import ResearchKey
from storage.read import Reader
from storage.records import TEXT, Answer
from storage.settings import StorageSettings


class StudyReader(Reader):
    """As `Reader`; without a book, voice notes have no words."""

    book: Book | None = None

    @classmethod
    async def open_with(cls, settings: StorageSettings, key: ResearchKey | None, book: Book | None) -> "StudyReader":
        """Raises as `Reader.open` does."""
        reader = await cls.open(settings, key)
        reader.book = book
        return reader

    async def answers(
        self,
        *,
        service: str | None = None,
        since: date | None = None,
        until: date | None = None,
        person: str | None = None,
        guide: str | None = None,
        guide_version: int | None = None,
    ) -> AsyncIterator[Answer]:
        async for answer in super().answers(
            service=service, since=since, until=until, person=person, guide=guide, guide_version=guide_version
        ):
            yield await self._with_words(answer)

    async def _with_words(self, answer: Answer) -> Answer:
        if self.book is None or all(part.media_type == TEXT for part in answer.parts):
            return answer
        key = await self.key_about(answer.person)
        return replace(answer, typed=words_of_parts(self.book, answer, key))
