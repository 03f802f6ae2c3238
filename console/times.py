"""Moments as people write them, and as our own tables and e-mails do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

HELP = "A date or a time, like 2026-11-24T07:19; UTC unless it names another zone."


def moment(text: str) -> datetime:
    """Return the moment that a text names; UTC where it says no zone.

    Parameters
    ----------
    text
        An ISO date or time (`2026-11-24`, `2026-11-24T07:19Z`, `2026-11-24T08:19+01:00`), or as our
        e-mails have it (`2026-11-24 07:19 UTC`).

    Raises
    ------
    typer.BadParameter
        It is none.
    """
    try:
        return in_utc(written(text))
    except ValueError as error:
        message = (
            f"{text!r} is no time; write 2026-11-24, 2026-11-24T07:19 (UTC), 2026-11-24T07:19Z, "
            "2026-11-24T08:19+01:00 or '2026-11-24 07:19 UTC'"
        )
        raise typer.BadParameter(message) from error


def written(text: str) -> datetime:
    """Return the moment as it is written, without a zone where it names none.

    Raises
    ------
    ValueError
        It is none.
    """
    found = text.strip()
    if found.upper().endswith("UTC"):
        found = found[:-3].rstrip() + "Z"
    return datetime.fromisoformat(found)


def in_utc(found: datetime) -> datetime:
    """Return a moment in UTC; one without a zone is meant so."""
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


From = Annotated[datetime | None, typer.Option("--from", parser=moment, metavar="TIME", help=HELP)]
To = Annotated[
    datetime | None, typer.Option("--to", parser=moment, metavar="TIME", help="Until then.")
]
