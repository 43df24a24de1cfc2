"""The promises of the engine, for whatever people do in whatever order: a Hypothesis state machine."""

import os
import re
from datetime import timedelta
from functools import lru_cache

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from flows.engine import advance
from flows.library import guide_names
from flows.library import load_guide as read_guide
from flows.plan import find, plan
from flows.progress import Progress
from flows.turn import (
    Agree,
    Coded,
    CopyWanted,
    Due,
    Edited,
    ForgetEverything,
    Heard,
    Keep,
    Mark,
    Opened,
    Pressed,
    Said,
    Schedule,
    SendCopy,
    Tidy,
    Unusable,
    Voiced,
)
from tests.test_flows.walking import Walker, data_of

DATA = re.compile(r"(next|yes|no|choose|done|skip|pause|resume|stop|help|keep|delete|back):[a-z0-9_-]+(:[a-z0-9_]+)?")
WORDS = [
    "They rang me back", "stop", "STOP", "skip", "pause", "resume", "help", "delete everything please", "yes", "no",
    "done", "/tidy", "/mydata", "/privacy", "/withdraw", "i want to kill myself", "killing time", "", "  ", "18 to 24",
    "\u202eabc", "ok", "not this one", "x" * 4096,
]  # fmt: skip
load_guide = lru_cache(read_guide)
#: 20,000 events in a test run; `make soak` sets a million.
EXAMPLES = int(os.environ.get("HEARTEN_TEST_EXAMPLES", "340"))
CODE = "7K2M-Q9XD-4HTB-W0ZR"
CODES = [Coded(CODE), Coded(CODE, confirmed=True), Coded(CODE, confirmed=True, known=True)]
COMES = ["tidings-00ff", "tidings-11ee", "copy"]
OTHERS = [
    Voiced(),
    Unusable(),
    Unusable(forwarded=True),
    Edited("new"),
    Opened(),
    Opened("X", known=False),
    *CODES,
    CopyWanted(here=True),
]


def hears_back(progress: Progress | None) -> bool:
    """Whether they agreed to it in any session."""
    while progress is not None:
        if progress.agreed and progress.consent.get("hear_back"):
            return True
        progress = progress.before
    return False


class AnyConversation(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.walker = Walker()
        self.pressed: list[str] = []
        self.agreed = False
        self.skipped: set[str] = set()
        self.invited = 0
        self.told_to_stop = False

    @initialize(
        name=st.sampled_from(guide_names()), quick=st.sampled_from(["", "topic", "end"]), hours=st.sampled_from([0, 24])
    )
    def begin(self, name: str, quick: str, hours: int) -> None:
        self.walker = Walker(load_guide(name).for_service("your service", None, 0 if quick else hours))
        self.hear(Opened("RIVERSIDE"))
        if quick:
            for _ in range(150):
                if self.walker.at.startswith(quick):
                    break
                before = len(self.walker.effects)
                self.walker.usual()
                self.check_effects(before, None)

    @rule(number=st.integers(0, 30))
    def press_what_is_offered(self, number: int) -> None:
        if self.walker.offered:
            self.hear(Pressed(self.walker.offered[number % len(self.walker.offered)]))

    @rule(number=st.integers(0, 500))
    def press_something_old(self, number: int) -> None:
        if self.pressed:
            self.hear(Pressed(self.pressed[number % len(self.pressed)]))

    @rule(data=st.one_of(st.from_regex(DATA, fullmatch=True), st.text(max_size=64)))
    def press_something_made_up(self, data: str) -> None:
        self.hear(Pressed(data))

    @rule(text=st.one_of(st.sampled_from(WORDS), st.text(max_size=200)))
    def say(self, text: str) -> None:
        self.hear(Said(text))

    @rule(heard=st.sampled_from(OTHERS))
    def send_something_else(self, heard: Heard) -> None:
        self.hear(heard)

    @rule(days=st.integers(1, 400))
    def time_passes(self, days: int) -> None:
        self.walker.now += timedelta(days=days)

    @rule(minutes=st.integers(1, 1440))
    def a_part_of_the_day_passes(self, minutes: int) -> None:
        self.walker.now += timedelta(minutes=minutes)

    @rule(late=st.sampled_from([0, 1, 7, 11, 40]))
    def what_was_scheduled_is_due(self, late: int) -> None:
        """In time, or hours late because the host was away."""
        if not self.walker.scheduled:
            return
        name = min(self.walker.scheduled, key=lambda each: self.walker.scheduled[each])
        self.walker.now = max(self.walker.now, self.walker.scheduled[name]) + timedelta(hours=late)
        before, effects = self.walker.progress, len(self.walker.effects)
        turn = self.walker.due(name)
        assert turn == advance(self.walker.guide, before, self.walker.came(name), self.walker.now)
        if turn.says:
            assert not self.walker.guide.reminders.is_quiet(self.walker.now), "nobody is written to in quiet hours"
            assert any(data.startswith(("help:", "back:")) for say in turn.says for data in data_of(say))
        if turn.says and name == "round":
            self.check_invitation(before)
        self.check_effects(effects, before)

    @rule(name=st.sampled_from(["think", "pause", "round", "nonsense"]))
    def something_is_due_that_nobody_asked_for(self, name: str) -> None:
        if name in self.walker.scheduled:
            return
        turn = advance(self.walker.guide, self.walker.progress, Due(name), self.walker.now)
        assert turn.says == ()

    @rule(name=st.sampled_from(COMES))
    def something_comes_back(self, name: str) -> None:
        """What a service answered, or the copy, at any time and also to those who never asked."""
        before, effects, guide = self.walker.progress, len(self.walker.effects), self.walker.guide
        self.walker.scheduled.pop(name, None)
        turn = self.walker.comes(name)
        if turn.says:
            assert before is not None
            assert not guide.reminders.is_quiet(self.walker.now)
            assert before.aside is None or before.aside.kind != "care"
            assert before.copy_asked if name == "copy" else hears_back(before)
            assert any(data.startswith("help:") for say in turn.says for data in data_of(say))
        if before is None or not (before.copy_asked if name == "copy" else hears_back(before)):
            assert not turn.says
        self.check_effects(effects, before)

    def check_invitation(self, before: Progress | None) -> None:
        later = self.walker.guide.later_rounds
        assert later is not None
        assert before is not None
        assert before.state == "finished"
        assert before.consent[later.consent_item], "only those are invited who said yes to it"
        assert before.rounds < later.most, "there is a cap"

    def hear(self, heard: Heard) -> None:
        before, effects, guide = self.walker.progress, len(self.walker.effects), self.walker.guide
        if isinstance(heard, Pressed):
            self.pressed.append(heard.data)
        turn = self.walker.hear(heard)
        again = advance(guide, before, heard, self.walker.now)
        assert self.walker.own_turn == again, "the same inputs give the same turn"
        assert turn.says, "nobody is left without an answer"
        for say in turn.says:
            assert len(say.text.encode("utf-16-le")) // 2 <= 4096
            assert say.text.strip()
            for data in data_of(say):
                assert DATA.fullmatch(data)
                assert len(data.encode()) <= 64
        self.check_effects(effects, before)

    def check_effects(self, since: int, before: Progress | None) -> None:
        """Nothing is kept before consent or after withdrawal; what was skipped is not asked again."""
        for effect in self.walker.effects[since:]:
            match effect:
                case Agree(items, _, session):
                    self.agreed = True
                    assert self.walker.progress is not None
                    assert self.walker.progress.of_session(session).consent == items
                case Schedule(name, due):
                    assert due >= self.walker.now - timedelta(minutes=1)
                    assert not self.walker.guide.reminders.is_quiet(due), "nothing is planned for quiet hours"
                    asked = name in ("round", *COMES) or (before is not None and self.asked_for(name, before))
                    assert asked, "reminders come only to those who asked"
                case ForgetEverything():
                    asked_first = before is not None and before.aside is not None and before.aside.kind == "sure"
                    assert asked_first or not self.agreed, "only their own wish, said twice, deletes what people said"
                    self.agreed = False
                    self.skipped.clear()
                case Keep() | Mark():
                    assert self.agreed
                case SendCopy():
                    assert before is not None
                    assert before.copy_asked, "a copy goes to who asked for it"
                case Tidy():
                    now = self.walker.progress
                    wanted = any(each is not None and each.tidy for each in (before, now))
                    assert wanted, "the chat is cleared only for who asked for it"
                    assert now is not None
                    left = before is None or (now.at, now.state) != (before.at, before.state) or not before.tidy
                    assert left, "nothing goes while the person is still there"
        if self.walker.progress is None:
            assert not self.walker.scheduled, "nothing comes after withdrawal"
        else:
            assert self.walker.scheduled == self.walker.progress.scheduled
            again = Progress.model_validate_json(self.walker.progress.model_dump_json())
            assert again == self.walker.progress

    @staticmethod
    def asked_for(name: str, before: Progress) -> bool:
        return name in before.scheduled or before.state == "paused" or before.at == "think"

    @invariant()
    def what_is_scheduled_is_still_wanted(self) -> None:
        progress = self.walker.progress
        for name in progress.scheduled if progress else ():
            assert progress is not None
            assert {
                "pause": progress.state == "paused",
                "think": progress.at == "think" and not progress.taking_part,
                "round": progress.state == "finished" and progress.consent.get("contact", False),
                "copy": progress.copy_asked is not None,
            }.get(name, name.startswith("tidings-") and hears_back(progress))

    @invariant()
    def there_is_a_way_out_and_help(self) -> None:
        progress = self.walker.progress
        if progress is None:
            assert any(data.startswith("help:") for data in self.walker.offered) or not self.walker.says[-1].buttons
            return
        assert any(data.startswith("help:") for say in self.walker.says for data in data_of(say)) or any(
            data.startswith(("help:", "back:")) for data in self.walker.offered
        )
        assert progress.at == "end" or find(plan(self.walker.guide, progress), progress.at) is not None

    @invariant()
    def nothing_leads_past_consent(self) -> None:
        progress = self.walker.progress
        if progress is not None and progress.at.startswith(("company", "about", "topic", "question", "check", "how")):
            assert progress.taking_part

    def teardown(self) -> None:
        """Every path ends: from wherever this one got to, the usual buttons lead to the thanks."""
        if self.walker.progress is None:
            return
        self.hear(Opened())
        for _ in range(150):
            if self.walker.progress is None or self.walker.progress.state == "finished":
                return
            if self.walker.at == "think":
                self.walker.now += timedelta(days=1)
            self.walker.usual()
        raise AssertionError(f"no end from {self.walker.at}")


TestAnyConversation = AnyConversation.TestCase
TestAnyConversation.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
