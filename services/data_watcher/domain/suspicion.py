"""Which sources of a site are suspect: what only all of its files together show.

Of twelve monthly files in a wrong unit, eleven are refused, and one with few rows passes. Each verdict is
right for its file, yet the one that passed must not be trained on. So the files of a source are looked at
together, and a source of which many are refused for one cause is *suspect*. No verdict changes by it.

The result depends on the set of files alone: not on their order, and not on how often the same bytes came.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from services.data_watcher.domain import admission, siblings
from services.data_watcher.domain.overlaps import FileOverlap
from services.data_watcher.domain.siblings import Sibling
from services.data_watcher.domain.versions import (
    Accepted,
    Current,
    Decision,
    Pending,
    Quarantined,
)
from shared.ids import content_id
from shared.solar.site import POWER, Site, source_of
from shared.suspects import ActiveSuspects, SuspectSource

# Of a source's files, by content. One refused file may be an accident of that file; two of ten are a habit.
LEAST_REFUSED = 2
LEAST_SHARE = 0.2

# What goes wrong with one file and says nothing about how its siblings read. Any other cause counts, one
# that a later release adds too: in doubt a person is asked.
ABOUT_ONE_FILE = frozenset(
    {
        admission.FOLDER,
        "bad_key",
        "cannot_be_read",
        "empty",
        "missing_column",
        "no_source",
        "no_such_series",
        "second_header",
        "too_large",
        "unknown_site",
        "unreadable",
    }
)
CONTRADICTING = "contradicting_rows"
LEAST_CONTRADICTED = (
    0.2  # of a file's values that are not about zero; fewer may be a meter's corrections
)
Standing = Literal["suspect", "trusted", "cleared"]


# --- what the files show ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Judged:
    """A file that was read: of which source, and for which cause it was refused (None: its rows count).

    `content` is the SHA-256 of its bytes, `sibling` by what an accepted file is compared with the others.
    """

    source: str
    key: str
    content: str
    cause: str | None = None
    reason: str = ""
    sibling: Sibling | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """So many of a source's files were refused for one cause, or do not fit the others, as `example`."""

    source: str
    cause: str
    refused: int
    judged: int
    example: str
    reason: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What a site's ledger shows: its files that were read, and sources of which some wait for it.

    `overlaps` are files that others contradict, `twins` are files of other sites with the same rows, by key.
    """

    files: tuple[Judged, ...]
    waiting: frozenset[str]
    overlaps: Mapping[str, FileOverlap] = field(default_factory=dict)
    twins: Mapping[str, str] = field(default_factory=dict)


def seen(site: Site, files: Iterable[tuple[str, Current]]) -> Seen:
    """Return what the current versions of a site's keys show of its sources.

    A verdict by another configuration than the one in force says nothing: the file is about to be read
    again. A refused file that a person dismissed is no open question.
    """
    reading = admission.readings_of(site)
    judged: list[Judged] = []
    waiting = set()
    for key, version in files:
        source = source_of(site, key)
        if source is None:
            continue
        if isinstance(version, Pending) or version.reading != reading(key):
            waiting.add(source.name)
        elif isinstance(version, Accepted):
            judged.append(Judged(source.name, key, version.sha256, sibling=sibling(key, version)))
        elif isinstance(version, Quarantined) and counts(version):
            content, fault = version.sha256 or key, version.fault
            judged.append(Judged(source.name, key, content, fault.code, fault.reason))
    return Seen(tuple(judged), frozenset(waiting))


def sibling(key: str, version: Accepted) -> Sibling | None:
    """Return by what an accepted file is compared with others; None where an early release read it."""
    rows = version.rows
    if rows.traits is None:
        return None
    return Sibling(
        key,
        version.sha256,
        version.uploaded_at,
        rows.window_start,
        rows.traits,
        is_light=POWER not in rows.columns,
        is_forecast=bool(rows.provider),
    )


def counts(refused: Quarantined) -> bool:
    """Whether a refused file says something about the other files of its source."""
    return refused.dismissed is None and refused.fault.code not in ABOUT_ONE_FILE


def findings(files: Iterable[Judged]) -> dict[str, tuple[Finding, ...]]:
    """Return the causes for which too many files of a source were refused, by source, the commonest first."""
    judged: dict[str, set[str]] = defaultdict(set)
    refused: dict[tuple[str, str], dict[str, Judged]] = defaultdict(dict)
    for each in sorted(files, key=lambda each: each.key, reverse=True):
        judged[each.source].add(each.content)
        if each.cause is not None:
            refused[each.source, each.cause][each.content] = (
                each  # of the same bytes the first by name
            )
    found: dict[str, list[Finding]] = defaultdict(list)
    for (source, cause), ones in refused.items():
        if len(ones) >= LEAST_REFUSED and len(ones) >= LEAST_SHARE * len(judged[source]):
            example = min(ones.values(), key=lambda each: each.key)
            finding = Finding(
                source, cause, len(ones), len(judged[source]), example.key, example.reason
            )
            found[source].append(finding)
    return {
        source: tuple(sorted(ones, key=lambda each: (-each.refused, each.cause)))
        for source, ones in found.items()
    }


def contradicted(shown: Seen) -> dict[str, Finding]:
    """Return the sources with a file of which others contradict more than a fifth.

    A provider that computes an issue again corrects it: its later upload counts, and nothing is suspect.
    """
    accepted = [
        each
        for each in shown.files
        if each.cause is None and not (each.sibling and each.sibling.is_forecast)
    ]
    much = [
        (each, shown.overlaps[each.key])
        for each in accepted
        if each.key in shown.overlaps and shown.overlaps[each.key].share > LEAST_CONTRADICTED
    ]
    found = {}
    for source in {each.source for each, _ in much}:
        ones = [
            (each.key in shown.twins, overlap.share, each.key)
            for each, overlap in much
            if each.source == source
        ]
        key = max(ones)[-1]
        worst = shown.overlaps[key]
        reason = f"{worst.rows} rows, {worst.share:.0%} of those above zero: {worst.example}"
        judged = sum(each.source == source for each in accepted)
        found[source] = Finding(source, CONTRADICTING, len(ones), judged, key, reason)
    return found


def disagreeing(files: Iterable[Judged]) -> dict[str, tuple[Finding, ...]]:
    """Return in which ways the accepted files of a source do not fit each other, by source."""
    ones: dict[str, list[Sibling]] = defaultdict(list)
    for each in files:
        if each.sibling is not None:
            ones[each.source].append(each.sibling)
    return {
        source: tuple(
            Finding(source, each.cause, each.files, each.judged, each.example, each.reason)
            for each in siblings.disagreements(some)
        )
        for source, some in ones.items()
    }


def unlike(files: Iterable[tuple[str, Current]]) -> set[str]:
    """Return examples of accepted files that do not fit others which are read alike, by key."""
    ones: dict[str, list[Sibling]] = defaultdict(list)
    for key, version in files:
        if isinstance(version, Accepted) and (each := sibling(key, version)):
            ones[version.reading].append(each)
    return {each.example for some in ones.values() for each in siblings.disagreements(some)}


def shown_by(shown: Seen) -> dict[str, tuple[Finding, ...]]:
    """Return why each source that its files make suspect is so, the causes of refusal first."""
    refused, contradicting = findings(shown.files), contradicted(shown)
    unlike = disagreeing(shown.files)
    found = {}
    for source in sorted(refused.keys() | contradicting.keys() | unlike.keys()):
        also = (contradicting[source],) if source in contradicting else ()
        if causes := (*refused.get(source, ()), *also, *unlike.get(source, ())):
            found[source] = tuple(_with_twin(each, shown.twins) for each in causes)
    return found


def _with_twin(finding: Finding, twins: Mapping[str, str]) -> Finding:
    """Name the file of another site whose rows the example holds: one is in the wrong folder."""
    twin = twins.get(finding.example)
    if twin is None:
        return finding
    return replace(
        finding, reason=f"{finding.reason}. It holds the same rows as {twin} of another site"
    )


# --- what is known of it ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What is known of a source that is, or was, suspect.

    `question` names cause and configuration; `trusted` holds what people answered, by question. `changes`
    counts the changes, so that a fact that recurs has another message id; `told` is the last one published.
    """

    source: str
    standing: Standing
    question: str
    cause: str
    refused: int
    judged: int
    example: str
    reason: str
    since: datetime
    changes: int = 1
    told: int = 0
    trusted: Mapping[str, Decision] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether its cause is still there, trusted or not."""
        return self.standing != "cleared"

    @property
    def answer(self) -> Decision | None:
        """Return what a person answered to the question, if anybody did."""
        return self.trusted.get(self.question)


@dataclass(frozen=True, slots=True)
class SiteSuspicions:
    """All suspicions of a site, kept as one record under one revision."""

    site_id: str
    revision: int = 0
    sources: Mapping[str, Suspicion] = field(default_factory=dict)

    @property
    def suspect(self) -> tuple[Suspicion, ...]:
        """Return the sources that are suspect now, in order."""
        found = (self.sources[name] for name in sorted(self.sources))
        return tuple(each for each in found if each.standing == "suspect")

    def with_source(self, suspicion: Suspicion) -> SiteSuspicions:
        """Return the record with one source replaced."""
        return replace(self, sources={**self.sources, suspicion.source: suspicion})


def look(known: SiteSuspicions, site: Site, shown: Seen, now: datetime) -> SiteSuspicions:
    """Bring the suspicions of a site to what its files show.

    A source of which files wait to be read can become suspect; it is cleared only when they were read.
    """
    found = shown_by(shown)
    for name in sorted(known.sources.keys() | found.keys()):
        before, causes = known.sources.get(name), found.get(name, ())
        if causes:
            known = known.with_source(_suspected(before, site, causes, now))
        elif before and name not in shown.waiting:
            known = known.with_source(_changed(before, replace(before, standing="cleared"), now))
    return known


def _suspected(
    before: Suspicion | None, site: Site, causes: tuple[Finding, ...], now: datetime
) -> Suspicion:
    """Return what is known of a source; of several causes the first that nobody trusts decides."""
    trusted = before.trusted if before else {}
    asked = {_question(site, each): each for each in causes}
    question = next((each for each in asked if each not in trusted), next(iter(asked)))
    finding = asked[question]
    after = Suspicion(
        source=finding.source,
        standing="trusted" if question in trusted else "suspect",
        question=question,
        cause=finding.cause,
        refused=finding.refused,
        judged=finding.judged,
        example=finding.example,
        reason=finding.reason,
        since=now,
        trusted=trusted,
    )
    return _changed(before, after, now) if before else after


def _changed(before: Suspicion, after: Suspicion, now: datetime) -> Suspicion:
    """Return what is known now; another standing or question is a change.

    People hear of those that change what counts: a trusted source that is cleared counted before.
    """
    after = replace(after, since=before.since, changes=before.changes, told=before.told)
    if (before.standing, before.question) == (after.standing, after.question):
        return after
    changes = before.changes + 1
    is_news = "suspect" in {before.standing, after.standing}
    return replace(after, since=now, changes=changes, told=before.told if is_news else changes)


def _question(site: Site, finding: Finding) -> str:
    """Name what a person is asked: another cause, or another configuration, is another question."""
    source = next(each for each in site.sources if each.name == finding.source)
    return content_id(admission.source_id(site, source), finding.cause)


def trust(known: SiteSuspicions, source: str, question: str, decision: Decision) -> SiteSuspicions:
    """Return the suspicions with a person's answer; `look` then says what follows from it.

    Only the question that is asked now can be answered: nobody trusts in advance, or what changed meanwhile.
    """
    before = known.sources.get(source)
    if before is None or (before.standing, before.question) != ("suspect", question):
        return known
    return known.with_source(replace(before, trusted={**before.trusted, question: decision}))


# --- in words -----------------------------------------------------------------------------------------

# By cause: what the files do, what follows, what to do besides trusting them. Any other cause is a refusal's.
_TAKE_OUT = "or take them out: `solar files remove KEY… --reason …`"
_SAID = {
    CONTRADICTING: (
        "contradict other files",
        "one of each two is wrong",
        "take out the wrong files, another plant's for example: `solar files remove KEY… --reason …`. If the "
        "later upload of each is right, as where a meter corrects itself: ",
    ),
    siblings.POWER: (
        "do not fit the power of the others",
        "these or the others are in another unit",
        "look at the unit and the step of these files and of the others. Give files that are written in "
        f"another way a source of their own in the site's YAML, {_TAKE_OUT}. If all are right, as where the "
        "plant was extended or most of it was off: ",
    ),
    siblings.IRRADIANCE: (
        "do not fit the irradiance of the others",
        "these or the others are in another unit",
        "look at the unit of these files and of the others: the provider may have changed it. Give files "
        "that are written in another way a source of their own in the site's YAML, "
        f"{_TAKE_OUT}. If all are right: ",
    ),
    siblings.CAPACITY: (
        "stay far below the AC capacity",
        "the unit of power or ac_capacity_kw may be wrong",
        "look at the unit of power in the site's YAML: rows with the energy of an interval need kWh or Wh. "
        "Look at ac_capacity_kw: it is what all inverters can give together, in the time of these files. If "
        "both are right, as where the plant is limited or half of it is off: ",
    ),
    siblings.FAINT_LIGHT: (
        "stay far below what the sun gives",
        "the unit of irradiance may be wrong, or it is only a part of it",
        "look at the unit in the site's YAML: rows with the energy of an interval need Wh/m2 or J/m2. Look "
        "at the column: diffuse irradiance, or light for plants (PAR), is no ghi. If it is right, as where "
        "a sensor is shaded: ",
    ),
    siblings.PARTS: (
        "have fewer inverters than files before them",
        "their power is only a part of the plant's",
        "upload these files again with all inverters, or give "
        f"these files a source of their own in the site's YAML, {_TAKE_OUT}. If all are right: ",
    ),
    siblings.CLOCK: (
        "do not fit the clock of the others",
        "these or the others are hours off",
        "look at the time zone of these files and of the others. Give files of another clock a source of "
        f"their own with its timezone in the site's YAML, {_TAKE_OUT}. If all are right: ",
    ),
    siblings.DAYS: (
        "lie on days that cannot be theirs",
        "their rows stand at wrong times",
        f"correct timestamp.format in the site's YAML (%d/%m or %m/%d), or the stamps, {_TAKE_OUT}. If all "
        "are right: ",
    ),
}


def said_of(found: Finding | Suspicion) -> str:
    """Return what a source's files show."""
    does = _SAID[found.cause][0] if found.cause in _SAID else f"were refused as {found.cause}"
    return f"{found.refused} of {found.judged} files of source {found.source} {does}"


def follows_from(found: Finding | Suspicion) -> str:
    """Return why the files of a source make it suspect."""
    so = (
        _SAID[found.cause][1]
        if found.cause in _SAID
        else "so those that were accepted may be wrong, too"
    )
    return f"{said_of(found)}, {so}; for example {found.example}: {found.reason}"


def remedy_for(site_id: str, found: Finding | Suspicion) -> str:
    """Return what can be done where a source's files make it suspect."""
    trusting = f"`solar sites trust {site_id} {found.source} --reason …`"
    if found.cause in _SAID:
        return _SAID[found.cause][2] + trusting
    return (
        "correct the site's YAML as the refused files say; all are read again then. If the accepted files "
        f"are right: {trusting}. If some refused files will not be corrected: `solar files dismiss KEY… "
        "--reason …`"
    )


def reason_of(suspicion: Suspicion) -> str:
    """Return why a source is, or was, suspect."""
    answer = suspicion.answer
    if suspicion.standing == "trusted" and answer:
        return f"{answer.by} trusts the accepted files: {answer.why} ({said_of(suspicion)})"
    return follows_from(suspicion)


def remedy_of(site_id: str, suspicion: Suspicion) -> str:
    """Return what ends a suspicion."""
    return (
        remedy_for(site_id, suspicion)
        if suspicion.standing == "suspect"
        else "nothing is to be done"
    )


def published(known: SiteSuspicions, due_since: datetime | None = None) -> ActiveSuspects:
    """Return what other services read; `due_since` where the sources are yet to be looked at."""
    return ActiveSuspects(
        site_id=known.site_id,
        due_since=due_since,
        sources=tuple(
            SuspectSource(
                source=each.source,
                cause=each.cause,
                reason=reason_of(each),
                remedy=remedy_of(known.site_id, each),
                since=each.since,
            )
            for each in known.suspect
        ),
    )
