"""What the renderers have in common: the notice itself, and how costs, scores and lists read."""

from __future__ import annotations

from services.notifier.domain.notice import Notice, Severity
from shared import messages

Facts = tuple[tuple[str, str], ...]

_CENT = 0.01  # [USD]


def notice(
    message: messages.Message,
    severity: Severity,
    subject: str,
    *lines: str,
    facts: Facts = (),
    quiet: bool = False,
    cause: tuple[str, ...] = (),
) -> Notice:
    """Return what is told of a message; empty lines and facts are left out.

    Parameters
    ----------
    quiet
        Whether it is routine that stands only in the day's summary.
    cause
        What makes it one of many alike, beside its kind: those that follow soon are told together.
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
        cause=" ".join((kind, *cause)) if cause else "",
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
