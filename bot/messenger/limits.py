"""What Telegram lets through: lengths, formatting entities, keyboards.

Telegram counts text in UTF-16 code units (https://core.telegram.org/api/entities#entity-length): most characters count
one, those beyond the Basic Multilingual Plane, such as most emoji, count two. Everything here is a pure check that
returns the cleaned value or raises `Refusal` with Telegram's sentence.
"""

import re
from collections.abc import Iterator
from typing import Any

from bot.messenger.refusals import bad_request

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
TOAST_LIMIT = 200
CALLBACK_DATA_LIMIT = 64
DESCRIPTION_LIMIT = 512
SHORT_DESCRIPTION_LIMIT = 120
COMMANDS_LIMIT = 100

ENTITY_KINDS = frozenset(
    (
        *("mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number", "bold", "italic"),
        *("underline", "strikethrough", "spoiler", "blockquote", "expandable_blockquote", "code", "pre"),
        *("text_link", "text_mention", "custom_emoji"),
    )
)
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_LAST_SINGLE_UNIT = "\uffff"


def utf16_length(text: str) -> int:
    """Length of `text` in UTF-16 code units, Telegram's measure."""
    return len(text) if text.isascii() else len(text) + sum(character > _LAST_SINGLE_UNIT for character in text)


def pieces(text: str, limit: int = TEXT_LIMIT) -> Iterator[str]:
    """Cut `text` into parts of at most `limit` units, as Telegram's apps do; no character is cut."""
    start = units = 0
    for position, character in enumerate(text):
        width = 2 if character > _LAST_SINGLE_UNIT else 1
        if units + width > limit:
            yield text[start:position]
            start, units = position, 0
        units += width
    yield text[start:]


def clean_text(text: str, entities: list[dict[str, Any]], limit: int, *, caption: bool = False) -> str:
    """Return `text` trimmed as Telegram trims it; refuse the empty and the too long. Entities move along in place."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise bad_request("strings must be encoded in UTF-8") from None
    check_entities(text, entities)
    left = len(text) - len(text.lstrip())
    text = text.strip()
    if utf16_length(text) > limit:
        raise bad_request("message caption is too long" if caption else "message is too long")
    if not text and not caption:
        raise bad_request("message text is empty")
    units = utf16_length(text)
    for entity in entities:
        end = min(entity["offset"] + entity["length"] - left, units)
        entity["offset"] = max(0, entity["offset"] - left)
        entity["length"] = end - entity["offset"]
    entities[:] = [entity for entity in entities if entity["length"] > 0]
    return text


def check_entities(text: str, entities: list[dict[str, Any]]) -> None:
    """Refuse entities of an unknown kind and those that reach beyond the text or into the middle of a character."""
    if not entities:
        return
    edges = {0}
    position = 0
    for character in text:
        position += 2 if character > _LAST_SINGLE_UNIT else 1
        edges.add(position)
    for entity in entities:
        if not isinstance(entity, dict) or entity.get("type") not in ENTITY_KINDS:
            raise bad_request("can't parse MessageEntity: Unsupported type specified")
        offset, length = entity.get("offset"), entity.get("length")
        if not isinstance(offset, int) or not isinstance(length, int) or offset < 0 or length <= 0:
            raise bad_request("can't parse MessageEntity: Field must be a valid Number")
        end = offset + length
        if offset > position:
            raise bad_request(f"entity begins after the end of the text at UTF-16 offset {offset}")
        if end > position:
            raise bad_request(
                f"entity beginning at UTF-16 offset {offset} ends after the end of the text at UTF-16 offset {end}"
            )
        if offset not in edges or end not in edges:
            raise bad_request(f"entity beginning at UTF-16 offset {offset} ends in a middle of a UTF-16 symbol")


def check_markup(markup: Any) -> dict[str, Any] | None:
    """Check a `reply_markup` and return it; None for none."""
    if markup is None:
        return None
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    for row in markup.get("inline_keyboard", ()):
        if not isinstance(row, list):
            raise bad_request("can't parse inline keyboard markup JSON object: expected an Array of Arrays")
        for button in row:
            _check_button(button)
    return markup


def _check_button(button: Any) -> None:
    if not isinstance(button, dict) or not isinstance(button.get("text"), str):
        raise bad_request('can\'t parse inline keyboard button: Field "text" must be of type String')
    if not any(value for field, value in button.items() if field != "text"):
        raise bad_request("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if len(str(button.get("callback_data", "")).encode("utf-8", "surrogatepass")) > CALLBACK_DATA_LIMIT:
        raise bad_request("BUTTON_DATA_INVALID")
    url = str(button.get("url") or "")
    if url and not url.startswith(("http://", "https://", "tg://")):
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: Unsupported URL protocol")


def check_commands(commands: Any) -> list[dict[str, str]]:
    """Check a list of bot commands and return it in its plain form."""
    if not isinstance(commands, list) or not all(isinstance(command, dict) for command in commands):
        raise bad_request("can't parse commands JSON object")
    if len(commands) > COMMANDS_LIMIT:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    checked = []
    for command in commands:
        name = str(command.get("command", "")).removeprefix("/")
        about = str(command.get("description", ""))
        if not _COMMAND.fullmatch(name):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= utf16_length(about) <= 256:  # noqa: PLR2004 (Telegram's limit, used nowhere else)
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
        checked.append({"command": name, "description": about})
    return checked
