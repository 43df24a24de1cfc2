"""What the bot says of its own accord: reminders that were asked for, and later rounds that were agreed to."""

from datetime import UTC, datetime, timedelta

import pytest

from flows.engine import advance
from flows.later import Reminders
from flows.turn import (
    Agree,
    AskForCopy,
    ChangeLanguage,
    Due,
    Edited,
    ForgetEverything,
    Keep,
    Opened,
    Pressed,
    Schedule,
    StartRound,
    Unschedule,
)
from tests.test_flows.walking import GUIDE, START, Walker

FIRST = f"question-{GUIDE.topics[0].questions[0].id}"
LATER = GUIDE.later_rounds
WAITING = GUIDE.for_service("Riverside community team", None, 24)


def finished(*, contact: bool = True) -> Walker:
    """Somebody who came to the end, who agreed to be asked again or did not."""
    walker = Walker().to("consent-contact")
    walker.press("yes" if contact else "no")
    walker.to("how_was_this")
    walker.usual()
    assert walker.at == "end"
    return walker


def invited() -> Walker:
    walker = finished()
    walker.due("round")
    return walker


# --- Reminders --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hour", "quiet", "next_hour"), [(8, True, 9), (9, False, 9), (19, False, 19), (20, True, 9), (3, True, 9)]
)
def test_the_quiet_hours_are_those_of_peoples_clocks(hour: int, quiet: bool, next_hour: int) -> None:
    rules = Reminders()
    for month, offset in ((1, 0), (7, 1)):
        moment = datetime(2026, month, 10, hour, 30, tzinfo=UTC) - timedelta(hours=offset)
        assert rules.is_quiet(moment) is quiet
        assert rules.local(rules.not_before(moment)).hour == next_hour
        assert not rules.is_quiet(rules.not_before(moment))
        assert rules.not_before(moment) >= moment


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"time_zone": "Europe/Atlantis"}, "no time zone"),
        ({"evening": 21}, "quiet hours"),
        ({"days": (7, 1)}, "nearest to the farthest"),
        ({"days": (400,)}, "nearest to the farthest"),
    ],
)
def test_reminders_that_cannot_be_are_refused(changes: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Reminders.model_validate(changes)


def test_nothing_is_scheduled_that_nobody_asked_for() -> None:
    walker = Walker().to(FIRST)
    walker.say("pause")
    walker.now += timedelta(days=20)
    walker.press("resume")
    assert not [effect for effect in walker.effects if isinstance(effect, Schedule)]


def test_a_reminder_of_a_pause_comes_once_and_leads_back() -> None:
    walker = Walker().to(FIRST)
    walker.say("pause")
    walker.press("choose", "d1")
    due = walker.scheduled["pause"]
    assert timedelta(hours=23) < due - walker.now < timedelta(hours=25)
    assert "Monday 23 November 2026 at 10:" in walker.text
    walker.due("pause")
    assert "You asked us to remind you" in walker.text
    assert walker.scheduled == {}
    walker.hear(Pressed(f"resume:{FIRST}"))
    assert walker.at == FIRST
    assert walker.progress is not None
    assert walker.progress.state == "going"


def test_a_day_and_a_time_can_be_chosen() -> None:
    walker = Walker().to(FIRST)
    walker.say("pause")
    walker.press("choose", "when")
    walker.press("choose", "on3")
    walker.press("choose", "on3_evening")
    assert walker.scheduled["pause"] == datetime(2026, 11, 25, 18, 0, tzinfo=UTC)
    walker.press("keep")
    assert walker.scheduled == {}
    assert isinstance(walker.last[-1], Unschedule)


@pytest.mark.parametrize("wish", ["resume", "stop", "They rang me back on the day they had said they would ring."])
def test_a_reminder_ends_with_the_pause(wish: str) -> None:
    walker = Walker().to(FIRST)
    walker.say("pause")
    walker.press("choose", "d7")
    walker.say(wish)
    assert Unschedule("pause") in walker.last
    assert advance(walker.guide, walker.progress, Due("pause"), walker.now).says == ()


def test_deleting_everything_ends_every_reminder() -> None:
    walker = Walker().to(FIRST)
    walker.say("pause")
    walker.press("choose", "d7")
    walker.say("delete everything please")
    walker.press("delete", "all")
    assert ForgetEverything() in walker.last
    assert walker.progress is None
    assert advance(walker.guide, None, Due("pause"), walker.now).says == ()


def test_a_host_that_comes_late_wakes_nobody() -> None:
    walker = Walker().to(FIRST)
    walker.say("pause")
    walker.press("choose", "d1")
    walker.scheduled["pause"] = walker.now = START + timedelta(days=1, hours=16)
    walker.due("pause")
    assert walker.says == ()
    assert walker.scheduled["pause"] == datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    walker.due("pause")
    assert "remind you" in walker.text


def test_tomorrow_asked_for_at_night_is_tomorrow_morning() -> None:
    walker = Walker().to(FIRST)
    walker.now = START + timedelta(hours=13)
    walker.say("pause")
    walker.press("choose", "d1")
    assert walker.scheduled["pause"] == datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def test_a_reminder_to_decide_never_comes_before_the_time_to_think_is_over() -> None:
    walker = Walker(WAITING).to("think")
    read = walker.now
    walker.press("choose", "over")
    assert walker.scheduled["think"] >= read + timedelta(hours=24)
    walker.due("think")
    assert "There is no hurry" in walker.text
    walker.press("next")
    assert walker.at.startswith("eligible-")


def test_a_button_about_a_reminder_is_harmless_elsewhere() -> None:
    walker = Walker().to(FIRST)
    for data in ("choose:remind:d1", "choose:remind:on3_evening", "keep:remind", "choose:remind:d9999"):
        walker.hear(Pressed(data))
        assert "earlier message" in walker.text
        assert walker.scheduled == {}


# --- Later rounds -----------------------------------------------------------------------------------------------------


def test_only_those_are_invited_who_said_yes_to_it() -> None:
    assert finished(contact=False).scheduled == {}
    assert LATER is not None
    walker = finished()
    waits = walker.scheduled["round"] - walker.now
    assert timedelta(days=LATER.after_days) <= waits < timedelta(days=LATER.after_days + 1)


def test_who_stopped_is_not_invited() -> None:
    walker = Walker().to(FIRST)
    walker.say("stop")
    assert walker.scheduled == {}


def test_taking_back_the_yes_takes_back_the_invitation() -> None:
    walker = finished()
    walker.say("/mydata")
    walker.press("choose", "contact")
    assert walker.scheduled == {}
    walker.say("/mydata")
    walker.press("choose", "contact")
    assert set(walker.scheduled) == {"round"}


def test_an_invitation_owes_nothing_and_ends_in_one_tap() -> None:
    walker = invited()
    assert "You owe us nothing" in walker.text
    walker.press("choose", "never")
    assert walker.scheduled == {}
    assert walker.progress is not None
    assert walker.progress.consent["contact"] is False
    assert isinstance(walker.last[0], Agree)


def test_snoozing_is_the_same_invitation_again() -> None:
    walker = invited()
    walker.press("choose", "snooze")
    assert LATER is not None
    assert walker.scheduled["round"] - walker.now < timedelta(days=LATER.snooze_days + 1)
    walker.due("round")
    assert walker.progress is not None
    assert walker.progress.rounds == 1


def test_there_is_a_cap_on_invitations() -> None:
    walker = finished()
    assert LATER is not None
    for _ in range(LATER.most):
        walker.due("round")
        assert "You owe us nothing" in walker.text
    assert walker.scheduled == {}


def test_a_round_asks_for_consent_of_its_own() -> None:
    walker = invited()
    walker.press("yes")
    assert StartRound("pulse") in walker.last
    assert walker.guide.id == "pulse"
    assert walker.at == "arrival"
    progress = walker.progress
    assert progress is not None
    assert progress.before is not None
    assert (progress.session, progress.before.session) == ("s2", "s1")
    assert not progress.taking_part
    walker.to("question-")
    assert [effect.session for effect in walker.effects if isinstance(effect, Agree)] == ["s1", "s2"]
    walker.say("It has got a little better.")
    assert Keep("pulse_better", 1, "answer", "It has got a little better.") in walker.last


@pytest.mark.parametrize("way_out", ["no", "skip", "stop"])
def test_leaving_a_round_before_agreeing_loses_nothing(way_out: str) -> None:
    walker = invited()
    before = walker.progress
    assert before is not None
    walker.press("yes")
    walker.to("consent-take_part")
    walker.press(way_out)
    assert not any(isinstance(effect, ForgetEverything) for effect in walker.effects)
    assert walker.progress is not None
    assert (walker.progress.session, walker.progress.answers) == (before.session, before.answers)
    assert walker.guide.id == "relational-practice"
    assert "round" in walker.scheduled


def test_a_no_in_a_round_holds_for_what_was_said_before_and_a_yes_does_not() -> None:
    walker = Walker().to("consent-summaries")
    walker.press("no")
    walker.to("how_was_this")
    walker.usual()
    walker.due("round")
    walker.press("yes")
    walker.to("consent-quotes")
    walker.press("no")
    walker.to("company")
    agreed = [effect for effect in walker.effects if isinstance(effect, Agree)]
    assert [effect.session for effect in agreed] == ["s1", "s2", "s1"]
    assert (agreed[1].items["quotes"], agreed[1].items["summaries"]) == (False, True)
    assert (agreed[2].items["quotes"], agreed[2].items["summaries"]) == (False, False)
    assert agreed[2].wording == agreed[0].wording
    assert agreed[2].items["take_part"] is True


def test_deleting_in_a_round_asks_first_and_deletes_all_of_it() -> None:
    walker = invited()
    walker.press("yes")
    walker.say("delete everything please")
    assert "for good" in walker.text
    walker.press("delete", "all")
    assert walker.progress is None
    assert walker.scheduled == {}


def test_a_message_of_an_earlier_session_can_still_be_changed() -> None:
    walker = invited()
    walker.press("yes")
    walker.hear(Edited("They never rang.", "so_far_like", 1, "s1"))
    assert walker.last == (Keep("so_far_like", 1, "answer", "They never rang.", "s1"),)
    walker.hear(Edited("They never rang.", "pulse_better", 1, "s2"))
    assert walker.last == ()
    walker.hear(Edited("They never rang.", "pulse_better", 1, "nonsense"))
    assert walker.last == ()


def test_an_answer_to_an_invitation_counts_once() -> None:
    walker = invited()
    walker.press("no")
    for data in ("yes:round", "choose:round:snooze", "choose:round:never", "no:round", "done:round"):
        walker.hear(Pressed(data))
        assert "earlier message" in walker.text
        assert not any(isinstance(effect, StartRound) for effect in walker.last)


# --- Another language, and a copy -------------------------------------------------------------------------------------


def test_another_language_goes_on_at_the_same_place() -> None:
    walker = Walker(GUIDE.model_copy(update={"languages": ("en", "cy")})).to(FIRST)
    walker.say("/language")
    walker.press("choose", "cy")
    assert ChangeLanguage("cy") in walker.last
    assert walker.progress is not None
    assert (walker.progress.language, walker.at) == ("cy", FIRST)


def test_where_there_is_one_language_the_bot_says_so() -> None:
    walker = Walker().to(FIRST)
    for text in ("/language", "can we do this in welsh please"):
        walker.say(text)
        assert "only this language" in walker.text
        assert not any(isinstance(effect, Keep) for effect in walker.last)
    walker.hear(Pressed("choose:language:cy"))
    assert walker.last == ()


def test_a_copy_is_asked_for_once() -> None:
    walker = Walker().to(FIRST)
    for _ in range(2):
        walker.say("/mydata")
        walker.press("yes")
        assert "A researcher makes it" in walker.text
    assert [effect for effect in walker.effects if isinstance(effect, AskForCopy)] == [AskForCopy()]


def test_nobody_is_asked_for_a_copy_before_anything_is_kept() -> None:
    walker = Walker()
    walker.hear(Opened("RIVERSIDE"))
    walker.say("/mydata")
    assert not any(data.startswith("yes:mydata") for data in walker.offered)
