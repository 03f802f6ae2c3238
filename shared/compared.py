"""How a challenger did against the champion, in words: reasons, mails and pages say it alike."""

from __future__ import annotations

from shared.evaluation import Comparison, Evaluation


def of_evaluation(found: Evaluation) -> str:
    """Return what became of the comparison with what serves; nothing where nothing serves."""
    version = found.champion_version
    if version is None:
        return ""
    if found.comparison is None:
        why = found.not_compared or "see the reasons"  # an evaluation of before does not say
        return f"v{version} serves but cannot be compared: {why}"
    return in_words(found.comparison, version)


def in_words(found: Comparison, champion: int, margin: float | None = None) -> str:
    """Return whether a challenger is better, worse or not surely either, and by how much.

    Parameters
    ----------
    champion
        The version that it was compared with.
    margin
        How much worse it may be, as a share of AC capacity; None where that is not known. [unitless]
    """
    by = f"{abs(found.delta_nmae):.2%} of AC capacity"
    interval = f"nMAE, 95 % interval {found.ci_low:+.2%} to {found.ci_high:+.2%}"
    return (
        f"against champion v{champion} on the same {found.days} days: "
        f"{_standing(found, by)} ({interval}){_allowed(found, margin)}"
    )


def _standing(found: Comparison, by: str) -> str:
    if found.ci_high < 0:
        return f"better by {by}"
    if found.ci_low > 0:
        return f"worse by {by}"
    return (
        f"no sure difference: the error is {by} {'smaller' if found.delta_nmae < 0 else 'larger'}"
    )


def _allowed(found: Comparison, margin: float | None) -> str:
    if margin is None or found.ci_low <= 0 or found.delta_nmae > margin:
        return ""
    return f", within the margin of {margin:.2%} that is allowed (margins.nmae)"
