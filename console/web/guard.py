"""Who may call: this machine's own browser, from our own pages, with our token.

A page that somebody else serves must not act in the operator's name. Against that the Host is checked (a name
that was bent to 127.0.0.1 is refused), for every change also the Origin and a token that only our pages know.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# The style of the charting library's maps, which it adds to every page by itself: it is allowed by its hash.
_CHART_STYLES = (
    "'sha256-wkY2X5hecQzbhnFCqvTpwrUJ1f4X8LH5WFjYUzv1wmU='",
    "'sha256-ji27qzEtxXZW+7dun6UwjHXJ18e6WAin1VvNtkzIE/o='",
)
POLICY = (
    "default-src 'none'; script-src 'self'; img-src 'self' data:; connect-src 'self'; frame-src 'self'; "
    f"style-src 'self' {' '.join(_CHART_STYLES)}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# A run's report is a document of its own, with its pictures and styles inside: it may do nothing else.
REPORT_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with none a browser sends our own forms without their origin
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
LARGEST_FORM = 64 * 1024


@dataclass(frozen=True, slots=True)
class Guard:
    """What a call must have.

    Attributes
    ----------
    token
        Stands in our forms; a new one for each start of the server.
    read_only
        Whether every change is refused.
    """

    port: int
    read_only: bool = False
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    @property
    def hosts(self) -> set[str]:
        """The names under which a browser on this machine reaches us."""
        return {f"127.0.0.1:{self.port}", f"localhost:{self.port}"}

    def refuses_host(self, host: str) -> bool:
        """Return whether a call came under a name that is not ours."""
        return host not in self.hosts

    def why_not(self, request: Request, token: str) -> str | None:
        """Return why a change is refused, or None."""
        if self.read_only:
            return "this console was started with --read-only; start it without to change something"
        origin = request.headers.get("origin")
        if origin is None or origin.removeprefix("http://") not in self.hosts:
            return (
                "the form was not sent by a page of this console; open the page anew and try again"
            )
        if not hmac.compare_digest(token.encode(), self.token.encode()):
            return (
                "the form is of an earlier start of this console; open the page anew and try again"
            )
        return None


class Guarding:
    """Refuses foreign hosts, and adds to every answer what a browser may do with it."""

    def __init__(self, app: ASGIApp, guard: Guard) -> None:
        self.app = app
        self.guard = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a call that may come in."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        request = Request(scope)
        if self.guard.refuses_host(request.headers.get("host", "")):
            answer = PlainTextResponse(
                f"solar console answers only to 127.0.0.1:{self.guard.port}", status_code=403
            )
            await answer(scope, receive, with_headers)
            return
        await self.app(scope, receive, with_headers)
