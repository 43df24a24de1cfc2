"""What every request passes through: who may ask, and what a browser may do with the answer."""

import base64
import hashlib
import logging
from collections.abc import Callable

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from storage.errors import StorageError

log = logging.getLogger(__name__)

HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

#: What a page may do when it carries no style sheet of its own.
BARE_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def policy_for(style: str, script: str = "", *, sounds: bool = False) -> str:
    """A Content-Security-Policy that allows this one style sheet, this one script if any, forms to this server, sounds
    from it where there are any, and nothing else."""
    scripts = f" script-src {_hash(script)};" if script else ""
    scripts += " media-src 'self';" if sounds else ""
    return (
        f"default-src 'none'; style-src {_hash(style)};{scripts} form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'"
    )


def _hash(content: str) -> str:
    digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def page(html: str, style: str, status: int = 200) -> web.Response:
    headers = {"Content-Security-Policy": policy_for(style)}
    return web.Response(text=html, content_type="text/html", charset="utf-8", status=status, headers=headers)


def guard(explain: Callable[[int, str], web.Response]) -> Middleware:
    """The middleware. `explain` makes a page of a status and one sentence."""

    @web.middleware
    async def pass_through(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            if not _is_loopback_name(request):
                response: web.StreamResponse = explain(
                    403, "This page is for this machine only: use the address as printed."
                )
            else:
                response = await handler(request)
        except web.HTTPNotFound:
            response = explain(404, "There is no page at this address.")
        except web.HTTPMethodNotAllowed:
            response = explain(405, "These pages can be read and not changed.")
        except StorageError as problem:
            response = explain(503, str(problem))
        except web.HTTPException:
            raise
        except Exception as problem:  # noqa: BLE001 - aiohttp would log a traceback, whose last line can hold words
            log.error("A page failed: %s.", type(problem).__name__)
            response = explain(500, "This page failed because of a mistake in Hearten. Nothing was lost: go back.")
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Content-Security-Policy", BARE_POLICY)
        return response

    return pass_through


def _is_loopback_name(request: web.Request) -> bool:
    """Whether the Host header names loopback and the port that was really connected to (against DNS rebinding)."""
    where = request.transport.get_extra_info("sockname") if request.transport else None
    if not where:
        return False
    return request.headers.get("Host", "") in {f"{name}:{where[1]}" for name in ("127.0.0.1", "localhost")}
