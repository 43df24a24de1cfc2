"""Who may talk to the local messenger: programs and pages on this computer, and no web page from elsewhere.

- The Host header must name this computer, so that a foreign name that was pointed at 127.0.0.1 (DNS rebinding) gets
  nothing.
- A request that a browser sends on behalf of another origin is refused, reading included; only following a link to
  the page is allowed.
- Every answer carries a strict content security policy: no inline script or style, nothing from elsewhere.
"""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

OWN_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self' blob:; "
    "connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    "Cache-Control": "no-store",
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse strangers with one sentence."""
    if not _named_here(request.host) or not _asked_from_here(request):
        return web.json_response(
            {"error": "This messenger talks to this computer only. Open it by the address that was printed."},
            status=403,
        )
    return await handler(request)


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Signal handler: the same headers on every answer, streams included."""
    if not request.path.startswith(("/bot", "/file/")):
        response.headers.update(HEADERS)


def _named_here(host: str) -> bool:
    try:
        return urlsplit(f"//{host}").hostname in OWN_NAMES
    except ValueError:
        return False


def _asked_from_here(request: web.Request) -> bool:
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"http://{request.host}":
        return False
    site = request.headers.get("Sec-Fetch-Site", "none")
    if site in ("same-origin", "none"):
        return True
    return request.method == "GET" and request.headers.get("Sec-Fetch-Mode") == "navigate" and request.path == "/"
