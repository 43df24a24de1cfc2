"""What somebody typed out of a voice note.

Promises
- It is sealed twice: with the key of the desk, like every note in its book, and within that with a key that comes from
  the participant's own. Whoever withdraws takes it with them, from old copies of the book too.
- It belongs to the sound, not to a place: a voice note that was replaced by another has no words any more.
- Nothing is overwritten. Typing it again adds an entry, and the last one holds.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from analysis.desk.book import Book, Entry
from analysis.desk.errors import DeskError
from analysis.desk.shelf import name_of
from storage.errors import SealError
from storage.keys import KeptKey
from storage.records import TEXT, Answer, Content

TRANSCRIBED = "transcribed"
#: Code points. An hour of speech is about 50,000; more is a slip of the hand.
LONGEST = 100_000


@dataclass(frozen=True, slots=True)
class VoiceNote:
    """One voice note of an answer. `number` counts from 1 within the answer; `words` is None where nobody has heard it
    yet, and empty where somebody did and there was nothing to type."""

    number: int
    sound: Content = field(repr=False)
    words: str | None = field(repr=False)


def voice_notes(book: Book, answer: Answer, key: KeptKey | None) -> list[VoiceNote]:
    """The voice notes of an answer, in order. `key`: what `Reader.key_about` gives for its person."""
    sounds = [part for part in answer.parts if part.media_type != TEXT]
    found = _typed(book, name_of(answer), key) if sounds else {}
    return [VoiceNote(number, each, found.get(_code(book, each))) for number, each in enumerate(sounds, 1)]


def words_of_parts(book: Book, answer: Answer, key: KeptKey | None) -> tuple[str, ...]:
    """What was typed out of each part, as `Answer.typed` has it."""
    typed = iter(voice_notes(book, answer, key))
    return tuple("" if part.media_type == TEXT else next(typed).words or "" for part in answer.parts)


def keep_transcript(book: Book, who: str, answer: Answer, number: int, words: str, *, key: KeptKey) -> None:
    """Keep what was typed; empty words say that there is nothing to type. Raises DeskError."""
    words = words.strip()
    if len(words) > LONGEST:
        raise DeskError(f"This is longer than {LONGEST:,} characters: type what was said in this voice note only.")
    name, code = name_of(answer), _code(book, _sound(book, answer, number, key))
    sealed = key.seal(words.encode(errors="surrogatepass"), _context(name, code)).hex() if words else ""
    book.write(who, TRANSCRIBED, name, note=sealed, sound=code)


def take_back_transcript(book: Book, who: str, answer: Answer, number: int, *, key: KeptKey) -> bool:
    """Take back your own last typing of a voice note. False where you typed nothing that still holds."""
    name, code = name_of(answer), _code(book, _sound(book, answer, number, key))
    mine = [each for each in _entries(book.of(name)) if each.detail["sound"] == code and each.who == who]
    if mine:
        book.write(who, "undone", name, undoes=mine[-1].seq)
    return bool(mine)


def _sound(book: Book, answer: Answer, number: int, key: KeptKey) -> Content:
    for each in voice_notes(book, answer, key):
        if each.number == number:
            return each.sound
    raise DeskError("This answer has no such voice note: it may have been deleted since.")


def _typed(book: Book, name: str, key: KeptKey | None) -> dict[str, str]:
    """By the code of the sound. An entry that this key does not open says nothing."""
    found: dict[str, str] = {}
    for each in _entries(book.of(name)):
        code = each.detail["sound"]
        if not each.note:
            found[code] = ""
        elif key is not None:
            try:
                found[code] = key.open(bytes.fromhex(each.note), _context(name, code)).decode(errors="surrogatepass")
            except (SealError, ValueError):
                found.pop(code, None)
    return found


def _entries(entries: Iterable[Entry]) -> list[Entry]:
    return [each for each in entries if each.kind == TRANSCRIBED]


def _code(book: Book, sound: Content) -> str:
    return book.text_code(hashlib.sha256(sound.data).hexdigest())


def _context(name: str, code: str) -> bytes:
    return f"hearten transcript v1 {name} {code}".encode()
