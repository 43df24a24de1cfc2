"""Who withdraws is gone from the store, and as far as Telegram allows from the chat."""

from bot.messenger import Message, Person
from tests.test_bot.conftest import House, to_first_question


def is_last_word(message: Message) -> bool:
    return "It is done" in message.text


async def withdraw(person: Person) -> Message:
    await person.send("delete everything please")
    await person.press(await person.next_message(timeout=20), "delete:sure:all")
    return await person.wait_for(is_last_word, timeout=20)


async def test_withdrawal_clears_the_chat(house: House) -> None:
    async with house.bot():
        person = house.messenger.person(1)
        await to_first_question(person)
        await person.send("They forgot about me for a whole winter.")
        await person.next_message()
        last = await withdraw(person)
        await person.until(lambda it: len(it.messages) <= 2, timeout=20)
        assert last in person.messages
        assert not any("winter" in message.text for message in person.messages)
    assert await house.answers() == []


async def test_what_is_older_than_telegram_allows_stays_and_that_is_said(house: House) -> None:
    async with house.bot():
        person = house.messenger.person(1)
        await to_first_question(person)
        old = await person.send("They forgot about me for a whole winter.")
        await person.next_message()
        house.forward(days=3)
        fresh = await person.send("and then it was spring")
        await person.next_message()
        last = await withdraw(person)
        await person.until(lambda it: fresh not in it.messages, timeout=20)
        assert old in person.messages
        assert "clear the chat in its menu" in last.text


async def test_before_consent_no_number_of_a_message_is_kept(house: House) -> None:
    async with house.bot() as parts:
        person = house.messenger.person(1)
        await person.send_start("RIVERSIDE")
        await person.press(await person.next_message(), "next:arrival")
        await person.next_message()
        async with parts.store.unit() as unit:
            pseudonym, _ = await unit.progress(person.id)
            assert await unit.traces(pseudonym) == []
