"""Rows of the promise "at every step": skip, pause, resume, stop, help, delete, by button and by word."""

import pytest

from flows.engine import advance
from flows.plan import plan
from flows.turn import Agree, Edited, Forget, ForgetEverything, Keep, Mark, Opened, Pressed, Said, Unusable, Voiced
from tests.test_flows.walking import GUIDE, START, Walker, data_of

STEPS = [step.id for step in plan(GUIDE, Walker().progress)]  # type: ignore[arg-type]
FIRST_QUESTION = next(step for step in STEPS if step.startswith("question-"))
AFTER_CONSENT = STEPS[STEPS.index("company") :]


@pytest.mark.parametrize("step", STEPS)
def test_every_step_offers_the_ways_out(step: str) -> None:
    walker = Walker().to(step)
    verbs = {data.split(":")[0] for data in walker.offered}
    assert {"pause", "stop", "help", "delete"} <= verbs
    if step.startswith(("question-", "about-", "topic-", "consent-", "page-", "eligible-")):
        assert "skip" in verbs


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("way", ["button", "word"])
def test_help_shows_the_contacts_and_the_way_waits(step: str, way: str) -> None:
    walker = Walker().to(step)
    if way == "button":
        walker.press("help")
    else:
        walker.say("help")
    assert "116 123" in walker.text
    assert walker.at == step
    walker.press("back")
    assert walker.at == step
    assert not [effect for effect in walker.last if not isinstance(effect, Mark)]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("way", ["button", "word"])
def test_a_pause_comes_back_to_the_same_place(step: str, way: str) -> None:
    walker = Walker().to(step)
    if way == "button":
        walker.press("pause")
    else:
        walker.say("I need a break")
    assert walker.progress is not None
    assert walker.progress.state == "paused"
    walker.press("resume") if way == "button" else walker.say("resume")
    assert (walker.at, walker.progress.state) == (step, "going")


@pytest.mark.parametrize("step", AFTER_CONSENT)
@pytest.mark.parametrize("way", ["button", "word"])
def test_stop_keeps_what_was_said_and_can_be_undone(step: str, way: str) -> None:
    walker = Walker().to(step)
    if way == "button":
        walker.press("stop")
    else:
        walker.say("i want to stop please")
    assert walker.progress is not None
    assert walker.progress.state == "stopped"
    assert walker.progress.code in walker.text
    assert not any(isinstance(effect, ForgetEverything) for effect in walker.last)
    walker.press("resume")
    assert (walker.at, walker.progress.state) == (step, "going")


@pytest.mark.parametrize("step", STEPS[: STEPS.index("company")])
def test_stop_before_consent_leaves_no_trace(step: str) -> None:
    walker = Walker().to(step)
    walker.say("STOP")
    assert walker.progress is None
    assert walker.last == (ForgetEverything(),)


@pytest.mark.parametrize("step", AFTER_CONSENT)
@pytest.mark.parametrize("way", ["button", "word"])
def test_delete_takes_two_taps_and_leaves_nothing(step: str, way: str) -> None:
    walker = Walker().to(step)
    walker.press("delete") if way == "button" else walker.say("delete everything please")
    assert walker.progress is not None, "the first tap deletes nothing"
    assert not any(isinstance(effect, ForgetEverything) for effect in walker.last)
    walker.press("delete", "all") if way == "button" else walker.say("yes")
    assert walker.progress is None
    assert walker.last == (ForgetEverything(),)


def test_after_deleting_help_is_still_there() -> None:
    walker = Walker().to(FIRST_QUESTION)
    walker.press("delete")
    walker.press("delete", "all")
    walker.press("help")
    assert "116 123" in walker.text
    assert walker.progress is None


def test_deleting_can_be_thought_better_of() -> None:
    walker = Walker().to(FIRST_QUESTION)
    walker.press("delete")
    walker.press("keep")
    assert walker.at == FIRST_QUESTION
    assert not any(isinstance(effect, ForgetEverything) for effect in walker.effects)


def test_one_answer_can_be_deleted_and_the_others_stay() -> None:
    walker = Walker().to(FIRST_QUESTION)
    walker.say("They rang when they said they would.")
    walker.press("done")
    second = walker.at.removeprefix("question-")
    walker.say("They never rang.")
    walker.press("delete")
    walker.press("delete", "one")
    assert GUIDE.topics[0].questions[0].text.format(service=GUIDE.service_name) in walker.text
    walker.press("delete", FIRST_QUESTION.removeprefix("question-"))
    assert Forget(FIRST_QUESTION.removeprefix("question-")) in walker.last
    assert walker.progress is not None
    assert [*walker.progress.answers] == [second]
    assert walker.at == f"question-{second}"


def test_what_was_skipped_is_not_asked_again() -> None:
    walker = Walker().to(FIRST_QUESTION)
    asked = [effect.question for effect in walker.effects if isinstance(effect, Mark) and effect.outcome == "asked"]
    walker.to("how_was_this")
    asked += [effect.question for effect in walker.effects if isinstance(effect, Mark) and effect.outcome == "asked"]
    assert walker.progress is not None
    assert len(walker.progress.skipped) == len(set(walker.progress.skipped))


def test_several_messages_make_one_answer() -> None:
    walker = Walker().to(FIRST_QUESTION)
    question = FIRST_QUESTION.removeprefix("question-")
    walker.say("First of all,")
    walker.say("and then.")
    walker.hear(Voiced())
    kept = [effect for effect in walker.effects if isinstance(effect, Keep)]
    assert [(each.question, each.part, each.text) for each in kept] == [
        (question, 1, "First of all,"),
        (question, 2, "and then."),
        (question, 3, None),
    ]
    walker.press("done")
    assert walker.at != FIRST_QUESTION


def test_an_answer_that_contains_a_wish_is_an_answer() -> None:
    walker = Walker().to(FIRST_QUESTION)
    text = "I want them to stop cancelling on me and I had to stop going because of it"
    walker.say(text)
    assert walker.at == FIRST_QUESTION
    assert any(isinstance(effect, Keep) and effect.text == text for effect in walker.last)


def test_an_edit_takes_the_place_of_the_old_words() -> None:
    walker = Walker().to(FIRST_QUESTION)
    question = FIRST_QUESTION.removeprefix("question-")
    walker.say("They was kind")
    walker.hear(Edited("They were kind", question, 1))
    assert walker.last == (Keep(question, 1, "answer", "They were kind"),)
    walker.hear(Edited("something from elsewhere"))
    assert walker.last == ()


def test_nothing_is_kept_of_pictures_or_other_peoples_words() -> None:
    walker = Walker().to(FIRST_QUESTION)
    for heard in (Unusable(), Unusable(forwarded=True), Said("   ")):
        walker.hear(heard)
        assert walker.last == ()
        assert walker.text


def test_a_button_of_an_earlier_message_changes_nothing() -> None:
    walker = Walker().to(FIRST_QUESTION)
    before = walker.progress
    for data in ("next:arrival", "yes:consent-quotes", "done:question-nowhere", "delete:sure:all", "nonsense", ":::"):
        walker.hear(Pressed(data))
        assert walker.progress == before
        assert walker.last == ()
        assert walker.says


def test_consent_is_given_item_by_item_and_can_be_changed() -> None:
    walker = Walker().to("consent-")
    for item in GUIDE.consent:
        walker.press("no" if item.id == "quotes" else "yes")
    agreed = [effect for effect in walker.effects if isinstance(effect, Agree)]
    assert [each.items["quotes"] for each in agreed] == [False]
    assert agreed[0].wording == GUIDE.wording
    assert GUIDE.wording[:4] in walker.says[0].text
    walker.say("/mydata")
    walker.press("choose", "quotes")
    assert [effect.items["quotes"] for effect in walker.last if isinstance(effect, Agree)] == [True]


def test_who_does_not_take_part_leaves_no_trace() -> None:
    walker = Walker().to("consent-take_part")
    walker.press("no")
    assert walker.progress is None
    assert walker.last == (ForgetEverything(),)


def test_who_is_not_eligible_is_let_go_kindly() -> None:
    for number, each in enumerate(GUIDE.eligibility):
        walker = Walker().to("eligible-")
        for _ in range(number):
            walker.press("yes")
        walker.press("no")
        assert walker.progress is None
        assert walker.text.startswith(GUIDE.eligibility[number].exit[:20]), each.id


def test_nothing_is_kept_before_consent() -> None:
    walker = Walker()
    walker.open()
    while not walker.at.startswith("consent-"):
        walker.say("they never listened to me")
        walker.hear(Voiced())
        walker.usual()
    assert not [effect for effect in walker.effects if not isinstance(effect, Mark)]


def test_words_that_may_mean_danger_bring_care_once_and_no_record() -> None:
    walker = Walker().to(FIRST_QUESTION)
    walker.say("honestly I want to kill myself")
    assert "116 123" in walker.text
    assert {type(effect) for effect in walker.last} == {Keep, Mark}
    walker.press("next")
    walker.say("I still want to kill myself")
    assert "116 123" not in walker.text


def test_a_lighter_topic_and_an_exercise_are_offered() -> None:
    sensitive = next(topic for topic in GUIDE.topics if topic.sensitive)
    light = next(topic for topic in GUIDE.topics if not topic.sensitive)
    walker = Walker().to(f"topic-{sensitive.id}", topics=(sensitive.id, light.id))
    walker.press("yes")
    walker.say("I want to kill myself")
    walker.press("choose", "ground")
    assert GUIDE.exercises[0].title in walker.text
    walker.press("choose", "lighter")
    assert walker.at == f"topic-{light.id}"


def test_a_sensitive_topic_waits_for_its_own_yes_and_is_followed_by_a_check_in() -> None:
    sensitive = next(topic for topic in GUIDE.topics if topic.sensitive)
    walker = Walker().to(f"topic-{sensitive.id}", topics=(sensitive.id,))
    assert "next" not in {data.split(":")[0] for data in walker.offered}
    walker.to(f"check-{sensitive.id}")
    assert {"next", "choose", "pause", "stop"} <= {data.split(":")[0] for data in walker.offered}


def test_topics_come_in_the_order_that_was_chosen() -> None:
    light = [topic.id for topic in GUIDE.topics if not topic.sensitive]
    walker = Walker().to(f"topic-{light[3]}", topics=(light[3], light[1]))
    walker.press("skip")
    assert walker.at == f"topic-{light[1]}"
    walker.press("skip")
    assert walker.at == "how_was_this"


def test_time_to_think_is_kept() -> None:
    walker = Walker(GUIDE.for_service("Riverside", None, 24)).to("think")
    walker.press("next")
    assert walker.at == "think"
    walker.now = START.replace(day=24)
    walker.press("next")
    assert walker.at.startswith("eligible-")


def test_a_stranger_is_told_how_to_begin_and_where_help_is() -> None:
    for heard in (Said("hello"), Opened("WRONG", known=False), Voiced(), Pressed("next:arrival"), Edited("x")):
        turn = advance(GUIDE, None, heard, START)
        assert turn.progress is None
        assert turn.effects == ()
        assert data_of(turn.says[-1]) == ["help:lobby"]
    assert "116 123" in advance(GUIDE, None, Pressed("help:lobby"), START).says[0].text
    assert "116 123" in advance(GUIDE, None, Said("i need help"), START).says[0].text
