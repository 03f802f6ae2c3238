"""What a person should see before deciding about a version: its evaluation in a few rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shared.evaluation import Evaluation, GroupScores

MOST_ROWS = 12
_WORST = 10


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table of texts; the first row names the columns."""

    title: str
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an evaluation found: figures, reasons and tables."""

    facts: tuple[tuple[str, str], ...]
    reasons: tuple[str, ...]
    tables: tuple[Table, ...]


def evidence(evaluation: Evaluation) -> Evidence:
    """Return what a person decides by: scores, the champion, the worst sites, the skies, the masks."""
    scores = evaluation.challenger
    facts = [
        ("R² on the test rows", f"{_r2(scores.all.r2)} (floor {evaluation.accuracy_threshold:g})"),
        ("R² in daylight", _r2(scores.daylight.r2)),
        ("Error (nMAE)", f"{scores.all.nmae:.1%} of capacity"),
        ("Bias", f"{scores.all.mbe:+.2%} of capacity"),
    ]
    if scores.unmasked is not None:
        facts.append(("R² with the masked rows", _r2(scores.unmasked.r2)))
    facts.append(("Against what serves", _champion(evaluation)))
    facts.append(("Masked rows", f"{evaluation.rows.masked:,} of the data were taken out"))
    by_site = sorted(scores.by_site, key=lambda each: 1.0 if each.r2 is None else each.r2)
    tables = (
        _table("Sites, the lowest R² first", by_site[:_WORST]),
        _table("By sky, daylight", scores.by_sky or ()),
    )
    return Evidence(
        facts=tuple(facts),
        reasons=tuple(evaluation.reasons),
        tables=tuple(each for each in tables if len(each.rows) > 1),
    )


def _table(title: str, groups: Iterable[GroupScores]) -> Table:
    rows = [(each.name, _r2(each.r2), f"{each.nmae:.1%}", f"{each.mbe:+.2%}") for each in groups]
    return Table(title, (("", "R²", "nMAE", "bias"), *rows[:MOST_ROWS]))


def _champion(evaluation: Evaluation) -> str:
    version, found = evaluation.champion_version, evaluation.comparison
    if version is None:
        return "nothing serves yet"
    if found is None:
        return (
            f"version {version} could not be compared: {evaluation.not_compared or 'see reasons'}"
        )
    return (
        f"nMAE {found.delta_nmae:+.2%} beside version {version} on {found.days} days "
        f"(95 %: {found.ci_low:+.2%} to {found.ci_high:+.2%})"
    )


def _r2(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"


def cut(lines: Sequence[str], most: int = MOST_ROWS) -> tuple[str, ...]:
    """Return lines, and how many more there are where they are many."""
    if len(lines) <= most:
        return tuple(lines)
    return (*lines[:most], f"and {len(lines) - most} more")
