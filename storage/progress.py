"""How long work says how far it is, to whoever shows it."""

from typing import Protocol


class Tell(Protocol):
    """Hears what is being done, how much of it is done, and how much there is (0: not known)."""

    def __call__(self, what: str, done: int, total: int) -> None: ...
