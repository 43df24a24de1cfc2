"""The read port with what was typed out of voice notes, so that review, coding and exports read them as words."""

from dataclasses import replace

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

    async def complete(self, answer: Answer) -> Answer:
        if self.book is None or all(part.media_type == TEXT for part in answer.parts):
            return answer
        key = await self.key_about(answer.person)
        return replace(answer, typed=words_of_parts(self.book, answer, key))
