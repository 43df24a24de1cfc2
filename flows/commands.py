"""Understanding a wish in plain words: "i want to stop", "STOP", "delete everything please".

Only a whole message can be a wish; an answer that merely contains such a word stays an answer. Where a message could be
either, the result is unsure, and the conversation keeps the words and asks.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal, get_args

from rapidfuzz import process
from rapidfuzz.distance import OSA

from flows.guide import CommandPhrases, Commands
from flows.reading import known_words

Wish = Literal["skip", "pause", "resume", "stop", "help", "delete", "mydata", "privacy", "done", "yes", "no"]
WISHES: tuple[Wish, ...] = get_args(Wish)

#: The slash commands of the messenger's menu, and what each wishes.
SLASH: dict[str, Wish] = {
    "/skip": "skip",
    "/pause": "pause",
    "/resume": "resume",
    "/stop": "stop",
    "/help": "help",
    "/privacy": "privacy",
    "/mydata": "mydata",
    "/withdraw": "delete",
}

#: No wish is longer than this; a longer message is an answer, and is not searched for one.
LONGEST = 80
#: Shorter words have too many neighbours for a slip of the finger to be told from another word.
SHORTEST_WITH_A_SLIP = 4
#: So many commands files are kept ready.
MOST_FILES = 32


@dataclass(frozen=True, slots=True)
class Understood:
    wish: Wish
    sure: bool


def understand(text: str, commands: Commands) -> Understood | None:
    """The wish that a whole message expresses, or None where it is an answer."""
    slash = text.strip().split("@", 1)[0].casefold()
    if slash in SLASH:
        return Understood(SLASH[slash], sure=True)
    if len(text) > LONGEST:
        return None
    wordings = _wordings(commands)
    said = normal_form(text)
    found = _whole_wish(said, commands, wordings)
    if found is None and " and " in said:
        parts = [_whole_wish(part, commands, wordings) for part in said.split(" and ")]
        found = parts[0] if all(part is not None and part == parts[0] for part in parts) else None
    return found


def _whole_wish(said: str, commands: Commands, wordings: "_Wordings") -> Understood | None:
    ways = {said: None, re.sub(r"(.)\1{2,}", r"\1", said): None}
    ways |= {wordings.without_slips(each): None for each in ways}
    ways |= {_without_politeness(each, commands): None for each in ways}
    for sure in (True, False):
        for wish in WISHES:
            if any(wordings.patterns[wish, sure].fullmatch(each) for each in ways):
                return Understood(wish, sure)
    return None


def normal_form(text: str) -> str:
    """Lower case, no apostrophes, no punctuation, single spaces: how phrases are written in the commands file."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    plain = re.sub(r"['’`]", "", plain)
    return " ".join(re.sub(r"[^\w\s]", " ", plain).split())


def _without_politeness(said: str, commands: Commands) -> str:
    stripped = True
    while stripped:
        stripped = False
        for opener in commands.openers:
            if said.startswith(f"{opener} "):
                said, stripped = said[len(opener) + 1 :], True
        for closer in commands.closers:
            if said.endswith(f" {closer}"):
                said, stripped = said[: -len(closer) - 1], True
    return said


@dataclass(frozen=True, slots=True)
class _Wordings:
    """The phrases of a commands file, ready to be compared with."""

    commands: Commands
    patterns: dict[tuple[Wish, bool], re.Pattern[str]]
    words: tuple[str, ...]

    def without_slips(self, said: str) -> str:
        """Each word that no dictionary knows, as the word of a phrase that is one slip away."""
        return " ".join(self._mended(word) for word in said.split())

    def _mended(self, word: str) -> str:
        if len(word) < SHORTEST_WITH_A_SLIP or word in known_words() or word in self.words:
            return word
        near = process.extract(word, self.words, scorer=OSA.distance, score_cutoff=1)
        swapped = (each for each, *_ in near if sorted(each) == sorted(word))
        return next(swapped, near[0][0] if near else word)


_KNOWN: dict[int, _Wordings] = {}


def _wordings(commands: Commands) -> _Wordings:
    """Read once for each commands file. Found by identity, since comparing files takes longer than understanding."""
    known = _KNOWN.get(id(commands))
    if known is None:
        if len(_KNOWN) >= MOST_FILES:
            _KNOWN.clear()
        lists = {(wish, sure): _phrases(commands, wish, sure=sure) for wish in WISHES for sure in (True, False)}
        words = {word for phrases in lists.values() for phrase in phrases for word in re.findall(r"[a-z]+", phrase)}
        known = _KNOWN[id(commands)] = _Wordings(
            commands=commands,
            patterns={
                key: re.compile("|".join(map(_as_pattern, phrases)) or r"(?!)") for key, phrases in lists.items()
            },
            words=tuple(sorted(word for word in words & known_words() if len(word) >= SHORTEST_WITH_A_SLIP)),
        )
    return known


def _phrases(commands: Commands, wish: Wish, *, sure: bool) -> tuple[str, ...]:
    of_wish: CommandPhrases = getattr(commands, wish)
    return of_wish.sure if sure else of_wish.maybe


def _as_pattern(phrase: str) -> str:
    """Brackets and bars mean what they mean in patterns. An alternative may be nothing, so a space may be missing."""
    return phrase.replace("(", "(?:").replace(" ", " *") if "(" in phrase else re.escape(phrase)
