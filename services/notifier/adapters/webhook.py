"""A signed HTTPS webhook, for PagerDuty's, Teams' and everybody else's intake.

```
POST <address>
Content-Type: application/json
Solar-Notice: <id>                     the same notice has the same id: who got it knows it
Solar-Timestamp: <seconds since 1970>  refuse what is older than five minutes
Solar-Signature: v1=<hex>              HMAC-SHA256 by the signing key over "<timestamp>.<body>"
```
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.notifier.adapters.posting import checked, post
from services.notifier.domain.notice import Notice
from services.notifier.domain.offer import Link


@dataclass(frozen=True, slots=True)
class SignedWebhook:
    """Posts notices as JSON. Address and key are secrets: they appear in no log and no error."""

    address: Callable[[], str]
    key: Callable[[], str]
    recipient: str
    clock: Callable[[], float] = time.time

    def send(self, notice: Notice, links: Sequence[Link] = ()) -> None:
        """Send a notice."""
        body = json.dumps(content(notice, links), ensure_ascii=False).encode()
        stamp = str(int(self.clock()))
        headers = {
            "Solar-Notice": notice.id,
            "Solar-Timestamp": stamp,
            "Solar-Signature": f"v1={signature(self.key(), stamp, body)}",
        }
        address = checked(self.address(), f"the address secret of recipient {self.recipient}")
        post(f"webhook {self.recipient}", address, body, headers)


def signature(key: str, stamp: str, body: bytes) -> str:
    """Return the signature of a body that was posted at some time."""
    return hmac.new(key.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def content(notice: Notice, links: Sequence[Link]) -> dict[str, object]:
    """Return what is posted."""
    return {
        "id": notice.id,
        "kind": notice.kind,
        "severity": notice.severity.name.lower(),
        "subject": notice.subject,
        "lines": list(notice.lines),
        "facts": [{"label": label, "value": value} for label, value in notice.facts],
        "model": notice.model or None,
        "site": notice.site or None,
        "happened_at": notice.happened_at.isoformat(),
        "links": [{"verb": each.verb, "label": each.label, "url": each.url} for each in links],
    }
