"""A link's proof: what it grants, to whom and until when, signed so that nothing in it can be altered.

The text is `<grant>.<key>.<signature>`: JSON and HMAC-SHA256 (RFC 2104) in base64url, and the name of the
key that signed. The link itself is the proof, so whoever holds it can follow it: it is bound to one verb
about one thing, expires, and acts at most once.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services.notifier.domain.offer import Verb

ACTING = frozenset({Verb.APPROVE, Verb.REJECT, Verb.HOLD, Verb.ROLLBACK})
LONGEST_TOKEN = 2000  # characters
_KEY_NAME = 8
# Why links of people who mean well are refused, and what browsers and robots ask for by themselves.
HARMLESS = frozenset({"expired", "used", "over", "malformed"})


class RefusedError(Exception):
    """A link is not honoured; `reason` is a stable name that is counted, the text says it to people."""

    def __init__(self, reason: str, said: str, status: int = 403) -> None:
        super().__init__(said)
        self.reason = reason
        self.said = said
        self.status = status


@dataclass(frozen=True, slots=True)
class Grant:
    """What a link lets its holder see or do.

    Attributes
    ----------
    about
        What it is about, as its offer says.
    recipient
        To whom it was sent: a channel's or a person's name.
    nonce
        Tells this link from others about the same thing; an acting link is marked by it when used.
    """

    verb: Verb
    about: Mapping[str, str]
    recipient: str
    expires_at: datetime
    nonce: str

    @property
    def acts(self) -> bool:
        """Whether following it changes something."""
        return self.verb in ACTING


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """For how long links are honoured: those that act, and those that show something.

    A key is honoured for at least a week after it signed, so that no link can last longer.
    """

    acts: timedelta = timedelta(hours=72)
    shows: timedelta = timedelta(days=7)

    def of(self, verb: Verb) -> timedelta:
        """Return for how long a link is honoured."""
        return self.acts if verb in ACTING else self.shows


def key_name(key: str) -> str:
    """Return a name of a key that says nothing about it."""
    return hashlib.sha256(key.encode()).hexdigest()[:_KEY_NAME]


def signed(grant: Grant, key: str) -> str:
    """Return the text of a link's proof."""
    said = {
        "v": grant.verb.value,
        "a": dict(sorted(grant.about.items())),
        "r": grant.recipient,
        "x": int(grant.expires_at.timestamp()),
        "n": grant.nonce,
    }
    body = _encode(json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode())
    name = key_name(key)
    return f"{body}.{name}.{_encode(_signature(body, name, key))}"


def read(token: str, keys: Mapping[str, str], now: datetime) -> Grant:
    """Return what a link grants.

    Parameters
    ----------
    keys
        The keys that are honoured, by their names.

    Raises
    ------
    RefusedError
        It was altered, is no link, is signed by no key that is still honoured, or has expired.
    """
    parts = token.split(".")
    if len(token) > LONGEST_TOKEN or len(parts) != 3:  # noqa: PLR2004 - grant, key, signature
        raise RefusedError("malformed", "This is no link of ours; copy the whole address.", 400)
    body, name, signature = parts
    key = keys.get(name)
    if key is None:
        raise RefusedError("old_key", "This link is too old; its key was replaced.")
    if not hmac.compare_digest(_encode(_signature(body, name, key)).encode(), _bytes(signature)):
        raise RefusedError("forged", "This link was altered, or copied only in part.")
    grant = _grant(body)
    if now >= grant.expires_at:
        when = f"{grant.expires_at:%Y-%m-%d %H:%M} UTC"
        raise RefusedError("expired", f"This link ended at {when}.", 410)
    return grant


def _grant(body: str) -> Grant:
    try:
        said = json.loads(_decode(body))
        return Grant(
            verb=Verb(said["v"]),
            about={str(name): str(value) for name, value in said["a"].items()},
            recipient=str(said["r"]),
            expires_at=datetime.fromtimestamp(said["x"], UTC),
            nonce=str(said["n"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RefusedError(
            "malformed", "This link is of another version of the system.", 400
        ) from error


def _signature(body: str, name: str, key: str) -> bytes:
    return hmac.new(key.encode(), _bytes(f"{body}.{name}"), hashlib.sha256).digest()


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise ValueError(text) from error
