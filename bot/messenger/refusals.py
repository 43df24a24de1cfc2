"""The one error of the Bot API, and Telegram's own words for it.

A `Refusal` becomes `{"ok": false, "error_code": …, "description": …}` on the wire. The descriptions are those that
the public Bot API server gives (github.com/tdlib/telegram-bot-api, `Client.cpp`, and tdlib's `MessageEntity.cpp`), so
that code which looks at them behaves here as it would there. No description repeats anyone's words.
"""

from http import HTTPStatus
from typing import Any


class Refusal(Exception):  # noqa: N818 (a refusal is an answer, not a fault in the program)
    """A Bot API method said no.

    code: HTTP status and `error_code`; description: Telegram's sentence; parameters: for example `retry_after` in
    seconds.
    """

    def __init__(self, code: int, description: str, parameters: dict[str, Any] | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    def wire(self) -> dict[str, Any]:
        """The body of the answer, in Telegram's JSON form."""
        body: dict[str, Any] = {"ok": False, "error_code": self.code, "description": self.description}
        if self.parameters:
            body["parameters"] = self.parameters
        return body


def bad_request(what: str) -> Refusal:
    """400 with Telegram's usual prefix."""
    return Refusal(HTTPStatus.BAD_REQUEST, f"Bad Request: {what}")


def forbidden(what: str) -> Refusal:
    """403 with Telegram's usual prefix."""
    return Refusal(HTTPStatus.FORBIDDEN, f"Forbidden: {what}")


def conflict(what: str) -> Refusal:
    """409 with Telegram's usual prefix."""
    return Refusal(HTTPStatus.CONFLICT, f"Conflict: {what}")


def too_many_requests(seconds: int) -> Refusal:
    """429; `seconds` until the next try is welcome."""
    return Refusal(HTTPStatus.TOO_MANY_REQUESTS, f"Too Many Requests: retry after {seconds}", {"retry_after": seconds})


def unauthorized() -> Refusal:
    """401: the token is not this bot's."""
    return Refusal(HTTPStatus.UNAUTHORIZED, "Unauthorized")


def not_found() -> Refusal:
    """404: no such method."""
    return Refusal(HTTPStatus.NOT_FOUND, "Not Found")


def server_error() -> Refusal:
    """500."""
    return Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal Server Error")
