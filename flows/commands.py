"""Understanding a wish in plain words: "i want to stop", "STOP", "delete everything please".

Only a whole message can be a wish; an answer that merely contains such a word stays an answer. Where a message could be
either, the result is unsure, and the conversation keeps the words and asks.
"""

import re
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

from flows.frames import Grammar
from flows.phrasebook import WISHES, Commands, Wish
from flows.reading import known_words

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
    "/language": "language",
    "/tidy": "tidy",
}

#: No wish is longer than this; a longer message is an answer, and is not searched for one.
LONGEST = 80
#: Shorter words have too many neighbours for a slip of the finger to be told from another word.
SHORTEST_WITH_A_SLIP = 4
SHORTEST_WITH_TWO_SLIPS = 9
#: A wish with its manners and a reason has no more parts than this.
MOST_CLAUSES = 4
#: Beside other words these are nearly always part of an answer: "no, they never rang".
NEVER_BESIDE_A_REASON: frozenset[Wish] = frozenset({"yes", "no", "done"})
_NOTHING = r"(?!)"
_MANY = re.compile(r"(.)\1{2,}")
_BREAK = re.compile(r"[.!?;:,\n\u2013\u2014]+|\s-+\s|\b(?:and|but|so|then|because|cos|cause)\b", re.IGNORECASE)
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
    wordings = replace(_wordings(commands), read={})  # words are remembered for as long as this message is read
    whole = _one_wish(normal_form(text), commands, wordings)
    return whole or _wish_of_clauses(_clauses(text), commands, wordings)


def _one_wish(said: str, commands: Commands, wordings: "_Wordings") -> Understood | None:
    """By the phrases of the lists first, then in one of the countless ways that no list holds (`flows.frames`)."""
    found = _whole_wish(said, commands, wordings)
    if found is not None:
        return found
    for way in dict.fromkeys((said, wordings.without_slips(_MANY.sub(r"\1", said)))):
        heard = wordings.grammar.wish_of(way)
        if heard is not None:
            return Understood(*heard)
    return None


def _clauses(text: str) -> list[str]:
    return [said for each in _BREAK.split(text) if (said := normal_form(each))]


def _wish_of_clauses(clauses: list[str], commands: Commands, wordings: "_Wordings") -> Understood | None:
    """A wish in several breaths: "ok, i think thats it. thanks". With a reason beside it ("kids are home, can we do the
    rest tomorrow") it is unsure, since an answer may hold what sounds like a wish."""
    if not 1 < len(clauses) <= MOST_CLAUSES:
        return None
    heard = [_one_wish(each, commands, wordings) for each in clauses]
    wishes = list(dict.fromkeys(each.wish for each in heard if each))
    if not wishes:
        return None
    manners = [wordings.grammar.is_manners(each) for each in clauses]
    if len(wishes) == 1 and all(each or only_manners for each, only_manners in zip(heard, manners, strict=True)):
        return Understood(wishes[0], all(each.sure for each in heard if each))
    telling = [each for each in (heard[0] if " " in clauses[0] else None, heard[-1]) if each and each.sure]
    strong = [each.wish for each in telling if each.wish not in NEVER_BESIDE_A_REASON]
    return Understood(strong[-1], sure=False) if strong else None


def _whole_wish(said: str, commands: Commands, wordings: "_Wordings") -> Understood | None:
    ways = {said: None, _MANY.sub(r"\1", said): None}
    ways |= {wordings.without_slips(each): None for each in ways}
    ways |= {_without_politeness(each, commands): None for each in ways}
    if not any(map(wordings.says_anything, ways)):
        return None
    for sure in (True, False):
        for wish in WISHES:
            if any(wordings.says(each, wish, sure=sure) for each in ways):
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
    phrases: dict[tuple[Wish, bool], frozenset[str]]
    patterns: dict[tuple[Wish, bool], str]
    any_phrase: frozenset[str]
    any_pattern: str
    grammar: Grammar
    words: tuple[str, ...]
    read: dict[str, str]

    def says_anything(self, said: str) -> bool:
        """Whether this is, whole, a phrase of any wish: most messages are not, and need not be held against each."""
        return said in self.any_phrase or _compiled(self.any_pattern).fullmatch(said) is not None

    def says(self, said: str, wish: Wish, *, sure: bool) -> bool:
        """Whether this is, whole, one of the phrases of that wish."""
        pattern = self.patterns[wish, sure]
        return said in self.phrases[wish, sure] or _compiled(pattern).fullmatch(said) is not None

    def without_slips(self, said: str) -> str:
        """Each word that no dictionary knows, as the word of a phrase that is one slip away."""
        return " ".join(map(self._mended, said.split()))

    def _mended(self, word: str) -> str:
        """Looked up once in a message; what people write is not kept in memory, not even word by word."""
        if word not in self.read:
            self.read[word] = self._look_up(word)
        return self.read[word]

    def _look_up(self, word: str) -> str:
        once = word[:-1]
        if word[-1:] == once[-1:] and once in self.words and word not in self.words:
            return once  # "skipp": a finger that stayed too long, even where a dictionary has it as a name
        if len(word) < SHORTEST_WITH_A_SLIP or word in known_words() or self.grammar.knows(word) or word in self.words:
            return word
        slips = 2 if len(word) >= SHORTEST_WITH_TWO_SLIPS else 1
        near = process.extract(word, self.words, scorer=OSA.distance, score_cutoff=slips, limit=None)
        if not near:
            return self.grammar.taken_apart(word)
        swapped = (each for each, *_ in near if sorted(each) == sorted(word))
        return next(swapped, near[0][0])


_KNOWN: dict[int, _Wordings] = {}


def _wordings(commands: Commands) -> _Wordings:
    """Read once for each commands file. Found by identity, since comparing files takes longer than understanding."""
    known = _KNOWN.get(id(commands))
    if known is None:
        if len(_KNOWN) >= MOST_FILES:
            _KNOWN.clear()
        lists = {(wish, sure): _phrases(commands, wish, sure=sure) for wish in WISHES for sure in (True, False)}
        grammar = Grammar(commands)
        words = {word for phrases in lists.values() for phrase in phrases for word in re.findall(r"[a-z]+", phrase)}
        words |= grammar.words
        known = _KNOWN[id(commands)] = _Wordings(
            commands=commands,
            phrases={key: frozenset(each for each in phrases if "(" not in each) for key, phrases in lists.items()},
            patterns={key: _pattern_of(phrases) for key, phrases in lists.items()},
            any_phrase=frozenset(each for phrases in lists.values() for each in phrases),
            any_pattern=_pattern_of(tuple(each for phrases in lists.values() for each in phrases)),
            grammar=grammar,
            read={},
            words=tuple(sorted(each for each in words if len(each) >= SHORTEST_WITH_A_SLIP and each in known_words())),
        )
    return known


def _phrases(commands: Commands, wish: Wish, *, sure: bool) -> tuple[str, ...]:
    return commands.of(wish).sure if sure else commands.of(wish).maybe


def _pattern_of(phrases: tuple[str, ...]) -> str:
    """Those with brackets. Brackets and bars mean what they mean in patterns; an alternative may be nothing, so a space
    may be missing."""
    patterns = [each.replace("(", "(?:").replace(" ", " *") for each in phrases if "(" in each]
    return "|".join(patterns) or _NOTHING


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compiled when it is first needed: that of one wish is when somebody may have said it."""
    return re.compile(pattern)
