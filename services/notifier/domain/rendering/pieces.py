"""What the renderers have in common: the notice itself, and how costs, scores and lists read."""

from __future__ import annotations

from dataclasses import dataclass

from services.notifier.domain.notice import Notice, Severity
from services.notifier.domain.offer import Offer
from shared import messages

Facts = tuple[tuple[str, str], ...]

_CENT = 0.01  # [USD]


@dataclass(frozen=True, slots=True)
class Alike:
    """What makes a notice one of many alike.

    `cause` is what they have in common beside their kind, `thing` what this one is about, and `several`
    what many of them are called, with a `{count}`.
    """

    cause: tuple[str, ...]
    thing: str
    several: str


def notice(
    message: messages.Message,
    severity: Severity,
    subject: str,
    *lines: str,
    facts: Facts = (),
    quiet: bool = False,
    outcome: bool = False,
    alike: Alike | None = None,
    remedy: str = "",
    offers: tuple[Offer, ...] = (),
) -> Notice:
    """Return what is told of a message; empty lines and facts are left out.

    Parameters
    ----------
    quiet
        Whether it is routine that stands only in the day's summary.
    outcome
        Whether it says what serves or what ended, and is told by itself.
    alike
        What makes it one of many that are told together.
    remedy
        What people can do about it.
    """
    kind = str(type(message).model_fields["type"].default).removeprefix("solar.")
    return Notice(
        id=message.id,
        kind=kind,
        severity=severity,
        subject=subject,
        lines=tuple(line for line in lines if line),
        happened_at=message.occurred_at,
        facts=tuple((label, value) for label, value in facts if value),
        quiet=quiet,
        outcome=outcome,
        cause=" ".join((kind, *alike.cause)) if alike else "",
        thing=alike.thing if alike else "",
        several=alike.several if alike else "",
        remedy=sentence(remedy) if remedy else "",
        model=str(getattr(message, "model_id", "")),
        site=str(getattr(message, "site_id", "")),
        offers=offers,
    )


def cost(usd: float | None) -> str:
    """Say an amount of money in words."""
    if usd is None:
        return "not known yet"
    return f"{usd:.2f} USD" if usd >= _CENT else "less than 0.01 USD"


def listed(title: str, items: tuple[str, ...]) -> str:
    """Return a title with one line for each item; nothing where there are none."""
    return "\n".join([title, *(f"- {item}" for item in items)]) if items else ""


def sentence(text: str) -> str:
    """Return a text that ends as a sentence does."""
    return text if text.endswith((".", "?", "!")) else f"{text}."


def score(r2: float | None) -> str:
    """Say an R2."""
    return "unknown" if r2 is None else f"{r2:.3f}"


def compared(r2: float | None) -> str:
    """Say an R2 of the same rows; nothing where there is none."""
    return "" if r2 is None else f"{r2:.3f} on the same rows"


def unmasked(r2: float | None) -> str:
    """Say an R2 of every measured row; nothing where there is none."""
    return "" if r2 is None else f"{r2:.3f} on every measured row of the test"
