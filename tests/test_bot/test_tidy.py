"""A tidy chat: what was asked and answered goes from it once it is kept, and only for who asked."""

import asyncio

from bot.messenger import Message, Person
from tests.test_bot.conftest import House, to_first_question

FIRST, SECOND = "They rang me back on a Sunday.", "and they knew my name"


def data(message: Message) -> list[str]:
    return [button.data for row in message.buttons for button in row]


def texts(person: Person) -> str:
    return "\n".join(message.text for message in person.messages)


async def offer(person: Person) -> Message:
    return await person.wait_for(lambda message: bool(message.buttons), timeout=20)


async def switch_on(person: Person) -> None:
    await person.send("/tidy")
    await person.press(await offer(person), "yes:tidy")
    await person.wait_for(lambda message: "We will do that" in message.text, timeout=20)


async def go_on(person: Person, newest: Message) -> Message:
    await person.press(newest, next(each for each in data(newest) if each.startswith("done:")))
    return await offer(person)


async def test_it_is_offered_while_setting_up(house: House) -> None:
    async with house.bot():
        person = house.messenger.person(1)
        await to_first_question(person)
        assert "shall we clear it and our question from this chat?" in texts(person)
        await person.send(FIRST)
        await go_on(person, await offer(person))
        await asyncio.sleep(0.3)
        assert FIRST in texts(person), "nobody asked for it"


async def test_question_and_answer_go_once_the_person_moves_on(house: House) -> None:
    async with house.bot():
        person = house.messenger.person(1)
        question = await to_first_question(person)
        await switch_on(person)
        first = await person.send(FIRST)
        await offer(person)
        second = await person.send(SECOND)
        newest = await offer(person)
        await asyncio.sleep(0.3)
        assert {question, first, second} <= set(person.messages), "nothing goes while they may still change it"
        following = await go_on(person, newest)
        await person.until(lambda it: not {question, first, second, newest} & set(it.messages), timeout=20)
        assert following in person.messages
        assert "Your withdrawal code is" in texts(person), "the receipt stays until the end"
        assert [call for call in house.messenger.calls if call.method == "deleteMessages"]
    (answer,) = [each for each in await house.answers() if each.kind == "answer"]
    assert answer.text == f"{FIRST}\n{SECOND}"


async def test_at_the_end_everything_goes_but_the_last_words(house: House) -> None:
    async with house.bot() as parts:
        person = house.messenger.person(1)
        await to_first_question(person)
        await switch_on(person)
        await person.send(FIRST)
        await offer(person)
        await person.send("/stop")
        last = await person.wait_for(lambda message: "withdrawal code" in message.text, timeout=20)
        await person.until(lambda it: it.messages[-1] is last and len(it.messages) == 3, timeout=20)
        assert "menu of this chat" in texts(person)
        assert "Your withdrawal code is" in last.text
        async with parts.store.unit() as unit:
            pseudonym, _ = await unit.progress(person.id)
            assert await unit.traces(pseudonym) == [], "numbers of messages that are gone are not kept"


async def test_what_is_too_old_stays_and_a_restart_forgets_no_number(house: House) -> None:
    """The numbers are in the store by the next thing that the person does."""
    person = house.messenger.person(1)
    async with house.bot():
        await to_first_question(person)
        await switch_on(person)
        old = await person.send(FIRST)
        await offer(person)
    house.forward(hours=49)
    async with house.bot():
        fresh = await person.send(SECOND)
        newest = await offer(person)
    async with house.bot():
        await go_on(person, newest)
        await person.until(lambda it: fresh not in it.messages, timeout=20)
        assert old in person.messages
        assert not [call for call in house.messenger.calls if call.method == "deleteMessage"], "none was asked in vain"


async def test_switched_off_again_the_chat_stays(house: House) -> None:
    async with house.bot():
        person = house.messenger.person(1)
        await to_first_question(person)
        await switch_on(person)
        await person.send("/tidy")
        await person.press(await offer(person), "no:tidy")
        await person.wait_for(lambda message: "The chat stays as it is" in message.text, timeout=20)
        await person.send(FIRST)
        await go_on(person, await offer(person))
        await asyncio.sleep(0.3)
        assert FIRST in texts(person)


async def test_numbers_that_are_of_no_use_any_more_go_by_themselves(house: House) -> None:
    """Also of people who asked for nothing and never write again."""
    async with house.bot() as parts:
        person = house.messenger.person(1)
        await to_first_question(person)
        await person.send(FIRST)
        await offer(person)

        async def numbers() -> int:
            async with parts.store.unit() as unit:
                return len(await unit.traces((await unit.progress(person.id))[0]))

        house.forward(hours=47)
        await parts.reminders.look()
        assert await numbers() > 0, "they may still be deleted, where the person withdraws"
        house.forward(hours=2)
        await parts.reminders.look()
        assert await numbers() == 0
