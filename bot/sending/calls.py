"""The calls that send, with only the fields that we use, and their results left as they came.

aiogram would parse every sent message back into its own types. A field that it does not know yet would then look like a
failure, and the message would be sent again and again. Nor do we need more of the result than the message's number.
"""

from typing import Any

from aiogram.methods.base import Response, TelegramMethod
from aiogram.types import InputFile
from pydantic import Field

#: aiogram asks for these models with each call. pydantic forgets one that nobody holds, and it takes milliseconds to
#: make anew.
ANSWERS = (Response[dict[str, Any]], Response[list[dict[str, Any]]], Response[Any])


class SendText(TelegramMethod[dict[str, Any]]):
    """sendMessage. Words only: no entities, and never a parse mode. Links are not fetched for a preview."""

    __returning__ = dict[str, Any]
    __api_method__ = "sendMessage"

    chat_id: int
    text: str
    reply_markup: dict[str, Any] | None = None
    link_preview_options: dict[str, bool] = Field(default_factory=lambda: {"is_disabled": True})


class SendFile(TelegramMethod[dict[str, Any]]):
    """sendDocument. The file goes from memory; nothing is written to a disk."""

    __returning__ = dict[str, Any]
    __api_method__ = "sendDocument"

    chat_id: int
    document: InputFile


class ChangeText(TelegramMethod[Any]):
    """editMessageText"""

    __returning__ = Any
    __api_method__ = "editMessageText"

    chat_id: int
    message_id: int
    text: str
    reply_markup: dict[str, Any] | None = None
    link_preview_options: dict[str, bool] = Field(default_factory=lambda: {"is_disabled": True})


class TakeButtons(TelegramMethod[Any]):
    """editMessageReplyMarkup without a keyboard: the buttons go."""

    __returning__ = Any
    __api_method__ = "editMessageReplyMarkup"

    chat_id: int
    message_id: int


class DeleteAll(TelegramMethod[Any]):
    """deleteMessages: those that are not there any more are passed over."""

    __returning__ = Any
    __api_method__ = "deleteMessages"

    chat_id: int
    message_ids: list[int]


class DeleteOne(TelegramMethod[Any]):
    """deleteMessage"""

    __returning__ = Any
    __api_method__ = "deleteMessage"

    chat_id: int
    message_id: int
