"""What can go wrong between a bot and Telegram, as switches.

Every fault strikes with a probability, or a number of times, or both in turn (the count first). The dice have a seed,
so that a run can be repeated. Nothing strikes until it is switched on. Switch them from Python

    messenger.faults.set("too_many_requests", probability=0.1, seconds=2, methods={"sendMessage"})
    messenger.faults.set("drop_after", count=1)
    messenger.faults.clear()

or over HTTP with the same names (`GET` and `POST /faults`).
"""

import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

FAULTS: Mapping[str, str] = {
    "too_many_requests": "Answer 429 with retry_after to calls that name a chat",
    "blocked": "Answer 403, bot was blocked by the user, to calls that name a chat",
    "server_error": "Answer 500",
    "drop_before": "Close the connection before the call takes effect",
    "drop_after": "Let the call take effect, then close the connection without an answer",
    "slow": "Wait before answering",
    "redeliver": "Deliver an update again, with the same id, after it was acknowledged",
    "unknown_update": "Mix updates of a type that nobody has heard of among the others",
    "malformed_update": "Mix updates that break Telegram's own schema among the others",
}
_ABOUT_A_CHAT = frozenset({"too_many_requests", "blocked"})
_AIMED_AT_CALLS = frozenset({"too_many_requests", "blocked", "server_error", "drop_before", "drop_after", "slow"})


@dataclass(slots=True)
class Switch:
    """The setting of one fault. `seconds` is retry_after, or the wait; `methods` empty means every method."""

    probability: float = 0.0
    count: int = 0
    seconds: float = 1.0
    methods: frozenset[str] = frozenset()


class Faults:
    """All switches, the dice, and how often each fault has struck (`struck`)."""

    def __init__(self, seed: int = 0) -> None:
        self.reseed(seed)
        self._switches = {name: Switch() for name in FAULTS}
        self.struck = dict.fromkeys(FAULTS, 0)
        self._quiet = True

    def reseed(self, seed: int) -> None:
        """Start the dice anew."""
        self._dice = random.Random(seed)  # noqa: S311 (repeatable accidents, not secrets)

    def set(
        self,
        name: str,
        *,
        probability: float = 0.0,
        count: int = 0,
        seconds: float = 1.0,
        methods: Collection[str] = (),
    ) -> None:
        """Set one switch; ValueError with one sentence for a fault or a value that does not exist."""
        if name not in FAULTS:
            raise ValueError(f"There is no fault called {name}. Choose one of: {', '.join(FAULTS)}.")
        if not 0 <= probability <= 1:
            raise ValueError("The probability of a fault is a number from 0 to 1.")
        if count < 0 or not 0 <= seconds <= 3600:  # noqa: PLR2004 (an hour is more than any rehearsal needs)
            raise ValueError("The count of a fault is 0 or more, its seconds are from 0 to 3600.")
        if methods and name not in _AIMED_AT_CALLS:
            raise ValueError(f"The fault {name} is about updates; it cannot be aimed at methods.")
        self._switches[name] = Switch(probability, count, seconds, frozenset(methods))
        self._quiet = not any(switch.probability or switch.count for switch in self._switches.values())

    def clear(self) -> None:
        """Switch everything off; what has struck stays counted."""
        self._switches = {name: Switch() for name in FAULTS}
        self._quiet = True

    def strikes(self, name: str, method: str = "", *, about_a_chat: bool = True) -> bool:
        """Throw the dice for one fault."""
        if self._quiet:
            return False
        switch = self._switches[name]
        if (switch.methods and method not in switch.methods) or (name in _ABOUT_A_CHAT and not about_a_chat):
            return False
        if switch.count:
            switch.count -= 1
        elif not (switch.probability and self._dice.random() < switch.probability):
            return False
        self.struck[name] += 1
        return True

    def seconds(self, name: str) -> float:
        """The seconds of one switch."""
        return self._switches[name].seconds

    def wire(self) -> dict[str, Any]:
        """All switches as JSON, each with its plain description and how often it struck."""
        return {
            name: {
                "about": about,
                "probability": self._switches[name].probability,
                "count": self._switches[name].count,
                "seconds": self._switches[name].seconds,
                "methods": sorted(self._switches[name].methods),
                "aimed": name in _AIMED_AT_CALLS,
                "struck": self.struck[name],
            }
            for name, about in FAULTS.items()
        }
