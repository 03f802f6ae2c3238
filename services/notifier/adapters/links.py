"""Links where nothing signs them."""

from __future__ import annotations

from datetime import datetime

from services.notifier.domain.offer import Offer


class NoLinks:
    """Implements the port `Links` by none."""

    def address(self, offer: Offer, recipient: str, now: datetime) -> str | None:  # noqa: ARG002 - the port's
        """Return nothing: there is no address."""
        return None
