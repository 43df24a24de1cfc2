"""The rehearsal's own time: as on the wall, until somebody puts it forward. It never goes back."""

import time

#: Seconds. A study's later rounds are months away; more than a year at once is a slip of the hand.
FURTHEST = 366 * 24 * 3600


class RehearsalClock:
    """Unix seconds when called."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead

    def forward(self, seconds: float) -> None:
        """Let time pass. ValueError with one sentence for a time that is none."""
        if not 0 < seconds <= FURTHEST:
            raise ValueError("Time can be put forward by up to a year.")
        self.ahead += seconds
