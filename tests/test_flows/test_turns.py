"""Turns that are easy to get a little wrong: found by changing the engine on purpose and seeing that no test failed."""

from datetime import timedelta

import pytest

from flows.engine import advance
from flows.turn import (
    Agree,
    ChangeLanguage,
    Due,
    Edited,
    Forget,
    Keep,
    Mark,
    Opened,
    Pressed,
    Said,
    StartRound,
    Tidy,
    Unschedule,
    Voiced,
)
from tests.test_flows.test_offers import FIRST, SENSITIVE, WAITING, offers, stands, walk_to
from tests.test_flows.walking import GUIDE, START, Walker

QUESTION = FIRST.removeprefix("question-")


def stale(walker: Walker, data: str) -> bool:
    """Whether a button is answered as one of an earlier message, and changes nothing."""
    before = walker.progress
    walker.hear(Pressed(data))
    return walker.text == walker.guide.words.stale_button and walker.progress == before and walker.last == ()


# --- Words that are shown ---------------------------------------------------------------------------------------------


def test_the_whole_information_sheet_can_be_read_again_in_its_order() -> None:
    walker = walk_to(FIRST)
    walker.say("/privacy")
    assert [say.text.split("\n")[0] for say in walker.says] == [page.title for page in GUIDE.information]
    for say, page in zip(walker.says, GUIDE.information, strict=True):
        assert say.text.endswith(page.text.format(service=GUIDE.service_name, minutes=0, withdraw_days=0)[-40:])


def test_contacts_say_in_which_nation_they_can_be_reached_where_that_differs() -> None:
    walker = walk_to(FIRST)
    walker.press("help")
    apart = {each.nations for each in GUIDE.contacts.people if each.nations}
    for contact in GUIDE.contacts.people:
        names = ", ".join(GUIDE.words.nations[each] for each in contact.nations)
        shown = f"{contact.name} ({names}): " if names and len(apart) > 1 else f"{contact.name}: "
        assert f"• {shown}{contact.reach} ({contact.when})" in walker.text


def test_where_all_contacts_are_of_one_nation_it_is_not_repeated() -> None:
    walker = Walker(GUIDE.for_service("Riverside", None, 0, "wales")).to(FIRST)
    walker.press("help")
    assert f"({GUIDE.words.nations['wales']})" not in walker.text


def test_who_may_not_decide_yet_is_told_from_which_day() -> None:
    walker = Walker(WAITING).to("think")
    walker.press("next")
    assert stands(WAITING.words.think_not_yet, walker.own_turn)
    assert all("Monday 23 November 2026" in say.text for say in walker.says)


@pytest.mark.parametrize(("minutes", "may"), [(24 * 60 - 1, False), (24 * 60, True)])
def test_the_time_to_think_is_over_when_it_is_over(minutes: int, may: bool) -> None:
    walker = Walker(WAITING).to("think")
    assert walker.progress is not None
    assert walker.progress.read_at is not None
    walker.now = walker.progress.read_at + timedelta(minutes=minutes - 1)  # hearing takes a minute
    walker.press("next")
    assert (walker.at != "think") is may


def test_what_is_kept_is_counted_and_dated() -> None:
    walker = walk_to(FIRST)
    walker.say("And then they rang again.")
    walker.press("done")
    walker.say("/mydata")
    assert walker.progress is not None
    kept = sum(1 for given in walker.progress.answers.values() if given.parts)
    words = GUIDE.words.my_data.split("{answers}")
    assert f"{words[0].splitlines()[-1]}{kept}{words[1].splitlines()[0][:5]}" in walker.text
    assert walker.progress.code in walker.text


def test_before_anybody_agreed_there_is_nothing_to_show() -> None:
    walker = Walker().to(f"page-{GUIDE.information[0].id}")
    walker.say("/mydata")
    assert stands(GUIDE.words.my_data_before, walker.own_turn)
    assert [data.split(":")[0] for data in walker.offered] == ["back", "help", "delete"]


# --- Where the conversation is over -----------------------------------------------------------------------------------


@pytest.mark.parametrize("wish", ["skip", "pause"])
@pytest.mark.parametrize("over", ["stopped", "finished"])
def test_there_is_nothing_to_pass_over_after_the_end(over: str, wish: str) -> None:
    walker = walk_to("end" if over == "finished" else FIRST)
    if over == "stopped":
        walker.press("stop")
    before = walker.progress
    for heard in (Said(wish), Voiced(), Said("They rang me back.")):
        walker.hear(heard)
        assert walker.progress == before
        assert walker.last == ()
        assert stands(GUIDE.words.after_end if over == "finished" else GUIDE.words.after_stop, walker.own_turn)
    assert ("resume:" in "".join(offers(walker.own_turn))) is (over == "stopped")
    assert {"next", "help", "delete"} <= {data.split(":")[0] for data in offers(walker.own_turn)}


@pytest.mark.parametrize("wish", ["stop", "resume"])
def test_what_has_ended_stays_ended_and_says_so(wish: str) -> None:
    walker = walk_to("end")
    walker.say(wish)
    assert stands(GUIDE.words.after_end, walker.own_turn)
    assert {"next", "help", "delete"} == {data.split(":")[0] for data in offers(walker.own_turn)}
    assert walker.progress is not None
    assert walker.progress.state == "finished"


def test_danger_after_the_end_still_brings_the_contacts() -> None:
    for step in ("end", FIRST):
        walker = walk_to(step)
        if step == FIRST:
            walker.press("stop")
        walker.say("i want to kill myself")
        assert "116 123" in walker.text
        assert not [effect for effect in walker.last if isinstance(effect, Keep)]


def test_who_comes_back_is_reminded_where_they_were() -> None:
    walker = walk_to(FIRST)
    walker.press("pause")
    walker.press("resume")
    topic = GUIDE.topics[0].title
    assert topic in walker.says[0].text
    walker.say("resume")
    assert topic not in walker.says[0].text or len(walker.says) == 1, "nobody was away"
    walker.press("pause")
    walker.say("Here is more of it.")
    assert topic in walker.says[0].text
    assert [effect.text for effect in walker.last if isinstance(effect, Keep)] == ["Here is more of it."]


# --- Nobody in particular ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "heard", [Said("/help"), Pressed("help:lobby"), Edited("/help"), Said("i want to kill myself")]
)
def test_help_is_there_for_somebody_we_do_not_know(heard: Said | Pressed | Edited) -> None:
    turn = advance(GUIDE, None, heard, START)
    assert "116 123" in turn.says[0].text
    assert (turn.progress, turn.effects) == (None, ())


def test_a_due_that_nobody_waits_for_says_nothing() -> None:
    turn = advance(GUIDE, None, Due("round"), START)
    assert (turn.progress, turn.says, turn.effects) == (None, (), ())


# --- Consent and data -------------------------------------------------------------------------------------------------


def test_taking_part_is_not_turned_round_like_other_items() -> None:
    walker = walk_to(FIRST)
    walker.say("/mydata")
    assert not any("take_part" in data for data in walker.offered)
    for data in ("choose:mydata:take_part", "choose:mydata:nothing"):
        assert stale(walker, data)


def test_asking_for_a_copy_twice_is_one_request_of_the_first_day() -> None:
    walker = walk_to(FIRST)
    for days in (0, 3):
        walker.now += timedelta(days=days)
        walker.say("/mydata")
        walker.press("yes")
        assert "Sunday 22 November 2026" in walker.text
        assert {data.split(":")[0] for data in offers(walker.own_turn)} == {"back", "help"}
        assert walker.progress is not None
        assert walker.progress.aside is None
    assert len([effect for effect in walker.effects if type(effect).__name__ == "AskForCopy"]) == 1


def test_a_deleted_answer_is_marked_as_skipped_and_not_asked_again() -> None:
    walker = walk_to(FIRST)
    walker.press("delete")
    walker.press("delete", "one")
    walker.press("delete", QUESTION)
    assert walker.last[:2] == (Forget(QUESTION), Mark(QUESTION, "skipped"))
    assert walker.progress is not None
    assert QUESTION in walker.progress.skipped
    assert walker.progress.aside is None
    assert stale(walker, f"delete:which:{QUESTION}")


def test_a_language_is_chosen_by_its_name_and_only_one_that_there_is() -> None:
    walker = Walker(GUIDE.model_copy(update={"languages": ("en", "cy")})).to(FIRST)
    walker.say("/language")
    assert {data.split(":")[0] for data in offers(walker.own_turn)} == {"choose", "back", "help"}
    assert stale(walker, "choose:language:xx")
    turn = advance(walker.guide, walker.progress, Pressed("choose:language:cy"), walker.now)
    assert turn.effects == (ChangeLanguage("cy"),)
    assert turn.progress is not None
    assert (turn.progress.language, turn.progress.aside) == ("cy", None)


# --- A guide that has moved on ----------------------------------------------------------------------------------------


def moved_on(state: str) -> Walker:
    """Somebody at their first question, in that state, whose information sheet has changed since."""
    walker = walk_to(FIRST)
    if state != "going":
        walker.press("pause" if state == "paused" else "stop")
    page = GUIDE.information[0].model_copy(update={"text": "We have a new partner in this work."})
    changes = {"version": GUIDE.version + 1, "information": (page, *GUIDE.information[1:])}
    walker.guide = GUIDE.model_copy(update=changes)
    return walker


@pytest.mark.parametrize("state", ["going", "paused"])
def test_after_a_changed_sheet_nothing_is_kept_until_they_agree_and_then_they_are_where_they_were(state: str) -> None:
    walker = moved_on(state)
    walker.say("One more thing.")
    assert walker.progress is not None
    assert (walker.at, walker.progress.state) == (f"page-{GUIDE.information[0].id}", "going")
    assert walker.progress.resume_at == FIRST
    assert stands(walker.guide.words.consent_again, walker.own_turn)
    assert walker.last == ()
    assert len(walker.says) == 3, "that it changed, that they are asked again, and the first page; nothing else"
    while walker.at != FIRST:
        walker.usual()
    assert walker.progress is not None
    assert (walker.progress.resume_at, walker.progress.wording) == ("", walker.guide.wording)


def test_who_has_stopped_is_not_taken_back_by_a_changed_sheet() -> None:
    walker = moved_on("stopped")
    walker.say("One more thing.")
    assert walker.progress is not None
    assert walker.progress.state == "stopped"
    assert not stands(walker.guide.words.consent_again, walker.own_turn)


def test_a_step_that_is_gone_is_passed_over_and_what_was_pressed_there_does_nothing() -> None:
    walker = walk_to(FIRST)
    topic = GUIDE.topics[0]
    fewer = topic.model_copy(update={"questions": topic.questions[1:]})
    topics = (fewer, *GUIDE.topics[1:])
    walker.guide = GUIDE.model_copy(update={"version": GUIDE.version + 1, "topics": topics})
    walker.hear(Pressed(f"done:{FIRST}"))
    assert walker.at == f"question-{topic.questions[1].id}"
    assert not stands(GUIDE.words.stale_button, walker.own_turn), "the whole turn is the way on"


# --- Rounds, tidying, care --------------------------------------------------------------------------------------------


def test_a_round_that_begins_is_not_invited_to_again_meanwhile() -> None:
    walker = Walker().to("consent-contact")
    walker.press("yes")
    walker.to("how_was_this")
    walker.usual()
    walker.due("round")
    assert walker.progress is not None
    assert "round" in walker.progress.scheduled, "the next one"
    turn = advance(walker.guide, walker.progress, Pressed("yes:round"), walker.now)
    assert Unschedule("round") in turn.effects
    assert any(isinstance(effect, StartRound) for effect in turn.effects)
    assert turn.progress is not None
    assert (turn.progress.scheduled, turn.progress.round_open) == ({}, False)


def test_saying_no_to_an_item_later_holds_for_what_was_agreed_before() -> None:
    walker = walk_to(FIRST)
    walker.say("/mydata")
    walker.press("choose", "quotes")
    agreed = [effect for effect in walker.last if isinstance(effect, Agree)]
    assert [(each.session, each.items["quotes"], each.wording) for each in agreed] == [("s1", False, GUIDE.wording)]


def test_the_chat_is_cleared_when_somebody_moves_on_and_not_before() -> None:
    walker = walk_to(FIRST)
    walker.say("/tidy")
    walker.press("yes")
    walker.press("back")
    walker.say("One more thing.")
    assert not [effect for effect in walker.last if isinstance(effect, Tidy)]
    walker.press("done")
    assert Tidy(everything=False) in walker.last
    walker.press("stop")
    assert Tidy(everything=True) in walker.last
    walker.say("hello")
    assert not [effect for effect in walker.last if isinstance(effect, Tidy)]


def test_where_no_lighter_topic_is_left_the_last_step_follows() -> None:
    walker = Walker().to(f"topic-{SENSITIVE}", topics=(SENSITIVE,))
    walker.press("yes")
    walker.say("i want to kill myself")
    walker.press("choose", "lighter")
    assert stands(GUIDE.words.no_lighter, walker.own_turn)
    assert walker.at == "how_was_this"


def test_exercises_come_one_after_the_other_and_begin_again() -> None:
    walker = walk_to(FIRST)
    walker.say("i want to kill myself")
    titles = [exercise.title for exercise in GUIDE.exercises]
    for title in (*titles, titles[0]):
        walker.press("choose", "ground")
        assert walker.says[0].text.startswith(f"{title}\n")
    assert {"next", "choose", "pause", "stop", "help", "delete"} <= {data.split(":")[0] for data in walker.offered}


def test_a_link_that_is_opened_again_finds_people_where_they_are() -> None:
    walker = walk_to(FIRST)
    walker.hear(Opened("ELSEWHERE", known=False))
    assert stands(GUIDE.words.unknown_code, walker.own_turn)
    assert stands(GUIDE.words.already_here, walker.own_turn)
    assert walker.at == FIRST


def test_a_step_of_a_scale_is_kept_marked_and_thanked_for_in_its_own_words() -> None:
    topic = GUIDE.topics[0]
    options = GUIDE.ending.how_was_this.options[:3]
    scale = topic.questions[0].model_copy(update={"options": options, "follow_ups": ()})
    guide = GUIDE.model_copy(update={"topics": (topic.model_copy(update={"questions": (scale,)}), *GUIDE.topics[1:])})
    walker = Walker(guide).to(FIRST)
    assert stale(walker, f"choose:{FIRST}:no_such_option")
    walker.hear(Pressed(f"choose:{FIRST}:{options[1].id}"))
    kept = Keep(f"choice_{QUESTION}", 1, "choice", options[1].id)
    assert walker.last[:2] == (kept, Mark(QUESTION, "answered"))
    assert walker.progress is not None
    given = walker.progress.answers[f"choice_{QUESTION}"]
    assert (given.last, given.parts) == (1, 1)
    assert walker.says[0].text == options[1].reply
    assert walker.at != FIRST
