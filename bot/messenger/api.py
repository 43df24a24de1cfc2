"""The Bot API over HTTP: `/bot<token>/<method>` and `/file/bot<token>/<path>`.

A call is answered in this order: token, method, faults that strike before, the method itself, faults that strike
after. getUpdates and the webhook methods live here because they wait; all others are plain functions in `methods.py`
and `profile.py`.
"""

import asyncio
import re
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from bot.messenger import profile
from bot.messenger.methods import METHODS
from bot.messenger.parameters import Parameters, read_parameters
from bot.messenger.refusals import (
    Refusal,
    bad_request,
    forbidden,
    not_found,
    server_error,
    too_many_requests,
    unauthorized,
)
from bot.messenger.room import Call, Room
from bot.messenger.updates import LIMIT, encode
from bot.messenger.webhook import Webhook

__all__ = ["Api", "profile"]  # importing profile registers its methods

LONGEST_POLL = 50
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_TOKEN = re.compile(r"\d+:[\w-]+")
_SECRET = re.compile(r"[A-Za-z0-9_-]{0,256}")
_WAITING = {name.lower(): name for name in ("getUpdates", "setWebhook", "deleteWebhook", "getWebhookInfo")}


class Api:
    """The bot's door into the room."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._webhook: Webhook | None = None

    def routes(self) -> list[web.RouteDef]:
        """The routes of the Bot API."""
        return [
            web.get("/bot{token}/{method}", self._call),
            web.post("/bot{token}/{method}", self._call),
            web.get("/file/bot{token}/{path:.+}", self._download),
        ]

    async def close(self) -> None:
        """Stop what runs in the background."""
        self._room.updates.stop()
        if self._webhook is not None:
            await self._webhook.close()
            self._webhook = None

    async def _call(self, request: web.Request) -> web.StreamResponse:
        room, asked = self._room, request.match_info["method"].lower()
        name = _WAITING.get(asked) or METHODS.get(asked, ("",))[0]
        parameters = Parameters({})
        error = 0
        try:
            self._check_token(request.match_info["token"])
            if not name:
                raise not_found()
            parameters = await read_parameters(request)
            if await self._struck_before(name, parameters):
                return _dropped(request)
            body = await self._answer(asked, parameters)
        except Refusal as refusal:
            error = refusal.code
            body = encode(refusal.wire())
        if name != "getUpdates":
            room.calls.append(Call(name or "unknown", parameters.summary(), error))
        if name and not error and room.faults.strikes("drop_after", name):
            return _dropped(request)
        return web.Response(body=body, status=error or HTTPStatus.OK, content_type="application/json")

    async def _answer(self, asked: str, p: Parameters) -> bytes:
        if asked == "getupdates":
            return b'{"ok":true,"result":[' + b",".join(await self._get_updates(p)) + b"]}"
        if asked in METHODS:
            result = METHODS[asked][1](self._room, p)
        elif asked == "getwebhookinfo":
            result = self._webhook_info()
        else:
            result = await self._set_webhook(p, p.text("url") if asked == "setwebhook" else "")
        return encode({"ok": True, "result": result})

    def _check_token(self, token: str) -> None:
        if token != self._room.token:
            raise unauthorized() if _TOKEN.fullmatch(token) else not_found()

    async def _struck_before(self, name: str, p: Parameters) -> bool:
        """Let faults strike; True when the connection is to be dropped."""
        faults, about_a_chat = self._room.faults, "chat_id" in p
        if faults.strikes("slow", name):
            await asyncio.sleep(faults.seconds("slow"))
        if faults.strikes("drop_before", name):
            return True
        if faults.strikes("too_many_requests", name, about_a_chat=about_a_chat):
            raise too_many_requests(max(1, round(faults.seconds("too_many_requests"))))
        if faults.strikes("blocked", name, about_a_chat=about_a_chat):
            raise forbidden("bot was blocked by the user")
        if faults.strikes("server_error", name):
            raise server_error()
        return False

    def _allow(self, p: Parameters) -> None:
        allowed = p.structure("allowed_updates")
        if isinstance(allowed, list):
            self._room.updates.allowed = frozenset(map(str, allowed))

    async def _get_updates(self, p: Parameters) -> list[bytes]:
        self._allow(p)
        limit = min(p.number("limit") or LIMIT, LIMIT)
        return await self._room.updates.poll(p.number("offset"), max(1, limit), min(p.number("timeout"), LONGEST_POLL))

    async def _set_webhook(self, p: Parameters, url: str) -> bool:
        """Set, replace or (with an empty address) remove the webhook. Only this computer can be one."""
        secret = p.text("secret_token")
        if url:
            address = urlsplit(url)
            if address.scheme not in ("http", "https") or not address.hostname:
                raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
            if address.hostname not in LOOPBACK:
                raise bad_request("bad webhook: the local messenger delivers to this computer only")
            if not _SECRET.fullmatch(secret):
                raise bad_request("secret token contains unallowed characters")
        await self.close()
        self._allow(p)
        if p.flag("drop_pending_updates"):
            self._room.updates.clear()
        if url:
            connections = min(max(p.number("max_connections") or 40, 1), 100)
            self._webhook = Webhook(
                url, secret, connections=connections, updates=self._room.updates, clock=self._room.clock
            )
        return True

    def _webhook_info(self) -> dict[str, Any]:
        if self._webhook is not None:
            return self._webhook.wire()
        return {"url": "", "has_custom_certificate": False, "pending_update_count": len(self._room.updates)}

    async def _download(self, request: web.Request) -> web.StreamResponse:
        try:
            self._check_token(request.match_info["token"])
            stored = self._room.files.by_path(request.match_info["path"])
            if stored is None:
                raise not_found()
            if await self._struck_before("download", Parameters({})):
                return _dropped(request)
        except Refusal as refusal:
            return web.Response(body=encode(refusal.wire()), status=refusal.code, content_type="application/json")
        return web.Response(body=stored.data, content_type="application/octet-stream")


def _dropped(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
