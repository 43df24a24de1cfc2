"""Withdrawing by code from any phone: read strictly, asked once, and nobody learns which codes there are."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from bot.conversation.codes import MOST_OF_ALL, MOST_TRIES, Tries, new_code, read_button, read_code
from bot.messenger import Message, Person
from tests.test_bot.conftest import House, to_first_question

UNKNOWN = "We cannot find anything under that code."
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


async def offer(person: Person) -> Message:
    return await person.wait_for(lambda message: bool(message.buttons), timeout=20)


async def with_an_answer(house: House, number: int) -> str:
    """Somebody who said one thing; their withdrawal code."""
    person = house.messenger.person(number)
    await to_first_question(person)
    await person.send(f"They rang me back, said number {number}.")
    await offer(person)
    found = re.search(r"withdrawal code is (\S+)\.", "\n".join(each.text for each in person.messages))
    assert found
    return found[1]


def button(message: Message, verb: str) -> str:
    return next(each.data for row in message.buttons for each in row if each.data.startswith(verb))


@pytest.mark.parametrize("way", ["{code}", "/start {code}", "{small}", "{spaced}"])
async def test_the_code_works_from_another_phone(way: str, house: House) -> None:
    async with house.bot():
        code = await with_an_answer(house, 1)
        await with_an_answer(house, 2)
        other = house.messenger.person(3)
        await other.send(way.format(code=code, small=code.lower().replace("-", ""), spaced=code.replace("-", " ")))
        asks = await offer(other)
        assert "Shall we delete it?" in asks.text
        assert len(await house.answers()) == 2, "one tap alone deletes nothing"
        await other.press(asks, button(asks, "delete:code:"))
        done = await offer(other)
        assert "It is done." in done.text
    (answer,) = await house.answers()
    assert answer.text == "They rang me back, said number 2."


async def test_the_chat_on_the_lost_phone_is_cleared_and_nothing_is_said_there(house: House) -> None:
    async with house.bot():
        code = await with_an_answer(house, 1)
        lost, other = house.messenger.person(1), house.messenger.person(2)
        last = lost.messages[-1]
        assert any("They rang me back" in each.text for each in lost.messages)
        await other.send(code)
        asks = await offer(other)
        await other.press(asks, button(asks, "delete:code:"))
        assert "clearing the chat on the other phone" in (await offer(other)).text
        await lost.until(lambda it: not it.messages, timeout=20)
        assert max(lost.chat.messages) == last.id, "no message lights up on a phone that somebody else may hold"
        await lost.send("hello?")
        assert "nothing of yours is kept" in (await lost.next_message(timeout=20)).text


async def test_what_is_too_old_on_the_lost_phone_stays(house: House) -> None:
    async with house.bot():
        code = await with_an_answer(house, 1)
        lost, other = house.messenger.person(1), house.messenger.person(2)
        house.forward(hours=49)
        await lost.send("And on a Sunday.")
        await lost.wait_for(lambda message: "kept that too" in message.text, timeout=20)
        before = len(lost.messages)
        await other.send(code)
        asks = await offer(other)
        await other.press(asks, button(asks, "delete:code:"))
        await lost.until(lambda it: len(it.messages) == before - 2, timeout=20)
        assert any("They rang me back" in each.text for each in lost.messages)


async def test_who_is_asked_may_keep_it(house: House) -> None:
    async with house.bot():
        code = await with_an_answer(house, 1)
        other = house.messenger.person(2)
        question = await to_first_question(other)
        await other.send(code)
        asks = await offer(other)
        await other.press(asks, "keep:code")
        await other.wait_for(lambda message: "Nothing has been deleted" in message.text, timeout=20)
        assert question.text in (await offer(other)).text, "they are where they were"
    assert len(await house.answers()) == 1, "and the code itself was not kept as an answer"


async def test_their_own_code_is_their_own_withdrawal(house: House) -> None:
    async with house.bot():
        code = await with_an_answer(house, 1)
        person = house.messenger.person(1)
        await person.send(code)
        asks = await offer(person)
        await person.press(asks, button(asks, "delete:code:"))
        await person.wait_for(lambda message: "Telegram has its own copy of this chat" in message.text, timeout=20)
        await person.until(lambda it: len(it.messages) <= 2, timeout=20)
    assert await house.answers() == []


async def test_an_unknown_code_and_one_too_many_are_told_the_same(house: House) -> None:
    async with house.bot():
        code = await with_an_answer(house, 1)
        other = house.messenger.person(2)
        heard = []
        for tried in [*(new_code() for _ in range(MOST_TRIES)), code]:
            await other.send(tried)
            asks = await offer(other)
            await other.press(asks, button(asks, "delete:code:"))
            heard.append((await offer(other)).text)
        assert len(set(heard)) == 1
        assert heard[0].startswith(UNKNOWN)
        assert len(await house.answers()) == 1
        house.forward(minutes=61)
        await other.send(code)
        asks = await offer(other)
        await other.press(asks, button(asks, "delete:code:"))
        assert "It is done." in (await offer(other)).text
    assert await house.answers() == []


@pytest.mark.parametrize(
    "text",
    ["they gave poor care", "responsibilities", "7K2M-Q9XD-4HTB", "7K2M-Q9XD-4HTB-W0ZR please", "7K2M-Q9XD-4HTB-W0ZU",
     "7K2M--Q9XD-4HTB-W0ZR", "\u0667K2M-Q9XD-4HTB-W0ZR", "RIVERSIDE", "", "0123 4567 8901 2345 6"],
)  # fmt: skip
def test_what_is_no_code(text: str) -> None:
    assert read_code(text) is None


@pytest.mark.parametrize(
    "text", ["7K2M-Q9XD-4HTB-W0ZR", " 7k2mq9xd4htbwozr ", "7K2M Q9XD 4HTB W0ZR", "7k2m-q9xd-4htb-w0zr"]
)
def test_what_is_one(text: str) -> None:
    assert read_code(text) == "7K2M-Q9XD-4HTB-W0ZR"


def test_every_code_is_read_however_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter(["QZCEDJMQXENKBXZE", "7K2MQ9XD4HTBW0ZR"])
    letters = (letter for code in drawn for letter in code)
    monkeypatch.setattr("bot.conversation.codes.secrets.choice", lambda _: next(letters))
    assert new_code() == "7K2M-Q9XD-4HTB-W0ZR", "one without a figure could be four words"


def test_a_button_gives_back_every_code() -> None:
    for _ in range(200):
        code = new_code()
        assert read_code(code) == code == read_code(code.replace("-", " "))
        assert read_button("delete:code:" + code.replace("-", "").lower()) == code
    assert read_button("delete:code:short") is None
    assert read_button("delete:sure:all") is None


def test_tries_are_counted_for_each_and_for_all() -> None:
    tries = Tries()
    assert [tries.may(b"one", NOW) for _ in range(MOST_TRIES + 2)] == [True] * MOST_TRIES + [False] * 2
    assert tries.may(b"two", NOW)
    assert tries.may(b"one", NOW + timedelta(minutes=61))
    many = Tries()
    allowed = sum(many.may(b"%d" % number, NOW) for number in range(MOST_OF_ALL * 2))
    assert allowed == MOST_OF_ALL
