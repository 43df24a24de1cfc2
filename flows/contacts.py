"""Who people can reach in a crisis, and in which nation of the United Kingdom."""

from typing import Annotated, Literal, get_args

from pydantic import Field, StringConstraints

from flows.parts import Label, Part

Nation = Literal["england", "scotland", "wales", "northern_ireland"]
NATIONS: tuple[Nation, ...] = get_args(Nation)
Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class Contact(Part):
    """Somebody who can be reached in a crisis. `reach` is what to do, in one line.

    `nations` are those in which it works; without them, it works in all of the United Kingdom.
    """

    name: Label
    reach: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    when: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    nations: tuple[Nation, ...] = ()
    checked: Day | None = Field(default=None, description="Where it was checked on another day than the others.")


class Contacts(Part):
    checked: Day = Field(description="The day on which a person last checked these.")
    people: tuple[Contact, ...] = Field(min_length=1, max_length=12)

    def in_nation(self, nation: Nation) -> "Contacts":
        """Those who can be reached from there."""
        people = tuple(each for each in self.people if not each.nations or nation in each.nations)
        return self.model_copy(update={"people": people or self.people})

    @property
    def oldest_check(self) -> str:
        """The day since which all of them have been checked."""
        return min(each.checked or self.checked for each in self.people)
