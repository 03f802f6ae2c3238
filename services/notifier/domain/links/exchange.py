"""A request and an answer, as a browser and the links function exchange them."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from services.notifier.domain.links.grant import RefusedError
from services.notifier.domain.links.page import STYLE

LARGEST_FORM = 4096  # [bytes]


def _style_hash() -> str:
    """Return the name by which a browser knows our own style; it takes no other."""
    return base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()


_FORM = "application/x-www-form-urlencoded"
# No script, no frame, nothing from elsewhere; the address, which holds the proof, goes nowhere.
HEADERS = {
    "content-security-policy": f"default-src 'none'; style-src 'sha256-{_style_hash()}'; img-src data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "strict-transport-security": "max-age=31536000",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex, nofollow",
}


@dataclass(frozen=True, slots=True)
class Request:
    """What a browser asks."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    domain: str = ""

    @property
    def token(self) -> str:
        """The link's proof: the last part of the path."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the browser gets: a page, or another address."""

    status: int
    page: str = ""
    location: str = ""


def request_of(event: Mapping[str, Any]) -> Request:
    """Read an event of a function URL (payload format 2.0)."""
    context = event.get("requestContext", {})
    raw = event.get("body") or ""
    try:
        body = base64.b64decode(raw) if event.get("isBase64Encoded") else raw.encode()
    except binascii.Error:
        body = b""
    return Request(
        method=str(context.get("http", {}).get("method", "GET")),
        path=str(event.get("rawPath", "/")),
        headers={str(name).lower(): str(each) for name, each in event.get("headers", {}).items()},
        body=body,
        domain=str(context.get("domainName", "")),
    )


def answer_event(answer: Answer) -> dict[str, Any]:
    """Write an answer as a function URL takes it."""
    headers = {**HEADERS, "content-type": "text/html; charset=utf-8"}
    if answer.location:
        headers["location"] = answer.location
    return {"statusCode": answer.status, "headers": headers, "body": answer.page}


def form_of(request: Request) -> dict[str, str]:
    """Return the fields of a form that our own page sent.

    Raises
    ------
    RefusedError
        It is too large, no form, or comes from a page elsewhere.
    """
    if len(request.body) > LARGEST_FORM:
        raise RefusedError("too_large", "This form is too large.", 413)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise RefusedError("no_form", "Only the form on the link's page is taken.", 415)
    if not _is_ours(request):
        raise RefusedError("cross_site", "This form came from a page of somebody else.")
    try:
        fields = parse_qs(
            request.body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=10
        )
    except ValueError as error:
        raise RefusedError("no_form", "Only the form on the link's page is taken.", 415) from error
    return {name: values[0].strip() for name, values in fields.items()}


def _is_ours(request: Request) -> bool:
    """Whether a form comes from our own page, as far as the browser says.

    Our pages send no referrer, so that browsers say `Origin: null` of their forms, too; those that are too
    old to say `Sec-Fetch-Site` say nothing else. For them the link alone is the proof.
    """
    site = request.headers.get("sec-fetch-site")
    if site:
        return site in {"same-origin", "none"}
    return request.headers.get("origin") in {None, "null", f"https://{request.domain}"}
