"""The small grammar of wishes: manners around what is wished, and nothing else in the message.

A message is read as a wish only if every one of its words is accounted for: by what is wished (`core`), by what may
stand with it (`beside`), or by manners. One word that is not ("can i skip my appointments") and it is an answer. Where
the message also asks for it in so many words, in the order in which people ask ("could we just leave this one out"),
the result is sure; in any other order it is unsure, and the conversation keeps the words and asks. It is unsure as well
where one single word is left over beside two or more that say what is wished, unless that word tells of others or of
the past ("they", "was"): those are answers.
"""

from collections import defaultdict
from dataclasses import dataclass
from enum import Enum, auto

from flows.phrasebook import WISHES, CommandPhrases, Commands, Manners, Wish
from flows.units import Unit, read_unit

Words = tuple[str, ...]


class Role(Enum):
    CORE = auto()
    BESIDE = auto()
    ASKING = auto()
    PLEASE = auto()
    POLITE = auto()


#: A message shorter than this has no room for a word too many.
FEWEST_BESIDE_ANOTHER = 3
#: A yes or a no is worth something only when it is clear, so these two are understood surely or not at all.
CLEAR_OR_NOT_AT_ALL: frozenset[Wish] = frozenset({"yes", "no"})


@dataclass(frozen=True, slots=True, order=True)
class Reading:
    """One way to account for the words so far. `core` counts the words that say what is wished."""

    core: int = 0
    asked: bool = False
    in_order: bool = True


class Frame:
    """The units of one wish, found by their first word."""

    def __init__(self, wish: Wish, phrases: CommandPhrases, manners: Manners) -> None:
        clear = wish in CLEAR_OR_NOT_AT_ALL
        by_role = {
            Role.CORE: phrases.core,
            Role.BESIDE: phrases.beside,
            Role.ASKING: () if clear else manners.asking,
            Role.PLEASE: manners.please,
            Role.POLITE: manners.polite if clear else (*manners.polite, *manners.hedges),
        }
        self.sure_unasked = clear
        self.words: set[str] = set()
        self._starts = frozenset(phrases.starts)
        self._units: dict[str, list[tuple[Role, Unit]]] = defaultdict(list)
        for role, phrase in ((role, each) for role, each_of in by_role.items() for each in each_of):
            unit = read_unit(phrase)
            self.words |= unit.words
            for first in unit.first:
                self._units[first].append((role, unit))

    def read(self, words: Words) -> Reading | None:
        """The best way to account for all the words, or None where there is none."""
        if not words or not self.words.issuperset(words) or (self._starts and words[0] not in self._starts):
            return None
        return max((each for each in self._ways(words) if each.core), key=self._worth, default=None)

    def read_but_one(self, words: Words, telling: frozenset[str]) -> Reading | None:
        """The best way to account for all the words but one, which may be any that does not tell a story."""
        unknown = [place for place, word in enumerate(words) if word not in self.words]
        if len(unknown) > 1 or len(words) < FEWEST_BESIDE_ANOTHER:
            return None
        places = [place for place in unknown or range(len(words)) if words[place] not in telling]
        found = [self.read(words[:place] + words[place + 1 :]) for place in places]
        return max((each for each in found if each and each.core > 1), key=lambda each: each.core, default=None)

    def accounts_for(self, words: Words) -> bool:
        """Whether each word has a place here, with or without a core."""
        return self.words.issuperset(words) and bool(self._ways(words))

    def _ways(self, words: Words) -> set[Reading]:
        ways: list[set[Reading]] = [{Reading()}, *(set[Reading]() for _ in words)]
        for place, word in enumerate(words):
            for role, unit in self._units.get(word, ()) if ways[place] else ():
                for end in unit.ends(words, place):
                    ways[end] |= {_with(each, role, end - place) for each in ways[place]}
        return ways[-1]

    def is_sure(self, reading: Reading) -> bool:
        return reading.in_order and (reading.asked or self.sure_unasked)

    def _worth(self, reading: Reading) -> tuple[bool, int]:
        return self.is_sure(reading), reading.core


def _with(before: Reading, role: Role, length: int) -> Reading:
    match role:
        case Role.CORE:
            return Reading(before.core + length, before.asked, before.in_order)
        case Role.BESIDE:
            return Reading(before.core, before.asked, before.in_order and bool(before.core))
        case Role.ASKING:
            return Reading(before.core, True, before.in_order and not before.core)
        case Role.PLEASE:
            return Reading(before.core, True, before.in_order)
    return before


class Grammar:
    """The frames of all wishes of a commands file."""

    def __init__(self, commands: Commands) -> None:
        self._frames = {wish: Frame(wish, phrases, commands.frames) for wish, phrases in commands.wishes()}
        self._manners = Frame("help", CommandPhrases(sure=("",)), commands.frames)
        self._plain = {
            tuple(form.split()): tuple(word.split()) for word, forms in commands.frames.plain.items() for form in forms
        }
        self._telling = frozenset(commands.frames.telling)
        self._longest = max(map(len, self._plain), default=0)
        self._first_of_plain = frozenset(form[0] for form in self._plain if form)
        self.words = frozenset(word for frame in self._frames.values() for word in frame.words)
        self._written = self.words | {word for form in self._plain for word in form}

    def wish_of(self, said: str) -> tuple[Wish, bool] | None:
        """The wish and whether it is sure. Where the words fit two wishes just as well, it is not."""
        words = self.plain(tuple(said.split()))
        if sum(word not in self.words for word in words) > 1:
            return None  # no frame can account for them, not even for all but one
        found: list[tuple[bool, int, Wish]] = []
        for wish in WISHES:
            frame = self._frames[wish]
            reading = frame.read(words)
            if reading is not None and (frame.is_sure(reading) or not frame.sure_unasked):
                found.append((frame.is_sure(reading), reading.core, wish))
        if not found:
            return self._nearly(words)
        best = max(found, key=lambda each: each[:2])
        alone = sum(each[:2] == best[:2] for each in found) == 1
        if best[2] in CLEAR_OR_NOT_AT_ALL and not alone:
            return None
        return best[2], best[0] and alone

    def knows(self, word: str) -> bool:
        """Whether this is a word of the grammar as it stands, so that it is not taken for a slip of another one."""
        return word in self._written

    def _nearly(self, words: Words) -> tuple[Wish, bool] | None:
        """A wish with one word too many, which is worth a question."""
        near = [
            (reading.core, wish)
            for wish, frame in self._frames.items()
            if not frame.sure_unasked and (reading := frame.read_but_one(words, self._telling)) is not None
        ]
        return (max(near, key=lambda each: each[0])[1], False) if near else None

    def is_manners(self, said: str) -> bool:
        """Whether this only greets, thanks, softens or asks."""
        words = self.plain(tuple(said.split()))
        return self._manners.accounts_for(words)

    def plain(self, words: Words) -> Words:
        """The words in one spelling each: 'i am' as 'im', 'u' as 'you'."""
        if self._first_of_plain.isdisjoint(words):
            return words
        said: list[str] = []
        place = 0
        while place < len(words):
            lengths = range(min(self._longest, len(words) - place), 0, -1)
            unit = next((each for n in lengths if (each := words[place : place + n]) in self._plain), None)
            said += self._plain[unit] if unit else (words[place],)
            place += len(unit) if unit else 1
        return tuple(said)

    def taken_apart(self, word: str) -> str:
        """'skipthis' as 'skip this': a word that is nothing but words of the grammar, run together."""
        ways: list[Words | None] = [()]
        for end in range(1, len(word) + 1):
            starts = (start for start in range(end) if ways[start] is not None and word[start:end] in self.words)
            start = next((each for each in starts if end - each > 1 or word[each:end] in ("i", "a")), None)
            ways.append(None if start is None else (*(ways[start] or ()), word[start:end]))
        return " ".join(ways[-1] or (word,))
