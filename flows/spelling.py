"""Bringing a message to plain words, so that the lists of signs can be written in one spelling each.

Slips of the finger, words run together, numbers for letters, stars, dialect and short forms: what stands for what is in
`flows/guides/shared/distress.toml`. The result is only looked at; what people wrote is kept as they wrote it.
"""

import re
import unicodedata
from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import OSA

from flows.guide import Distress
from flows.reading import known_words

_TOKEN = re.compile(r"[\w'*$@]+")
_LETTERS_FOR = str.maketrans("013457$@", "oieastsa")
_NUMBER_IN_WORD = re.compile(r"(?<=[a-z])[013457$@]+(?=[a-z])")
_SPACED_OUT = re.compile(r"\b\w(?:[ .]\w){1,8}\b")
_NO_STOP = re.compile(r"\.{2,}|[^\w\s.!?]+|_+")
_MANY = re.compile(r"([^\W\d_])\1{2,}")

#: A slip is forgiven, and run-together words are taken apart, only in words of at least and at most these lengths.
SHORTEST_WITH_A_SLIP, SHORTEST_RUN_TOGETHER, LONGEST_WORD = 5, 6, 40


@dataclass(slots=True)
class Spelling:
    """How to read one list of spellings."""

    single: dict[str, str]
    several: dict[str, str]
    keywords: tuple[str, ...]
    parts: frozenset[str]
    _phrases: re.Pattern[str]

    @classmethod
    def of(cls, distress: Distress) -> "Spelling":
        written = {form: word for word, forms in distress.spellings.items() for form in forms}
        several = {form: word for form, word in written.items() if " " in form}
        longest_first = sorted(several, key=len, reverse=True)
        return cls(
            single={form: word for form, word in written.items() if " " not in form},
            several=several,
            keywords=distress.keywords,
            parts=frozenset((*distress.keywords, *distress.small_words)),
            _phrases=re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b" if several else r"(?!)"),
        )

    def plain(self, text: str) -> str:
        """Lower case, one spelling, no apostrophes, single spaces; of the rest only what ends a sentence stays."""
        text = unicodedata.normalize("NFKC", text).casefold().replace("’", "'").replace("`", "'")
        text = _SPACED_OUT.sub(self._closed_up, text)
        read: dict[str, str] = {}  # for this message only: what people write is in no cache, not even word by word
        text = _TOKEN.sub(lambda match: self._word(match.group(), read), text)
        text = _NO_STOP.sub(" ", text)
        lines = (re.sub(r"^[\W_]+", "", re.sub(r"[^\S\n]+", " ", line)).rstrip() for line in text.split("\n"))
        return self._phrases.sub(lambda match: self.several[match.group()], "\n".join(filter(None, lines)))

    def _closed_up(self, match: re.Match[str]) -> str:
        """'k m s' and 'k.m.s' as one word, where that is a word that matters."""
        word = re.sub(r"[ .]", "", match.group())
        return word if word in self.keywords else match.group()

    def _word(self, token: str, read: dict[str, str]) -> str:
        found = read.get(token)
        if found is None:
            found = read[token] = self._look_up(token)
        return found

    def _look_up(self, token: str) -> str:
        word = token.replace("'", "")
        lettered = _NUMBER_IN_WORD.sub(lambda match: match.group().translate(_LETTERS_FOR), word)
        twice = _MANY.sub(r"\1\1", lettered)
        once = _MANY.sub(r"\1", lettered)
        for form in (token, word, lettered, twice, once):
            if form in self.single:
                return self.single[form]
        for form in (word, lettered, twice, once):
            if form in known_words() or form in self.keywords:
                return form
        if len(twice) > LONGEST_WORD:
            return twice
        return self._starred(lettered) or self._slip(once) or self._taken_apart(once) or twice.strip("*$@")

    def _starred(self, word: str) -> str | None:
        if "*" not in word.strip("*"):
            return None
        shape = re.compile(re.sub(r"\*+", r"\\w{1,3}", word.strip("*$@")).replace("$", "s").replace("@", "a"))
        return next((each for each in self.keywords if shape.fullmatch(each)), None)

    def _slip(self, word: str) -> str | None:
        if len(word) < SHORTEST_WITH_A_SLIP:
            return None
        long_enough = [each for each in self.keywords if len(each) >= SHORTEST_WITH_A_SLIP]
        near = process.extractOne(word, long_enough, scorer=OSA.distance, score_cutoff=1)
        return near[0] if near else None

    def _taken_apart(self, word: str) -> str | None:
        """'wanttodie' as 'want to die': words that matter with small words, and nothing left over."""
        if len(word) < SHORTEST_RUN_TOGETHER:
            return None
        ways: list[list[str] | None] = [[]]
        for end in range(1, len(word) + 1):
            starts = (start for start in range(max(0, end - 10), end) if ways[start] is not None)
            start = next((each for each in starts if word[each:end] in self.parts), None)
            ways.append(None if start is None else [*(ways[start] or []), word[start:end]])
        parts = ways[-1]
        return " ".join(parts) if parts and any(each in self.keywords for each in parts) else None
