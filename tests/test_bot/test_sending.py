"""What leaves for Telegram: within its limits, in order, as often as needed, and with no stale buttons left behind."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from bot.messenger import Call, Messenger
from bot.sending.letter import Letter, deletions
from bot.sending.pace import Limits, Pace
from bot.sending.post import Later, Post, Refused, Revoked, Sent, Unreachable
from tests.test_bot.conftest import CODE, House, to_first_question
from tests.test_messenger.conftest import TOKEN, bot_for

FREE = Pace(0, 0)
YES = ((("Yes", "yes:one"),),)
NO = ((("No", "no:two"),),)


@asynccontextmanager
async def posting(pace: Pace = FREE, token: str = TOKEN) -> AsyncIterator[tuple[Messenger, Post]]:
    messenger = Messenger(TOKEN)
    await messenger.start()
    bot = bot_for(messenger, token)
    try:
        yield messenger, Post(bot, pace)
    finally:
        await bot.session.close()
        await messenger.stop()


def sends(messenger: Messenger) -> list[Call]:
    return [call for call in messenger.calls if call.method == "sendMessage" and not call.error]


async def test_a_chat_gets_its_burst_and_then_no_more_than_its_measure() -> None:
    async with posting(Pace(in_all=0, each_chat=10, burst=2)) as (messenger, post):
        person = messenger.person(1)
        await person.send("hello")
        begun = time.monotonic()
        for number in range(6):
            await post.take(Letter(chat=person.id, text=f"{number}"))
        assert time.monotonic() - begun >= 0.39
        assert [message.text for message in person.messages[1:]] == [str(number) for number in range(6)]
        assert messenger.calls_of("sendChatAction")


async def test_all_chats_together_get_no_more_than_telegram_takes() -> None:
    limits = Limits(Pace(in_all=20, each_chat=0))
    begun = time.monotonic()
    await asyncio.gather(*(limits.call() for _ in range(40)))
    assert time.monotonic() - begun >= 0.99


async def test_one_chats_wait_holds_nobody_else_up() -> None:
    async with posting(Pace(in_all=0, each_chat=0.1, burst=1)) as (messenger, post):
        one, other = messenger.person(1), messenger.person(2)
        await one.send("hello")
        await other.send("hello")
        await post.take(Letter(chat=one.id, text="first"))
        waiting = asyncio.create_task(post.take(Letter(chat=one.id, text="second")))
        assert isinstance(await post.take(Letter(chat=other.id, text="at once")), Sent)
        assert not waiting.done()
        waiting.cancel()


async def test_each_failure_is_one_of_the_outcomes() -> None:
    async with posting() as (messenger, post):
        person = messenger.person(1)
        letter = Letter(chat=person.id, text="hello")
        assert isinstance(await post.take(letter), Unreachable)  # never wrote to the bot
        await person.send("hello")
        assert isinstance(await post.take(letter), Sent)
        messenger.faults.set("too_many_requests", count=1, seconds=7)
        assert await post.take(letter) == Later(7)
        for fault in ("server_error", "drop_before", "drop_after"):
            messenger.faults.set(fault, count=1)
            assert await post.take(letter) == Later()
        messenger.faults.set("blocked", count=1)
        assert isinstance(await post.take(letter), Unreachable)
        assert isinstance(await post.take(Letter(chat=5, text="nobody")), Refused)
        assert isinstance(await post.take(Letter(chat=person.id, text="x" * 5000)), Refused)
    async with posting(token="4242:revoked") as (_, post):
        with pytest.raises(Revoked):
            await post.take(letter)


@asynccontextmanager
async def answering(status: int, body: str) -> AsyncIterator[Post]:
    """Something at Telegram's address that gives this answer to everything."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, text=body)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    messenger = Messenger(TOKEN)
    messenger.port = runner.addresses[0][1]
    bot = bot_for(messenger)
    yield Post(bot, FREE)
    await bot.session.close()
    await runner.cleanup()


async def test_an_answer_that_is_not_telegrams_is_a_reason_to_try_again(caplog: pytest.LogCaptureFixture) -> None:
    """A proxy's page of HTML, as they come with 502."""
    with caplog.at_level(logging.DEBUG):
        async with answering(502, "<h1>Bad Gateway</h1>") as post:
            assert await post.take(Letter(chat=1, text="what nobody should read")) == Later()
    assert "what nobody should read" not in caplog.text


async def test_a_result_that_aiogram_does_not_know_is_no_failure() -> None:
    odd = '{"ok": true, "result": {"message_id": 7, "chat": "a kind of tomorrow"}}'
    async with answering(200, odd) as post:
        assert await post.take(Letter(chat=1, text="hello")) == Sent(7)


async def test_what_is_there_already_is_no_failure() -> None:
    async with posting() as (messenger, post):
        person = messenger.person(1)
        await person.send("hello")
        sent = await post.take(Letter(chat=person.id, text="topics", buttons=YES))
        assert isinstance(sent, Sent)
        again = Letter(chat=person.id, text="topics", buttons=YES, replace=sent.message)
        assert await post.take(again) == sent
        assert len(person.messages) == 2


async def test_used_buttons_go_and_those_that_still_work_stay() -> None:
    async with posting() as (messenger, post):
        person = messenger.person(1)
        await person.send("hello")
        chat = person.id
        await post.take(Letter(chat=chat, text="question", buttons=YES))
        await post.take(Letter(chat=chat, text="kept", buttons=YES))
        question, kept = person.messages[-2:]
        assert question.labels == kept.labels == ["Yes"]
        await post.take(Letter(chat=chat, text="an old button", used=question.id))
        assert question.labels == ["Yes"]  # nothing newer has buttons
        await post.take(Letter(chat=chat, text="next", buttons=NO, used=kept.id))
        assert (question.labels, kept.labels) == ([], [])
        assert person.messages[-1].labels == ["No"]


async def test_new_buttons_are_there_before_old_ones_go() -> None:
    async with posting() as (messenger, post):
        person = messenger.person(1)
        await person.send("hello")
        await post.take(Letter(chat=person.id, text="question", buttons=YES))
        await post.take(Letter(chat=person.id, text="next", buttons=NO))
        methods = [call.method for call in messenger.calls]
        assert methods == ["sendMessage", "sendMessage", "editMessageReplyMarkup"]


async def test_messages_are_deleted_as_far_as_telegram_allows() -> None:
    clock = [1_000_000.0]
    messenger = Messenger(TOKEN, clock=lambda: clock[0])
    await messenger.start()
    bot = bot_for(messenger)
    person = messenger.person(1)
    old = await person.send("long ago")
    clock[0] += 49 * 3600
    fresh = [await person.send(f"{number}") for number in range(3)]
    (letter,) = deletions(person.id, [old.id, *(message.id for message in fresh), 10**12])
    assert isinstance(await Post(bot, FREE).take(letter), Sent)
    assert person.messages == [old]
    assert len(deletions(1, range(1, 252))) == 3
    await bot.session.close()
    await messenger.stop()


async def test_nothing_is_sent_with_a_parse_mode_or_a_preview(house: House) -> None:
    async with house.bot():
        await to_first_question(house.messenger.person(1))
    for call in sends(house.messenger):
        assert "parse_mode" not in call.parameters
        assert "entities" not in call.parameters
        assert "link_preview_options" in call.parameters


async def test_what_telegram_wants_to_wait_for_is_waited_for(house: House) -> None:
    async with house.bot():
        person = house.messenger.person(1)
        house.messenger.faults.set("too_many_requests", count=1, seconds=2, methods={"sendMessage"})
        begun = time.monotonic()
        await person.send_start(CODE)
        await person.next_message(timeout=30)
        assert time.monotonic() - begun >= 2
    refused = [call for call in house.messenger.calls_of("sendMessage") if call.error]
    assert len(refused) == 1
