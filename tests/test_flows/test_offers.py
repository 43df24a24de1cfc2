"""Whatever is offered works, wherever it is offered, and a word means the same in every place.

From each kind of step, going, paused, stopped, at the end and in a later round, everything is wished for that can be,
and then every button is pressed that was shown, and every button of what came of that.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from functools import lru_cache

import pytest

from flows.engine import advance
from flows.guide import Guide
from flows.progress import Progress
from flows.turn import (
    Coded,
    EraseByCode,
    Forget,
    ForgetEverything,
    Heard,
    Keep,
    Mark,
    Opened,
    Pressed,
    Said,
    StartRound,
    Turn,
    Voiced,
)
from tests.test_flows.test_engine_machine import DATA
from tests.test_flows.walking import GUIDE, Walker, data_of

WAITING = GUIDE.for_service("Riverside community team", None, 24)
SENSITIVE = next(topic.id for topic in GUIDE.topics if topic.sensitive)
FIRST = f"question-{GUIDE.topics[0].questions[0].id}"
CODE = "7K2M-Q9XD-4HTB-W0ZR"
WISHES: dict[str, Heard] = {
    "nothing": Opened(),
    "pause": Said("pause"),
    "stop": Said("stop"),
    "help": Said("help"),
    "delete": Said("delete everything please"),
    "my data": Said("/mydata"),
    "privacy": Said("/privacy"),
    "tidy": Said("/tidy"),
    "language": Said("/language"),
    "danger": Said("i want to kill myself"),
    "unsure": Said("end this"),
    "another's code": Coded(CODE),
    "a voice": Voiced(),
}
STEPS = [
    "arrival", f"page-{GUIDE.information[-1].id}", "think", f"eligible-{GUIDE.eligibility[0].id}", "consent-take_part",
    "consent-quotes", "tidy", "topics", FIRST, f"topic-{SENSITIVE}", f"check-{SENSITIVE}", "how_was_this", "end",
]  # fmt: skip


def walk_to(step: str) -> Walker:
    guide = WAITING if step == "think" else GUIDE
    if step == "end":
        walker = Walker(guide).to("how_was_this")
        walker.usual()
        return walker
    walker = Walker(guide).to(step, topics=(SENSITIVE,) if SENSITIVE in step else ())
    if step == FIRST:
        walker.say("They rang me back.")
    return walker


@lru_cache
def place(step: str) -> tuple[Guide, Progress]:
    walker = walk_to(step)
    assert walker.progress is not None
    return walker.guide, walker.progress


def answer(guide: Guide, progress: Progress | None, heard: Heard) -> Turn:
    return advance(guide, progress, heard, Walker().now + timedelta(hours=1))


def offers(turn: Turn) -> Iterator[str]:
    """The buttons of the newest message that has any, and of nothing older."""
    says = [say for say in turn.says if say.buttons]
    # A code's button is read by the host, which knows whose code it is.
    yield from (data for data in data_of(says[-1]) if not data.startswith("delete:code:")) if says else ()


def states(step: str) -> Iterator[tuple[str, Guide, Turn]]:
    """What follows from each wish at the step, and, where that is another state, from each wish in that one."""
    guide, at = place(step)
    for name, heard in WISHES.items():
        turn = answer(guide, at, heard)
        yield name, guide, turn
        if turn.progress is not None and turn.progress.state != at.state:
            for second, again in WISHES.items():
                yield f"{name}, {second}", guide, answer(guide, turn.progress, again)


def stands(template: str, turn: Turn) -> bool:
    """Whether a sentence of the guide was said, whatever its gaps were filled with."""
    pattern = re.compile(re.sub(r"\\\{[a-z_]+\\\}", "(?s:.+)", re.escape(template)))
    return any(pattern.search(say.text) for say in turn.says)


def mind_manners(turn: Turn, where: str) -> None:
    """Nobody is left without an answer, without a way to help, or with a button that nobody can read."""
    assert turn.says, where
    for say in turn.says:
        assert say.text.strip(), where
        assert not re.search(r"\{[a-z_]*\}|None", say.text), where
        labels = [button.label for row in say.buttons for button in row]
        assert all(label.strip() for label in labels), where
        assert len(labels) == len(set(labels)), where
        assert all(DATA.fullmatch(data) for data in data_of(say)), where
    helped = any("116 123" in say.text for say in turn.says)
    assert helped or any(data.startswith("help:") for data in offers(turn)), where


@pytest.mark.parametrize("step", STEPS)
def test_every_button_that_is_offered_works_and_so_does_what_it_leads_to(step: str) -> None:
    for name, guide, turn in states(step):
        mind_manners(turn, name)
        for data in offers(turn):
            following = answer(guide, turn.progress, Pressed(data))
            where = f"{name}, {data}"
            mind_manners(following, where)
            assert guide.words.stale_button not in {say.text for say in following.says}, where
            mean_what_they_say(guide, turn.progress, data, following, where)
            if guide.words.lobby in following.says[-1].text:
                continue
            for second in offers(following):
                third = answer(guide, following.progress, Pressed(second))
                mind_manners(third, f"{where}, {second}")
                assert guide.words.stale_button not in {say.text for say in third.says}, f"{where}, {second}"
                mean_what_they_say(guide, following.progress, second, third, f"{where}, {second}")


def mean_what_they_say(guide: Guide, before: Progress | None, data: str, turn: Turn, where: str) -> None:
    """What each verb does, the same everywhere."""
    verb, step, argument = (*data.split(":"), "")[:3]
    after, kinds = turn.progress, {type(effect) for effect in turn.effects}
    if before is None:
        assert after is None, where
        return
    if verb not in ("delete", "yes") and (verb, step) != ("yes", "maybe"):
        assert kinds.isdisjoint({Forget, EraseByCode}), where
    still = after is not None and (after.at, after.state, after.answers) == (before.at, before.state, before.answers)
    if verb == "delete":
        mean_to_delete(guide, before, f"{step}:{argument}", turn, where)
        return
    match verb, step:
        case "help", _:
            assert still, where
            assert stands(guide.words.help_options, turn), where
            assert any("116 123" in say.text for say in turn.says), where
            assert {"back", "stop", "delete"} <= {each.split(":")[0] for each in offers(turn)}, where
        case "back", _:
            assert still, where
            assert after is not None, where
            assert after.aside is None, where
        case "pause", _ if before.state in ("stopped", "finished"):
            assert still, where  # there is nothing to pause
        case "pause", _:
            assert after is not None, where
            assert (after.at, after.state, after.aside) == (before.at, "paused", None), where
            assert f"resume:{before.at}" in offers(turn), where
        case "resume", _:
            assert after is not None, where
            assert (after.at, after.state, after.aside) == (before.at, "going", None), where
        case "stop", _ if before.state == "finished":
            assert still, where
        case "stop", _ if before.taking_part:
            assert after is not None, where
            assert (after.state, after.aside, after.answers) == ("stopped", None, before.answers), where
            assert before.code in turn.says[-1].text, where
        case "stop", _:
            assert (after, kinds) == (None, {ForgetEverything}), where
        case "keep", "sure" | "which":
            assert still, where
            assert stands(guide.words.not_deleted, turn), where
        case "next", "mydata":
            assert still, where
            words = guide.words
            assert stands(words.my_data if before.taking_part else words.my_data_before, turn), where
        case "skip", _:
            assert after is None or after.at != before.at or after.state != before.state, where
            assert Keep not in kinds, where


def mean_to_delete(guide: Guide, before: Progress, rest: str, turn: Turn, where: str) -> None:
    """Nothing goes at the first tap, everything at the second, and one answer where that was asked for."""
    step, _, argument = rest.partition(":")
    after, kinds = turn.progress, {type(effect) for effect in turn.effects}
    if (step, argument) == ("sure", "all"):
        assert (after, kinds) == (None, {ForgetEverything}), where
        assert stands(guide.words.deleted_all, turn), where
    elif not (before.taking_part or step in ("sure", "which")):
        assert (after, kinds) == (None, {ForgetEverything}), where
    else:
        assert after is not None, where
        assert (after.at, after.state) == (before.at, before.state), where
        assert ForgetEverything not in kinds, where
        assert (Forget in kinds) == (step == "which"), where
        if step == "which":
            assert argument not in after.answers, where
            assert {Forget(argument), Mark(argument, "skipped")} <= set(turn.effects), where
        elif step != "sure":
            assert "delete:sure:all" in offers(turn), where


# --- What somebody is asked who may have meant something else ---------------------------------------------------------


UNSURE = {
    "pause": "later",
    "resume": "keep going",
    "stop": "end this",
    "privacy": "How is my information kept and who has access to it?",
    "done": "im done",
    "help": "a number to call at night",
}


@pytest.mark.parametrize("wish", UNSURE)
def test_a_wish_that_may_have_been_meant_is_asked_about_and_the_answer_decides(wish: str) -> None:
    guide, progress = place(FIRST)
    turn = answer(guide, progress, Said(UNSURE[wish]))
    assert stands(getattr(guide.words, f"maybe_{wish}"), turn)
    assert {type(effect) for effect in turn.effects} >= {Keep}, "kept first, whatever it means"
    for no in (Pressed("keep:maybe"), Said("no")):
        kept = answer(guide, turn.progress, no)
        assert kept.effects == ()
        assert stands(guide.words.maybe_kept, kept)
    done = answer(guide, progress, Said({"done": "done", "privacy": "/privacy"}.get(wish, wish)))
    for yes in (Pressed(f"yes:maybe:{wish}"), Said("yes"), Said(wish)):
        meant = answer(guide, turn.progress, yes)
        assert meant.effects[0] == Forget(FIRST.removeprefix("question-"), 2), "a wish is not a part of the answer"
        assert meant.progress is not None
        assert meant.progress.aside is None
        assert [say.text for say in meant.says] == [say.text for say in done.says], yes


# --- Withdrawing by code ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["", FIRST])
def test_a_code_is_asked_about_once_and_then_erases_whose_it_is(step: str) -> None:
    guide, progress = place(step) if step else (GUIDE, None)
    ask = answer(guide, progress, Coded(CODE))
    letters = CODE.replace("-", "").casefold()
    assert f"delete:code:{letters}" in data_of(ask.says[-1])
    assert ask.effects == ()
    done = answer(guide, progress, Coded(CODE, confirmed=True, known=True))
    assert done.effects == (EraseByCode(CODE),)
    assert stands(guide.words.code_done, done)
    unknown = answer(guide, progress, Coded(CODE, confirmed=True))
    assert unknown.effects == ()
    assert stands(guide.words.code_unknown, unknown)
    ways = [data.split(":")[0] for data in offers(done)]
    assert ways == (["back", "help"] if step else ["help"])
    assert [data.split(":")[0] for data in offers(unknown)] == ways
    for turn in (ask, done, unknown):
        mind_manners(turn, step)


def test_ones_own_code_deletes_everything_of_ones_own() -> None:
    guide, progress = place(FIRST)
    turn = answer(guide, progress, Coded(progress.code, confirmed=True, known=True))
    assert (turn.progress, turn.effects) == (None, (ForgetEverything(),))


# --- Later rounds -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("button", ["yes:round", "no:round", "choose:round:snooze", "choose:round:never"])
def test_an_invitation_can_be_answered_once_in_each_way_that_it_offers(button: str) -> None:
    walker = Walker().to("consent-contact")
    walker.press("yes")
    walker.to("how_was_this")
    walker.usual()
    walker.due("round")
    invitation = walker.own_turn
    assert button in offers(invitation)
    mind_manners(invitation, "invitation")
    turn = answer(walker.guide, walker.progress, Pressed(button))
    assert turn.progress is not None
    assert not turn.progress.round_open
    assert (StartRound in {type(effect) for effect in turn.effects}) == (button == "yes:round")
    assert GUIDE.words.stale_button not in {say.text for say in turn.says}
    for data in offers(turn):
        following = answer(walker.guide, turn.progress, Pressed(data))
        assert GUIDE.words.stale_button not in {say.text for say in following.says}, data
    again = answer(walker.guide, turn.progress, Pressed(button))
    assert [say.text for say in again.says] == [GUIDE.words.stale_button]
    assert (
        answer(walker.guide, walker.progress, Pressed("choose:round:perhaps")).says[0].text == GUIDE.words.stale_button
    )
