"""A text as the rules see it: its words with what they can be, and the phrases that were found in it."""

from functools import partial
from typing import NamedTuple

from analysis.naming.lexicon import SAINTS, Phrase, Sort, phrases, sort_of, word_set
from analysis.words import Hit, find_words

_ENDS = frozenset(".!?…:;\n•")
_SKIPPED = frozenset(" \t\"'“”‘’([*_~-–—")
_HAPPY = 0.6  # share of words with a capital from which capitals mean nothing
_FEW = 6  # words from which that share is looked at
_JOINTS = frozenset({" ", "  ", ". ", "."})
_LONGEST = 4  # words that a name goes on for after the first
_PARTICLES = word_set("de da do di la le van von der den del al el bin ibn ap ab mc mac o st abu")


class Token(NamedTuple):
    """A word without a possessive ending. `capital`: only its first letter is one, and that means something here;
    `begins`: a sentence; `joined`: nothing but a space or a point lies between it and the word before."""

    text: str
    start: int
    end: int
    capital: bool
    begins: bool
    joined: bool
    shout: bool
    sort: int


class Line(NamedTuple):
    text: str
    tokens: list[Token]
    hits: list[Hit[Phrase]]

    def has(self, at: int, sort: int) -> bool:
        return 0 <= at < len(self.tokens) and bool(self.tokens[at].sort & sort)

    def word(self, at: int) -> str:
        return self.tokens[at].text if 0 <= at < len(self.tokens) else ""

    def joined(self, at: int) -> bool:
        return 0 < at < len(self.tokens) and self.tokens[at].joined

    def capital(self, at: int) -> bool:
        """A capital on a word that stands right after the one before."""
        return self.joined(at) and self.tokens[at].capital

    def between(self, at: int) -> str:
        """What stands between a word and the one before."""
        return self.text[self.tokens[at - 1].end : self.tokens[at].start] if 0 < at < len(self.tokens) else "\n"

    def proper(self, at: int) -> bool:
        """A capital inside a sentence, on a word that is written with one only where it names somebody or something."""
        if not 0 <= at < len(self.tokens):
            return False
        token = self.tokens[at]
        return token.capital and not token.begins and not token.sort & (Sort.NEVER | Sort.PROPER)

    def named(self, at: int, *, sure: bool = False) -> bool:
        """Whether a person's name can begin here, pointed to by a role, a relation or a title. `sure`: the pointer is
        so strong that a word which is also an ordinary one will do."""
        if not 0 <= at < len(self.tokens):
            return False
        token = self.tokens[at]
        if token.sort & Sort.NEVER or not token.text[0].isalpha() or len(token.text) < 2:  # noqa: PLR2004 - an initial
            return False
        if token.sort & (Sort.NAME | Sort.UNKNOWN) or self.proper(at):
            return True
        if sure:
            return bool(token.sort & (Sort.MAYBE_NAME | Sort.SURNAME | Sort.PLACE)) or not token.sort & Sort.ENGLISH
        if token.sort & Sort.MAYBE_NAME and not token.sort & (Sort.COMMON | Sort.AFTER):
            return True
        return bool(token.sort & (Sort.MAYBE_NAME | Sort.SURNAME)) and token.capital

    def name_end(self, at: int) -> int:
        """The last word of a name that begins here: capitals, initials, particles, surnames in small letters."""
        last = at
        while last - at < _LONGEST and self.joined(last + 1):
            after = self.tokens[last + 1]
            if after.sort & Sort.NEVER and after.text not in _PARTICLES:
                break
            initial = len(after.text) == 1 and after.capital is False and self.text[after.start].isupper()
            goes_on = (
                (after.capital and not after.begins and not after.sort & Sort.PROPER)
                or (initial and after.text != "i")
                or self._is_surname(last + 1)
                or self.tokens[last].text in _PARTICLES
            )
            if after.text in _PARTICLES and self.joined(last + 2) and not self.has(last + 2, Sort.NEVER):
                goes_on = self.proper(last + 2) or self.has(last + 2, Sort.UNKNOWN | Sort.SURNAME)
            if not goes_on:
                break
            last += 1
        return last

    def _is_surname(self, at: int) -> bool:
        token = self.tokens[at]
        if token.capital or token.sort & (Sort.BEFORE | Sort.AFTER):
            return False
        return bool(token.sort & Sort.UNKNOWN) or (
            bool(token.sort & (Sort.SURNAME | Sort.NAME)) and not token.sort & Sort.ENGLISH
        )


_make_token = partial(tuple.__new__, Token)  # half the time of Token(...)


def read_line(text: str) -> Line:
    words = find_words(text)
    shout = text.isupper()
    plain = text.isascii()  # then a word that is as its small letters are has no capital
    tokens: list[Token] = []
    before, last = "", 0
    for word, start, end in words:
        bare, end = _bare(word, end, before) if word[-2:] == "'s" else (word, end)  # noqa: PLW2901 - without its ending
        original = text[start:end]
        gap = text[last:start] if tokens else "\n"
        begins = not tokens or (_parts(gap) and not _abbreviated(tokens[-1], gap))
        if plain and original == bare:
            capital = loud = False
        else:
            loud = len(original) > 1 and original.isupper()
            capital = original[:1].isupper() and not loud and len(original) > 1
        joined = gap in _JOINTS and bool(tokens)
        tokens.append(_make_token((bare, start, end, capital, begins, joined, loud and not shout, sort_of(bare))))
        before, last = word, end
    if _means_nothing(tokens):
        tokens = [token._replace(capital=False) for token in tokens]
    return Line(text, tokens, list(phrases().find([token.text for token in tokens])))


def _bare(word: str, end: int, before: str) -> tuple[str, int]:
    if word.endswith("'s") and len(word) > len("'s") + 1 and before not in SAINTS:
        return word[:-2], end - 2
    return word, end


def _parts(gap: str) -> bool:
    return gap != " " and not _ENDS.isdisjoint(gap)


def _abbreviated(token: Token, gap: str) -> bool:
    """ "Dr. Khan", "J. Smith": the point ends no sentence."""
    return gap in {". ", "."} and bool(token.sort & Sort.TITLE or len(token.text) == 1)


def _means_nothing(tokens: list[Token]) -> bool:
    inside = [token for token in tokens if not token.begins and token.text != "i"]
    return len(inside) >= _FEW and sum(token.capital for token in inside) > _HAPPY * len(inside)
