"""Every method that a bot for private chats uses, called by aiogram's own client over HTTP."""

import io
from typing import Any

import pytest
from aiogram import Bot
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNotFound,
    TelegramUnauthorizedError,
)
from aiogram.methods import TelegramMethod
from aiogram.types import (
    BotCommand,
    BotCommandScopeAllPrivateChats,
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    MenuButtonCommands,
    MessageEntity,
    ReplyKeyboardRemove,
)

from bot.messenger import Messenger

CHOICES = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Skip this one", callback_data="skip:1")]])


class Clock:
    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


async def test_only_the_right_token_is_let_in(rehearsal: Any) -> None:
    async with rehearsal() as r:
        me = await r.bot.get_me()
        assert (me.id, me.is_bot, me.first_name) == (4242, True, "Hearten")
        stranger = r.another_bot("4242:another-token")
        with pytest.raises(TelegramUnauthorizedError):
            await stranger.get_me()
        await stranger.session.close()


async def test_an_unknown_method_is_not_found(rehearsal: Any) -> None:
    class InventMethod(TelegramMethod[bool]):
        __returning__ = bool
        __api_method__ = "inventMethod"

    async with rehearsal() as r:
        with pytest.raises(TelegramNotFound):
            await r.bot(InventMethod())


async def test_words_entities_and_buttons_arrive_as_they_were_sent(rehearsal: Any) -> None:
    async with rehearsal() as r:
        person = r.messenger.person(2)
        await person.send_start("RIVER")
        bold = MessageEntity(type="bold", offset=3, length=5)
        sent = await r.bot.send_message(person.id, "\N{GRINNING FACE} Hello", entities=[bold], reply_markup=CHOICES)
        seen = await person.next_message()
        assert (seen.id, seen.text, seen.labels) == (sent.message_id, "\N{GRINNING FACE} Hello", ["Skip this one"])
        assert seen.entities == [{"type": "bold", "offset": 3, "length": 5}]
        assert [(e.type, e.offset, e.length) for e in sent.entities] == [("bold", 3, 5)]
        assert sent.chat.id == person.id
        await r.bot.send_message(person.id, "No keyboard", reply_markup=ReplyKeyboardRemove())
        assert (await person.next_message()).buttons == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x" * 4097, "message is too long"),
        ("\N{GRINNING FACE}" * 2049, "message is too long"),
        ("", "message text is empty"),
    ],
)
async def test_text_limits(rehearsal: Any, text: str, said: str) -> None:
    async with rehearsal() as r:
        person = r.messenger.person()
        await person.send_start()
        with pytest.raises(TelegramBadRequest, match=said):
            await r.bot.send_message(person.id, text)
        assert len((await r.bot.send_message(person.id, "\N{GRINNING FACE}" * 2048)).text) == 2048


async def test_whom_a_bot_may_write_to(rehearsal: Any) -> None:
    async with rehearsal() as r:
        with pytest.raises(TelegramBadRequest, match="chat not found"):
            await r.bot.send_message(987654321, "Hello")
        person = r.messenger.person()
        with pytest.raises(TelegramForbiddenError, match="can't initiate conversation"):
            await r.bot.send_message(person.id, "Hello")
        await person.send_start()
        await r.bot.send_message(person.id, "Hello")
        await person.block()
        with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
            await r.bot.send_message(person.id, "Hello")
        await person.unblock()
        await r.bot.send_message(person.id, "Hello")


async def test_editing_own_messages_only(rehearsal: Any) -> None:
    async with rehearsal() as r:
        person = r.messenger.person()
        start = await person.send_start()
        sent = await r.bot.send_message(person.id, "One", reply_markup=CHOICES)
        await r.bot.edit_message_text("Two", chat_id=person.id, message_id=sent.message_id, reply_markup=CHOICES)
        seen = person.messages[-1]
        assert (seen.text, seen.labels) == ("Two", ["Skip this one"])
        assert seen.edited is not None
        with pytest.raises(TelegramBadRequest, match="message is not modified"):
            await r.bot.edit_message_text("Two", chat_id=person.id, message_id=sent.message_id, reply_markup=CHOICES)
        await r.bot.edit_message_reply_markup(chat_id=person.id, message_id=sent.message_id)
        assert person.messages[-1].buttons == []
        with pytest.raises(TelegramBadRequest, match="message is not modified"):
            await r.bot.edit_message_reply_markup(chat_id=person.id, message_id=sent.message_id)
        with pytest.raises(TelegramBadRequest, match="message can't be edited"):
            await r.bot.edit_message_text("Mine", chat_id=person.id, message_id=start.id)
        with pytest.raises(TelegramBadRequest, match="message to edit not found"):
            await r.bot.edit_message_text("None", chat_id=person.id, message_id=99)


async def test_deleting_within_48_hours(rehearsal: Any) -> None:
    clock = Clock()
    async with rehearsal(clock=clock) as r:
        person = r.messenger.person()
        words = await person.send("Something private")
        answer = await r.bot.send_message(person.id, "Thank you")
        clock.now += 48 * 3600 - 1
        assert await r.bot.delete_message(person.id, words.id)
        assert words.deleted
        assert words.text == ""
        with pytest.raises(TelegramBadRequest, match="message to delete not found"):
            await r.bot.delete_message(person.id, words.id)
        later = await r.bot.send_message(person.id, "Later")
        clock.now += 2
        with pytest.raises(TelegramBadRequest, match="message can't be deleted for everyone"):
            await r.bot.delete_messages(person.id, [answer.message_id, later.message_id])
        assert [m.text for m in person.messages] == ["Thank you", "Later"]
        assert await r.bot.delete_messages(person.id, [later.message_id, 4711])
        assert [m.text for m in person.messages] == ["Thank you"]
        with pytest.raises(TelegramBadRequest, match="too many message identifiers"):
            await r.bot.delete_messages(person.id, list(range(1, 102)))
        assert [c.error for c in r.messenger.calls_of("deleteMessage")] == [0, 400]


async def test_files_go_both_ways(rehearsal: Any) -> None:
    async with rehearsal() as r:
        person = r.messenger.person()
        voice = await person.send_voice(b"OggS" * 1000, 7)
        update = (await r.bot.get_updates())[0]
        assert (update.message.voice.duration, update.message.voice.file_size) == (7, 4000)
        fetched = io.BytesIO()
        await r.bot.download(update.message.voice, fetched)
        assert fetched.getvalue() == b"OggS" * 1000
        receipt = BufferedInputFile(b"what you agreed to", "Receipt \N{SNOWMAN}.txt")
        sent = await r.bot.send_document(person.id, receipt, caption="To keep", reply_markup=CHOICES)
        seen = await person.next_message()
        assert (seen.kind, seen.text, seen.labels) == ("document", "To keep", ["Skip this one"])
        again = await r.bot.send_document(person.id, sent.document.file_id)
        assert again.document.file_id == sent.document.file_id
        assert (await r.bot.download(sent.document)).read() == b"what you agreed to"
        await r.bot.send_voice(person.id, BufferedInputFile(b"OggS", "v.ogg"), duration=2)
        await r.bot.send_photo(person.id, BufferedInputFile(b"\xff\xd8", "p.jpg"))
        assert [m.kind for m in person.messages] == ["voice", "document", "document", "voice", "photo"]
        assert voice.kind == "voice"
        with pytest.raises(TelegramBadRequest, match="invalid file_id"):
            await r.bot.get_file("file-of-somebody-else")
        with pytest.raises(TelegramBadRequest, match="caption is too long"):
            await r.bot.send_document(person.id, sent.document.file_id, caption="x" * 1025)


async def test_passing_messages_on(rehearsal: Any) -> None:
    async with rehearsal() as r:
        one, two = r.messenger.person(1), r.messenger.person(2)
        words = await one.send("Pass this on")
        await two.send_start()
        forwarded = await r.bot.forward_message(two.id, one.id, words.id)
        assert (forwarded.text, forwarded.forward_origin.type) == ("Pass this on", "user")
        copy = await r.bot.copy_message(two.id, one.id, words.id, reply_markup=CHOICES)
        assert two.messages[-1].id == copy.message_id
        assert two.messages[-1].labels == ["Skip this one"]
        with pytest.raises(TelegramBadRequest, match="message to copy not found"):
            await r.bot.copy_message(two.id, one.id, 99)


async def test_typing_lasts_five_seconds_or_until_the_next_message(rehearsal: Any) -> None:
    clock = Clock()
    async with rehearsal(clock=clock) as r:
        person = r.messenger.person()
        await person.send_start()
        await r.bot.send_chat_action(person.id, "typing")
        assert person.chat.typing_until == clock.now + 5
        await r.bot.send_message(person.id, "Here")
        assert person.chat.typing_until == 0
        with pytest.raises(TelegramBadRequest, match="wrong parameter action in request"):
            await r.bot.send_chat_action(person.id, "dancing")


async def test_a_button_is_answered_once(rehearsal: Any) -> None:
    clock = Clock()
    async with rehearsal(clock=clock) as r:
        person = r.messenger.person()
        await person.send_start()
        await r.bot.send_message(person.id, "Shall we?", reply_markup=CHOICES)
        asked = await person.next_message()
        with pytest.raises(ValueError, match="Skip this one"):
            await person.press(asked, "Something else")
        await person.press(asked, "Skip this one")
        query = (await r.bot.get_updates(offset=-1))[0].callback_query
        assert (query.data, query.from_user.id, query.message.text) == ("skip:1", person.id, "Shall we?")
        await query.as_(r.bot).answer("Skipped")
        assert person.toasts == ["Skipped"]
        with pytest.raises(TelegramBadRequest, match="query is too old"):
            await query.as_(r.bot).answer()
        query_id = await person.press(asked, "skip:1")
        clock.now += 16 * 60
        with pytest.raises(TelegramBadRequest, match="query is too old"):
            await r.bot.answer_callback_query(query_id)


async def test_a_button_of_a_deleted_message_comes_as_an_inaccessible_message(rehearsal: Any) -> None:
    async with rehearsal() as r:
        person = r.messenger.person()
        await person.send_start()
        sent = await r.bot.send_message(person.id, "Shall we?", reply_markup=CHOICES)
        asked = await person.next_message()
        await r.bot.delete_message(person.id, sent.message_id)
        await person.press(asked, "skip:1", anyway=True)
        query = (await r.bot.get_updates(offset=-1))[0].callback_query
        assert query.message.date == 0


async def test_what_the_bot_says_about_itself(rehearsal: Any) -> None:
    async with rehearsal() as r:
        commands = [BotCommand(command="help", description="Someone to talk to")]
        private = BotCommandScopeAllPrivateChats()
        await r.bot.set_my_commands(commands, scope=private)
        kept = await r.bot.get_my_commands(scope=private)
        assert [(c.command, c.description) for c in kept] == [("help", "Someone to talk to")]
        assert await r.bot.get_my_commands() == []
        await r.bot.delete_my_commands(scope=private)
        assert await r.bot.get_my_commands(scope=private) == []
        await r.bot.set_my_description("In your own time.")
        await r.bot.set_my_short_description("In short.")
        assert (await r.bot.get_my_description()).description == "In your own time."
        assert (await r.bot.get_my_short_description()).short_description == "In short."
        with pytest.raises(TelegramBadRequest, match="too long"):
            await r.bot.set_my_short_description("x" * 121)
        await r.bot.set_chat_menu_button(menu_button=MenuButtonCommands())
        assert (await r.bot.get_chat_menu_button()).type == "commands"


async def test_chats_and_groups(rehearsal: Any) -> None:
    async with rehearsal() as r:
        person, group = r.messenger.person(3), r.messenger.group()
        await person.send_start()
        assert (await r.bot.get_chat(person.id)).first_name == "Person 3"
        with pytest.raises(TelegramBadRequest, match="private chats"):
            await r.bot.leave_chat(person.id)
        await group.send("Hello bot")
        assert (await r.bot.get_updates(offset=-1))[0].message.chat.type == "group"
        await r.bot.send_message(group.id, "I speak with one person at a time.")
        await r.bot.leave_chat(group.id)
        assert group.left
        with pytest.raises(TelegramForbiddenError, match="kicked from the group"):
            await r.bot.send_message(group.id, "Again")


async def test_a_parse_mode_is_refused(rehearsal: Any) -> None:
    async with rehearsal() as r:
        person = r.messenger.person()
        await person.send_start()
        with pytest.raises(TelegramBadRequest, match="unsupported parse_mode"):
            await r.bot.send_message(person.id, "<b>Hello</b>", parse_mode="HTML")


async def everything_a_person_can_do(messenger: Messenger, bot: Bot) -> list[str]:
    person = messenger.person()
    first = await person.send("Words")
    await person.edit(first, "Other words")
    for act in (person.send_sticker, person.send_location, person.send_contact, person.send_poll):
        await act()
    await person.send_voice(b"OggS")
    await person.send_photo(b"\xff\xd8", caption="Look")
    await person.send_document(b"x", "notes.txt")
    await person.forward("Their words")
    await person.block()
    updates = await bot.get_updates()
    return [u.message.content_type if u.message else u.event_type for u in updates]


async def test_all_that_people_do_parses_with_aiogram(rehearsal: Any) -> None:
    async with rehearsal() as r:
        kinds = await everything_a_person_can_do(r.messenger, r.bot)
        media = ["sticker", "location", "contact", "poll", "voice", "photo", "document"]
        assert kinds == ["text", "edited_message", *media, "text", "my_chat_member"]


async def test_a_text_too_long_for_one_message_goes_as_several(rehearsal: Any) -> None:
    async with rehearsal() as r:
        await r.messenger.person().send("x" * 5000)
        assert [len(u.message.text) for u in await r.bot.get_updates()] == [4096, 904]
