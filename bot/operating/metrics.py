"""Figures for Prometheus: how much, how fast, how well. Never who, and never what.

Labels are a closed set of words of ours; nothing that a person or Telegram sent becomes one. Each bot that is put
together has figures of its own.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

#: Seconds. Fine around the 50 ms within which a reply should be on its way.
_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)


class Metrics:
    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.updates = Counter(
            "hearten_updates", "Updates from Telegram, by what became of them.", ["outcome"], registry=self._registry
        )
        self.exchanges = Histogram(
            "hearten_exchange_seconds",
            "From an update's arrival to its commit.",
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self.letters = Counter(
            "hearten_letters", "Letters to Telegram, by what became of them.", ["outcome"], registry=self._registry
        )
        self.people_waiting = Gauge(
            "hearten_people_waiting", "People for whom letters are due and not sent.", registry=self._registry
        )
        self.reminders = Counter(
            "hearten_reminders", "Reminders that people had asked for and were sent.", registry=self._registry
        )

    def text(self) -> bytes:
        """All figures in the text format of Prometheus."""
        return generate_latest(self._registry)
