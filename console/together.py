"""What some files show together, by the product's own rules: siblings that disagree, rows that contradict.

Only the given files are looked at; what was uploaded before is not asked here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from console import output
from console.trial import Trial
from services.data_watcher.adapters.readers import compare
from services.data_watcher.domain import overlaps, suspicion
from services.data_watcher.domain.overlaps import Counting, FileOverlap
from services.data_watcher.domain.siblings import Sibling
from services.data_watcher.domain.suspicion import Finding, Judged, Seen
from shared.active import ActiveSite
from shared.solar.site import POWER

MOST_PAIRS = 2000  # as many as are compared of a site


@dataclass(frozen=True, slots=True)
class Suspect:
    """A source that the files would make suspect, and one cause of it."""

    site_id: str
    found: Finding

    @property
    def reason(self) -> str:
        """Return why."""
        return suspicion.follows_from(self.found)

    @property
    def remedy(self) -> str:
        """Return what can be done."""
        return suspicion.remedy_for(self.site_id, self.found)

    def as_plain(self) -> dict[str, Any]:
        """Return it for machines."""
        return {
            "source": self.found.source,
            "cause": self.found.cause,
            "files": self.found.refused,
            "of": self.found.judged,
            "example": self.found.example,
            "reason": self.reason,
            "remedy": self.remedy,
        }


@dataclass(frozen=True, slots=True)
class Together:
    """What files show together: sources that would be suspect, and files that others contradict, by key."""

    findings: tuple[Suspect, ...] = ()
    overlaps: Mapping[str, FileOverlap] = field(default_factory=dict)

    def of(self, trial: Trial) -> dict[str, Any]:
        """Return for machines what concerns one file, with the names that `solar files --json` has."""
        overlap = self.overlaps.get(trial.key)
        suspect = next((each for each in self.findings if each.found.source == trial.source), None)
        return {
            "overlap": overlap.model_dump() if overlap else None,
            "suspect": suspect.reason if suspect and trial.rows else None,
        }

    def said(self) -> Iterator[str]:
        """Yield it in words, one paragraph for each."""
        for key, overlap in sorted(self.overlaps.items()):
            rows = output.counted(overlap.rows, "row")
            verb = "contradicts" if overlap.rows == 1 else "contradict"
            yield f"{_name(key)}: {rows} {verb} other files: {overlap.example}"
        for each in self.findings:
            why = output.sentences(each.reason, each.remedy)
            yield f"Source {each.found.source} would be suspect, and enter no dataset: {why}"
            if "solar files remove" in each.remedy:
                yield "What is not uploaded yet need not be removed: leave it out."


def look(trials: Sequence[Trial], site: ActiveSite | None) -> Together:
    """Return what files show together; nothing where no configuration is in force."""
    if site is None:
        return Together()
    now = datetime.now(UTC)  # when they would be uploaded
    contradicted = _overlaps(trials)
    files = tuple(
        _judged(each, each.source, now)
        for each in trials
        if each.source and each.content and _counts(each)
    )
    found = suspicion.shown_by(Seen(files, frozenset(), contradicted))
    suspects = (Suspect(site.site_id, each) for causes in found.values() for each in causes)
    return Together(tuple(suspects), contradicted)


def _counts(trial: Trial) -> bool:
    return trial.fault is None or trial.fault.code not in suspicion.ABOUT_ONE_FILE


def _judged(trial: Trial, source: str, now: datetime) -> Judged:
    if trial.fault:
        return Judged(source, trial.key, trial.content, trial.fault.code, trial.fault.reason)
    rows = trial.rows
    sibling = (
        Sibling(
            trial.key,
            trial.content,
            now,
            rows.window_start,
            rows.traits,
            is_light=POWER not in rows.columns,
            is_forecast=bool(rows.provider),
        )
        if rows and rows.traits
        else None
    )
    return Judged(source, trial.key, trial.content, sibling=sibling)


def _overlaps(trials: Sequence[Trial]) -> dict[str, FileOverlap]:
    parquet = {each.key: each.parquet for each in trials if each.rows}
    files = [
        Counting(
            each.key,
            each.key,
            each.key,
            each.rows.window_start,
            each.rows.window_end,
            frozenset(each.rows.columns),
            provider=each.rows.provider,
            issues=overlaps.span(each.rows.issues),
        )
        for each in trials
        if each.rows
    ]
    known = {
        overlaps.pair_id(pair): compare(*(parquet[each.key] for each in pair))
        for pair in islice(overlaps.pairs(files), MOST_PAIRS)
    }
    return overlaps.file_overlaps(files, known)


def _name(key: str) -> str:
    return key.rpartition("/")[2]
