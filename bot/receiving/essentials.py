"""An update reduced to what we need of it.

Now and then Telegram sends something that its own documentation does not allow, such as a quoted story without an
author or a forward without a name (https://github.com/aiogram/aiogram/issues/1587, /1840). aiogram then refuses the
whole update, and what the person wrote in it would be lost for something that we never look at.
"""

from typing import Any

_MESSAGE = ("message_id", "date", "edit_date", "text", "voice", "audio", "entities")
_CHAT = ("id", "type")
_PERSON = ("id", "is_bot", "first_name")
#: Stands for any origin that cannot be read: it is enough to know that somebody else may have written it.
_SOMEWHERE = {"type": "hidden_user", "sender_user_name": "somebody", "date": 0}


def plain(raw: dict[str, Any]) -> dict[str, Any]:
    """The same update with nothing in it but what decides how we answer."""
    reduced: dict[str, Any] = {"update_id": raw.get("update_id")}
    for kind in ("message", "edited_message"):
        if isinstance(raw.get(kind), dict):
            reduced[kind] = _message(raw[kind])
    query = raw.get("callback_query")
    if isinstance(query, dict):
        reduced["callback_query"] = _only(query, ("id", "chat_instance", "data")) | {
            "from": _part(query.get("from"), _PERSON),
            "message": _message(query["message"]) if isinstance(query.get("message"), dict) else None,
        }
    return reduced


def _message(message: dict[str, Any]) -> dict[str, Any]:
    reduced = _only(message, _MESSAGE) | {
        "chat": _part(message.get("chat"), _CHAT),
        "from": _part(message.get("from"), _PERSON),
    }
    if "forward_origin" in message:
        reduced["forward_origin"] = _SOMEWHERE
    return reduced


def _only(whole: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: whole[name] for name in names if name in whole}


def _part(whole: Any, names: tuple[str, ...]) -> Any:
    return _only(whole, names) if isinstance(whole, dict) else whole
