"""Reminders and later rounds: only where they were asked for, once, never at night, and ended with one tap."""

import asyncio
from datetime import timedelta

from bot.messenger import Message, Person
from tests.test_bot.conftest import CODE, House, to_first_question

#: Longer than two looks at the schedule.
A_MOMENT = 2.5


def data(message: Message) -> list[str]:
    return [button.data for row in message.buttons for button in row]


async def to_morning(house: House) -> None:
    """Half past ten in the morning, UTC: no quiet hour, summer or winter."""
    now = house.now()
    then = now.replace(hour=10, minute=30)
    house.forward(seconds=((then - now) % timedelta(days=1)).total_seconds() + 1)


async def paused(person: Person) -> Message:
    await to_first_question(person)
    await person.send("/pause")
    return await person.wait_for(lambda message: any("remind" in each for each in data(message)))


async def nothing_comes(person: Person) -> bool:
    before = len(person.messages)
    await asyncio.sleep(A_MOMENT)
    return len(person.messages) == before


async def remind_tomorrow(person: Person) -> None:
    pause = await paused(person)
    await person.press(pause, next(each for each in data(pause) if each.startswith("choose:remind:d1")))
    await person.wait_for(lambda message: "keep:remind" in data(message))


async def test_a_reminder_comes_once_over_restarts(house: House) -> None:
    await to_morning(house)
    person = house.messenger.person(1)
    async with house.bot():
        await remind_tomorrow(person)
        house.forward(hours=23)
        assert await nothing_comes(person)
    house.forward(hours=2)
    async with house.bot():
        reminder = await person.next_message(timeout=20)
        assert any(each.startswith("resume:") for each in data(reminder))
        assert await nothing_comes(person)
    house.forward(days=30)
    async with house.bot():
        assert await nothing_comes(person)
        await person.press(reminder, next(each for each in data(reminder) if each.startswith("resume:")))
        await person.wait_for(lambda message: any(each.startswith("help:question-") for each in data(message)))


async def test_nobody_is_reminded_who_did_not_ask(house: House) -> None:
    await to_morning(house)
    person = house.messenger.person(1)
    async with house.bot():
        await paused(person)
        house.forward(days=60)
        assert await nothing_comes(person)


async def test_a_reminder_waits_for_the_morning_where_the_bot_was_away(house: House) -> None:
    await to_morning(house)
    person = house.messenger.person(1)
    async with house.bot():
        await remind_tomorrow(person)
    house.forward(hours=36)  # late in the evening of the next day
    async with house.bot():
        assert await nothing_comes(person)
        house.forward(hours=12)
        await person.next_message(timeout=20)
        assert await nothing_comes(person)


async def test_one_tap_ends_it(house: House) -> None:
    await to_morning(house)
    person = house.messenger.person(1)
    async with house.bot() as parts:
        await remind_tomorrow(person)
        confirmed = next(each for each in reversed(person.messages) if "keep:remind" in data(each))
        await person.press(confirmed, "keep:remind")
        await person.next_message()
        async with parts.store.unit() as unit:
            pseudonym, _ = await unit.progress(person.id)
            assert await unit.reminders(pseudonym) == []
        house.forward(days=3)
        assert await nothing_comes(person)


async def test_withdrawal_ends_it(house: House) -> None:
    await to_morning(house)
    person = house.messenger.person(1)
    async with house.bot() as parts:
        await remind_tomorrow(person)
        await person.send("delete everything please")
        sure = await person.wait_for(lambda message: "delete:sure:all" in data(message))
        await person.press(sure, "delete:sure:all")
        await person.wait_for(lambda message: "It is done" in message.text)
        house.forward(days=3)
        assert await parts.store.due_reminders(house.now()) == []
        assert await nothing_comes(person)


async def test_two_workers_that_look_at_once_say_it_once(house: House) -> None:
    await to_morning(house)
    person = house.messenger.person(1)
    async with house.bot() as parts:
        await remind_tomorrow(person)
        house.forward(hours=25)
        await asyncio.gather(*(parts.reminders.look() for _ in range(4)))
        await person.next_message(timeout=20)
        assert await nothing_comes(person)


async def to_the_end(person: Person) -> None:
    """Everybody who agrees to everything and skips every question comes to the end."""
    message = await to_first_question(person)
    while "next:mydata" not in data(message):
        offered = data(message)
        wanted = next(each for verb in ("skip:", "next:", "no:", "done:") for each in offered if each.startswith(verb))
        await person.press(message, wanted)
        message = await person.wait_for(lambda it: bool(it.buttons), timeout=30)


async def test_a_later_round_is_offered_and_keeps_its_answers_apart(house: House) -> None:
    await to_morning(house)
    person = house.messenger.person(1)
    async with house.bot():
        await to_first_question(person)
        first = await person.send("They were kind in spring.")
        await person.wait_for(lambda message: "kept" in message.text)
        await person.send("/stop")
        await person.wait_for(lambda message: "next:mydata" in data(message))
        house.forward(days=120)
        assert await nothing_comes(person)  # stopped, not finished: nobody is asked again

        other = house.messenger.person(2)
        await other.send_start(CODE)
        await to_the_end(other)
        house.forward(days=89)
        assert await nothing_comes(other)
        house.forward(days=2)
        invitation = await other.next_message(timeout=20)
        assert "yes:round" in data(invitation)
        await other.press(invitation, "yes:round")
        while not any(each.startswith("help:question-") for each in data(invitation)):
            invitation = await other.wait_for(lambda it: bool(it.buttons), timeout=30)
            offered = data(invitation)
            if not any(each.startswith("help:question-") for each in offered):
                verbs = ("yes:", "next:", "done:", "choose:", "skip:")
                await other.press(invitation, next(e for v in verbs for e in offered if e.startswith(v)))
        await other.send("Now there is somebody new.")
        await other.wait_for(lambda message: "kept" in message.text)
        await person.edit(first, "They were kind in spring and in summer.")
        await person.next_message()
    texts = {(answer.guide, answer.text) for answer in await house.answers() if answer.kind == "answer"}
    assert texts == {
        ("relational-practice", "They were kind in spring and in summer."),
        ("pulse", "Now there is somebody new."),
    }
