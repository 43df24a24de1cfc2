"""How people say that they want something, as data: `flows/guides/shared/commands.toml`.

There are two ways to hear a wish. Whole phrases, one for one, are the first. The second is a small grammar for the
countless polite ways of saying the same: `core` says what is wished ("skip", "have a break"), `beside` what may stand
with it ("this question"), and `frames` holds what is only manners ("can we", "i think i want to"). `flows.frames`
reads the grammar.
"""

from collections.abc import Iterator
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from flows.units import read_unit

Wish = Literal[
    "skip", "pause", "resume", "stop", "help", "delete", "mydata", "privacy", "language", "tidy", "done", "yes", "no"
]
WISHES: tuple[Wish, ...] = get_args(Wish)


def _can_be_read(phrase: str) -> str:
    read_unit(phrase)
    return phrase


UnitPhrase = Annotated[str, AfterValidator(_can_be_read)]


class Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CommandPhrases(Entry):
    """One wish. A `sure` phrase is obeyed as a whole message, a `maybe` asked about.

    `core` and `beside` are units of the grammar. With `starts`, a message must begin with one of these.
    """

    sure: tuple[str, ...] = Field(min_length=1)
    maybe: tuple[str, ...] = ()
    core: tuple[UnitPhrase, ...] = ()
    beside: tuple[UnitPhrase, ...] = ()
    starts: tuple[str, ...] = ()


class Manners(Entry):
    """What stands around a wish and changes nothing about it.

    `asking` addresses the bot ("can you"), `please` does so too and stands anywhere, `polite` only greets or thanks,
    and `hedges` soften ("i think"). `telling` are words of answers, which are never left over from a wish. `plain` are
    spellings: a word or two, and other ways to write it.
    """

    asking: tuple[UnitPhrase, ...] = ()
    please: tuple[UnitPhrase, ...] = ()
    polite: tuple[UnitPhrase, ...] = ()
    telling: tuple[str, ...] = ()
    hedges: tuple[UnitPhrase, ...] = ()
    plain: dict[str, tuple[str, ...]] = {}


class Commands(Entry):
    openers: tuple[str, ...] = Field(description="Polite beginnings that change nothing: 'please', 'i want to'.")
    closers: tuple[str, ...] = Field(description="Polite endings that change nothing: 'please', 'now', 'thanks'.")
    frames: Manners = Manners()
    skip: CommandPhrases
    pause: CommandPhrases
    resume: CommandPhrases
    stop: CommandPhrases
    help: CommandPhrases
    delete: CommandPhrases
    mydata: CommandPhrases
    privacy: CommandPhrases
    language: CommandPhrases = CommandPhrases(sure=("language",))
    tidy: CommandPhrases = CommandPhrases(sure=("tidy this chat",))
    done: CommandPhrases
    yes: CommandPhrases
    no: CommandPhrases

    def of(self, wish: Wish) -> CommandPhrases:
        phrases: CommandPhrases = getattr(self, wish)
        return phrases

    def wishes(self) -> Iterator[tuple[Wish, CommandPhrases]]:
        """Every wish with what people say for it."""
        return ((wish, self.of(wish)) for wish in WISHES)
