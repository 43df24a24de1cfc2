"""The parameters of one Bot API call, however they came: query, form, JSON, or multipart with files.

Files stay in memory (aiohttp's own form reader would write them to a temporary file).
"""

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import BodyPartReader, web

from bot.messenger.refusals import Refusal, bad_request

BODY_LIMIT = 50 * 1024 * 1024
"""Bytes; the largest upload that Telegram takes from a bot."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file in a call or from the page."""

    name: str
    mime: str
    data: bytes


class Parameters:
    """Reads parameters by name and type. What is missing or not of the type reads as Telegram reads it: empty or 0."""

    def __init__(self, values: dict[str, Any], uploads: dict[str, Upload] | None = None) -> None:
        self._values = values
        self._uploads = uploads or {}

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def text(self, name: str) -> str:
        """A string; numbers come as their digits."""
        value = self._values.get(name)
        return "" if value is None else str(value)

    def number(self, name: str) -> int:
        """A whole number, 0 when there is none."""
        try:
            return int(self._values.get(name) or 0)
        except (TypeError, ValueError):
            return 0

    def flag(self, name: str) -> bool:
        """Whether it is true, in any of the ways in which callers write that."""
        return self.text(name).lower() in ("true", "1", "yes")

    def structure(self, name: str) -> Any:
        """A list or object, decoded when it came as a string; None when it is missing."""
        value = self._values.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise bad_request(f"can't parse {name} JSON object") from None

    def upload(self, name: str) -> Upload | None:
        """The file of that parameter: sent as the field itself, or as `attach://other-field`."""
        reference = self.text(name)
        if reference.startswith("attach://"):
            return self._uploads.get(reference.removeprefix("attach://"))
        return self._uploads.get(name)

    def summary(self) -> dict[str, Any]:
        """What the call log keeps: every value, and of files the size only."""
        return self._values | {name: f"{len(upload.data)} bytes" for name, upload in self._uploads.items()}


async def read_parameters(request: web.Request) -> Parameters:
    """Read the parameters of a request, at most `BODY_LIMIT` bytes of them."""
    values: dict[str, Any] = dict(request.query)
    uploads: dict[str, Upload] = {}
    if (request.content_length or 0) > BODY_LIMIT:
        raise _too_large()
    if request.body_exists:
        if request.content_type == "application/json":
            values |= _json_object(await request.read())
        elif request.content_type == "multipart/form-data":
            fields, uploads = await read_multipart(request)
            values |= fields
        else:
            body = (await request.read()).decode("utf-8", "replace")
            values |= dict(parse_qsl(body, keep_blank_values=True))
    return Parameters(values, uploads)


async def read_multipart(request: web.Request) -> tuple[dict[str, str], dict[str, Upload]]:
    """Read the fields and files of a multipart form into memory."""
    fields: dict[str, str] = {}
    uploads: dict[str, Upload] = {}
    left = BODY_LIMIT
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            continue
        data = bytearray()
        while chunk := await part.read_chunk():
            data += chunk
            left -= len(chunk)
            if left < 0:
                raise _too_large()
        if part.filename is None:
            fields[part.name] = data.decode("utf-8", "replace")
        else:
            mime = part.headers.get("Content-Type", "application/octet-stream")
            uploads[part.name] = Upload(part.filename, mime, bytes(data))
    return fields, uploads


def _too_large() -> Refusal:
    return Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Request Entity Too Large")


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        raise bad_request("can't parse JSON object") from None
    if not isinstance(value, dict):
        raise bad_request("can't parse JSON object")
    return value
