"""Understanding a wish in plain words: "i want to stop", "STOP", "delete everything please".

Only a whole message can be a wish; an answer that merely contains such a word stays an answer. Where a message could be
either, the result is unsure, and the conversation keeps the words and asks.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal, get_args

from rapidfuzz.distance import DamerauLevenshtein

from flows.guide import Commands
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
#: Short words have too many neighbours for a slip of the finger to be told from another word.
SHORTEST_WITH_A_SLIP = 5


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
    said = normal_form(text)
    core = _without_politeness(said, commands)
    for sure in (True, False):
        for wish in WISHES:
            phrases = getattr(commands, wish)
            known = phrases.sure if sure else phrases.maybe
            if any(_same(candidate, phrase) for phrase in known for candidate in (said, core)):
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


def _same(said: str, phrase: str) -> bool:
    if said == phrase:
        return True
    if len(phrase) < SHORTEST_WITH_A_SLIP or abs(len(said) - len(phrase)) > 1:
        return False
    return DamerauLevenshtein.distance(said, phrase, score_cutoff=1) <= 1 and not _means_something_else(said, phrase)


def _means_something_else(said: str, phrase: str) -> bool:
    """Whether what differs is a word of its own: 'helps me' is not a slip of 'help me'."""
    return all(word in known_words() for word in said.split() if word not in phrase.split())
