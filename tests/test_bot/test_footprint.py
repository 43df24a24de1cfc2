"""aiogram's types, built when they are first used: the same types, and far fewer of them."""

import subprocess
import sys

#: Prints how many types of Telegram's have been built, then what some updates, results and calls are read as.
SEEN = """
import sys
if sys.argv[1] == "ours":
    import bot
from aiogram import methods, types
from aiogram.methods.base import Response
classes = [each for name in types.__all__ if isinstance(each := getattr(types, name), type)]
classes = [each for each in classes if issubclass(each, types.TelegramObject)]
print(sum(each.__pydantic_complete__ for each in classes), len(classes))
chat = {"id": 5, "type": "private", "first_name": "A"}
message = {"message_id": 1, "date": 0, "chat": chat, "from": {"id": 5, "is_bot": False, "first_name": "A"}, "text": "x"}
forward = {"type": "user", "date": 0, "sender_user": message["from"]}
button = {"id": "1", "from": message["from"], "chat_instance": "1", "data": "next:page", "message": message}
gone = {"chat": chat, "from": message["from"], "date": 0}
gone |= {"old_chat_member": {"status": "member", "user": message["from"]}}
gone |= {"new_chat_member": {"status": "kicked", "user": message["from"], "until_date": 0}}
updates = [
    {"message": message | {"reply_to_message": message, "forward_origin": forward, "new_field": [1]}},
    {"message": message | {"photo": [{"file_id": "1", "file_unique_id": "1", "width": 1, "height": 1}]}},
    {"edited_message": message}, {"callback_query": button}, {"my_chat_member": gone}, {"poll_answer": {}},
]
for number, update in enumerate(updates):
    try:
        read = types.Update.model_validate({"update_id": number} | update)
        print(read.event_type, type(read.event).__name__, read.model_dump_json(exclude_none=True))
    except ValueError as problem:
        print(problem)
print(Response[methods.SendMessage.__returning__].model_validate({"ok": True, "result": message}).result.chat)
keyboard = types.InlineKeyboardMarkup(inline_keyboard=[[types.InlineKeyboardButton(text="a", callback_data="b")]])
print(methods.SendMessage(chat_id=5, text="x", reply_markup=keyboard))
print(methods.SetMyCommands(commands=[types.BotCommand(command="a", description="b")]))
print(types.Message.model_validate(message).answer("x"))
print([each.model_rebuild() and each.__pydantic_complete__ for each in classes if not each.__pydantic_complete__])
"""


def read_as(whose: str) -> list[str]:
    run = subprocess.run([sys.executable, "-c", SEEN, whose], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()


def test_only_what_is_used_is_built_and_it_reads_as_it_always_did() -> None:
    (ours, *as_ours, later), (plain, *as_plain, _) = read_as("ours"), read_as("plain")
    built, all_of_them = map(int, ours.split())
    assert built < all_of_them / 10
    assert plain == f"{all_of_them} {all_of_them}"
    assert as_ours == as_plain
    assert len(as_ours) > 8
    assert later == str([True] * later.count("True")), "a type that cannot be built"
