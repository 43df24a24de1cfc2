"""A message in the form that the chat page draws: plain values, no Telegram in sight.

Only addresses that begin with http or https become links; everything else stays text. The page builds DOM nodes from
these values and never parses markup.
"""

from typing import Any

from bot.messenger.chats import Message
from bot.messenger.files import Files


def show_message(message: Message, files: Files) -> dict[str, Any]:
    """Values for the page; times in milliseconds, as JavaScript counts them."""
    origin = message.content.get("forward_origin", {})
    return {
        "id": message.id,
        "bot": message.from_bot,
        "kind": message.kind,
        "text": message.text,
        "entities": message.entities,
        "rows": [[_show_button(button) for button in row] for row in message.rows],
        "date": int(message.date * 1000),
        "edited": message.edited is not None and not message.from_bot,
        "deleted": message.deleted_by,
        "forwarded": origin.get("sender_user_name") or origin.get("sender_user", {}).get("first_name"),
        "media": _show_media(message, files),
    }


def _show_button(button: dict[str, Any]) -> dict[str, Any]:
    url = str(button.get("url") or "")
    return {
        "label": button["text"],
        "data": button.get("callback_data"),
        "url": url if url.startswith(("https://", "http://")) else None,
    }


def _show_media(message: Message, files: Files) -> dict[str, Any] | None:
    media = message.content.get(message.kind)
    if media is None:
        return None
    if message.kind == "photo":
        media = media[-1]
    stored = files.by_id(media.get("file_id", "")) if isinstance(media, dict) else None
    shown = {
        "seconds": media.get("duration"),
        "name": media.get("file_name"),
        "size": media.get("file_size"),
        "place": [media["latitude"], media["longitude"]] if message.kind == "location" else None,
        "emoji": media.get("emoji"),
        "contact": [media["first_name"], media["phone_number"]] if message.kind == "contact" else None,
        "question": media.get("question"),
        "options": [option["text"] for option in media.get("options", [])],
        "url": f"/files/{stored.path}" if stored is not None else None,
    }
    return {name: value for name, value in shown.items() if value}
