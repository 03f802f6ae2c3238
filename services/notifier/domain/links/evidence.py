"""What a person should see before deciding about a version: its evaluation in a few rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shared import compared
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
    facts.append(
        ("Against what serves", compared.of_evaluation(evaluation) or "nothing serves yet")
    )
    facts.append(("Taken out by checks", _taken_out(evaluation)))
    before = evaluation.champion
    by_site = sorted(scores.by_site, key=lambda each: 1.0 if each.r2 is None else each.r2)
    version = evaluation.champion_version
    tables = (
        _table(
            "Sites, the lowest R² first",
            by_site[:_WORST],
            version,
            before.by_site if before else (),
        ),
        _table("By sky, daylight", scores.by_sky, version, before.by_sky if before else ()),
        _masks(evaluation),
    )
    return Evidence(
        facts=tuple(facts),
        reasons=tuple(evaluation.reasons),
        tables=tuple(each for each in tables if len(each.rows) > 1),
    )


def _table(
    title: str,
    groups: Iterable[GroupScores],
    version: int | None,
    before: Iterable[GroupScores],
) -> Table:
    """Return scores by group, beside the R² of the version that serves where that is known."""
    known = {each.name: each.r2 for each in before}
    beside = (f"R² v{version}" if version is not None else "R² before",) if known else ()
    rows = [
        (
            each.name,
            _r2(each.r2),
            *([_r2(known.get(each.name))] if known else []),
            f"{each.nmae:.1%}",
            f"{each.mbe:+.2%}",
        )
        for each in groups
    ]
    return Table(title, (("", "R²", *beside, "nMAE", "bias"), *rows[:MOST_ROWS]))


def _taken_out(evaluation: Evaluation) -> str:
    counts = evaluation.rows
    whole = counts.train + counts.test + counts.masked
    return f"{counts.masked:,} rows ({counts.masked / whole:.1%})" if counts.masked else "no row"


def _masks(evaluation: Evaluation) -> Table:
    """Return what checks took out of the data, the most first."""
    largest = sorted(evaluation.masks.items(), key=lambda each: (-each[1], each[0]))
    rows = [(name.replace("_", " "), f"{number:,}") for name, number in largest if number]
    return Table("What checks took out", (("", "rows"), *rows[:MOST_ROWS]))


def _r2(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"


def cut(lines: Sequence[str], most: int = MOST_ROWS) -> tuple[str, ...]:
    """Return lines, and how many more there are where they are many."""
    if len(lines) <= most:
        return tuple(lines)
    return (*lines[:most], f"and {len(lines) - most} more")
