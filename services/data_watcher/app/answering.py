"""What people ask about files and sites, and the JSON they get; its keys are promised in docs/cli.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from services.data_watcher.domain import configuration, facts, suspicion
from services.data_watcher.domain.activity import SiteActivity
from services.data_watcher.domain.configuration import ConfigRecord
from services.data_watcher.domain.overlaps import FileOverlap
from services.data_watcher.domain.overview import overview
from services.data_watcher.domain.suspicion import SiteSuspicions, Suspicion
from services.data_watcher.domain.versions import (
    Accepted,
    Decision,
    Duplicate,
    FileVersion,
    Known,
    Quarantined,
    Removed,
    State,
    Superseded,
)
from services.data_watcher.ports import Filed, LedgerView, OverlapMemory, RawObjects, Wanted
from shared import layout
from shared.active import ActiveSite
from shared.solar.site import Site, source_of

MOST_COUNTED = 50  # sites of one question
MOST_BYTES = (
    1000  # of a folder's name: a key of the table has 1,024, and what is longer rings an alarm
)
COUNTED = (
    State.ACCEPTED,
    State.QUARANTINED,
    State.DUPLICATE,
    State.SUPERSEDED,
    State.PENDING,
)
# Canonical rows of these exist, withdrawn or not: what learnt from them can be found.
_HAS_ROWS = {State.ACCEPTED, State.SUPERSEDED, State.REMOVED}


def _fitting(name: str) -> str:
    if len(name.encode()) > MOST_BYTES:
        message = f"no site is called so: a name has at most {MOST_BYTES} bytes"
        raise ValueError(message)
    return name


Folder = Annotated[str, AfterValidator(_fitting)]


class Question(BaseModel):
    """A question, as the query function receives it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    query: Literal["files", "sites", "balance", "reasons", "counts", "open", "overview"]
    site_id: Folder | None = None
    site_ids: Annotated[tuple[Folder, ...], Field(max_length=MOST_COUNTED)] = ()
    state: State | None = None
    reason_code: str | None = None
    contains: Annotated[str, Field(min_length=1, max_length=1024)] | None = None
    since: AwareDatetime | None = None
    begin: AwareDatetime | None = None
    end: AwareDatetime | None = None
    reads: Annotated[int, Field(ge=1, le=100)] | None = None
    brief: bool = False
    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Answering:
    """Answering from the ledger, and for the balance from S3's listing."""

    view: LedgerView
    raw: RawObjects
    overlaps: OverlapMemory
    bucket: str

    def answer(self, event: dict[str, Any]) -> dict[str, Any]:
        """Answer one question; one that makes no sense is answered with `{"error": …}`."""
        try:
            question = Question.model_validate(event)
            return self._answer(question)
        except ValueError as error:  # the question makes no sense, or its token was never given
            return {"error": _plain(error)}

    def _answer(self, question: Question) -> dict[str, Any]:
        asked: dict[str, Callable[[], dict[str, Any]]] = {
            "files": lambda: self._files(question),
            "sites": lambda: {"sites": self._sites(question)},
            "counts": lambda: {"counts": {each: self._counts(each) for each in question.site_ids}},
            "open": lambda: {"open": self.view.open_by_site()},
            "balance": lambda: self._balance(question.site_id),
            "reasons": lambda: self._reasons(question.site_id),
            "overview": lambda: overview(
                self.view.configs(), self.view.activities(), self.view.suspicions()
            ),
        }
        return asked[question.query]()

    def _files(self, question: Question) -> dict[str, Any]:
        wanted = Wanted(
            question.site_id,
            question.state,
            question.reason_code,
            question.contains,
            question.since,
            question.begin,
            question.end,
        )
        files, following = self.view.page(wanted, question.limit, question.next, question.reads)
        suspect = self._suspect_sources()
        overlaps = {
            site_id: self.overlaps.load(site_id).files
            for site_id in {each.site_id for each in files if isinstance(each.version, Accepted)}
        }
        answers = [
            {
                **self._file(each, suspect),
                "overlap": _overlap(each, overlaps.get(each.site_id, {})),
            }
            for each in files
        ]
        return {"files": answers, "next": following}

    def _sites(self, question: Question) -> list[dict[str, Any]]:
        """Return the configurations; in brief without what they say, which may be 6 MB of many sites."""
        name = question.site_id
        known = {each.site_id: each for each in self.view.suspicions(name)}
        active = {each.site_id: each for each in self.view.activities(name)}
        found = [_site(each, known, active) for each in self.view.configs(name)]
        return [{**each, "config": None} for each in found] if question.brief else found

    def _counts(self, site_id: str) -> dict[str, int]:
        """Count a site's versions by state; of the refused ones also those that nobody dismissed."""
        counted: Counter[str] = Counter()
        for state, is_open in self.view.tally(site_id):
            counted[state.value] += 1
            counted["open"] += is_open
        return dict(counted)

    def _suspect_sources(self) -> dict[str, tuple[Site, dict[str, Suspicion]]]:
        """Return the sites with suspect sources: how their files read, and those sources by name."""
        found = {each.site_id: each.suspect for each in self.view.suspicions() if each.suspect}
        if not found:
            return {}
        described = {
            site.site_id: site
            for record in self.view.configs()
            if configuration.kind_of(record.key) == "site" and record.in_force
            for site in [ActiveSite.model_validate_json(record.in_force)]
        }
        return {
            site_id: (described[site_id], {each.source: each for each in suspect})
            for site_id, suspect in found.items()
            if site_id in described
        }

    def _file(
        self, filed: Filed, suspect: Mapping[str, tuple[Site, Mapping[str, Suspicion]]]
    ) -> dict[str, Any]:
        version, known = filed.version, filed.version.known
        rows, canonical = known.rows, known.canonical
        return {
            "site_id": filed.site_id,
            "key": filed.key,
            "version_id": version.version_id,
            "uploaded_at": version.uploaded_at.isoformat(),
            "size": version.size,
            "sha256": known.sha256,
            "state": version.state.value,
            **_why(version),
            "released": version.released.why if version.released else None,
            "dismissed": _decided(version.dismissed, "dismissed")
            if isinstance(version, Quarantined)
            else None,
            "removed_by": version.decision.by
            if isinstance(version, Removed) and version.decision
            else None,
            "suspect": _suspect(filed, suspect.get(filed.site_id)),
            "rows": rows.count if rows else None,
            "rows_masked": rows.masked if rows else None,
            "masks": dict(rows.masks) if rows else {},
            "note": rows.note if rows else None,
            **facts.issued(rows),
            **_window(known),
            "canonical_uri": layout.uri(self.bucket, canonical.key)
            if canonical and version.state in _HAS_ROWS
            else None,
        }

    def _balance(self, site_id: str | None) -> dict[str, Any]:
        """Compare what S3 lists with what the ledger says, version by version counted."""
        prefix = f"{layout.RAW}{site_id}/" if site_id else layout.RAW
        listed = sum(
            not each.is_marker for _, versions in self.raw.listing(prefix, "") for each in versions
        )
        states: Counter[State] = Counter()
        sites: dict[str, Counter[State]] = {}
        kept = 0
        for site, state, is_listed in self.view.states(site_id):
            states[state] += 1
            kept += state is State.REMOVED and is_listed
            sites.setdefault(site, Counter())[state] += 1
        counted = kept + sum(states[state] for state in COUNTED)
        return {
            "listed": listed,
            **{state.value: states[state] for state in (*COUNTED, State.REMOVED)},
            "removed_by_people": kept,
            "balanced": listed == counted,
            "by_site": {
                site: {state.value: n for state, n in counts.items()}
                for site, counts in sorted(sites.items())
            },
        }

    def _reasons(self, site_id: str | None) -> dict[str, Any]:
        """Count, over the files that count now, why rows were masked and why files were refused."""
        masks: Counter[str] = Counter()
        refused: Counter[str] = Counter()
        dismissed: Counter[str] = Counter()
        rows = masked = files = 0
        for version in (each.version for each in self.view.files(site_id)):
            if isinstance(version, Accepted):
                files += 1
                rows += version.rows.count
                masked += version.rows.masked
                masks.update(version.rows.masks)
            elif isinstance(version, Quarantined):
                (dismissed if version.dismissed else refused)[version.fault.code] += 1
        return {
            "files": files,
            "rows": rows,
            "rows_masked": masked,
            "masks": dict(masks.most_common()),
            "quarantined": dict(refused.most_common()),
            "dismissed": dict(dismissed.most_common()),
        }


def _window(known: Known) -> dict[str, str | None]:
    """Return the time of a file's rows; of a refused one where its stamps could be read."""
    covers = known.fault.covers if known.fault else None
    if known.rows:
        covers = known.rows.window_start, known.rows.window_end
    begin, end = covers or (None, None)
    return {
        "window_start": begin.isoformat() if begin else None,
        "window_end": end.isoformat() if end else None,
    }


def _by_name(counts: Counter[State]) -> dict[str, int]:
    return {state.value: count for state, count in counts.items()}


def _why(version: FileVersion) -> dict[str, str | None]:
    code = reason = remedy = None
    match version:
        case Quarantined(fault=fault):
            code, reason, remedy = fault.code, fault.reason, fault.remedy
        case Duplicate(of=owner):
            code, reason = "duplicate", f"the same bytes are at {owner}"
        case Superseded(by=newer):
            which = f"version {newer[:8]}" if newer else "another version"
            code, reason = "superseded", f"{which} of this name came after it"
        case Removed(decision=Decision() as decision):
            code, reason = "removed", _decided(decision, "removed")
        case Removed():
            code, reason = "removed", "the version was deleted from the bucket"
    return {"reason_code": code, "reason": reason, "remedy": remedy}


def _overlap(filed: Filed, overlaps: Mapping[str, FileOverlap]) -> dict[str, Any] | None:
    """Return how much of an accepted file other files contradict, if any do."""
    found = overlaps.get(filed.key) if isinstance(filed.version, Accepted) else None
    return found.model_dump() if found else None


def _decided(decision: Decision | None, verb: str) -> str | None:
    if decision is None:
        return None
    return f"{verb} by {decision.by} at {decision.at:%Y-%m-%d %H:%M} UTC: {decision.why}"


def _suspect(filed: Filed, suspect: tuple[Site, Mapping[str, Suspicion]] | None) -> str | None:
    """Return why an accepted file enters no dataset, if it does not."""
    if suspect is None or not isinstance(filed.version, Accepted):
        return None
    site, sources = suspect
    source = source_of(site, filed.key)
    known = sources.get(source.name) if source else None
    if known is None:
        return None
    return (
        f"it enters no dataset: source {known.source} is suspect ({known.refused} of {known.judged} files: "
        f"{known.cause}); `solar sites list` says what to do"
    )


def _name(record: ConfigRecord) -> str:
    return record.key.rpartition("/")[2].removesuffix(".yaml")


def _site(
    record: ConfigRecord,
    suspicions: Mapping[str, SiteSuspicions],
    activities: Mapping[str, SiteActivity],
) -> dict[str, Any]:
    name, kind = _name(record), configuration.kind_of(record.key)
    known = suspicions.get(name) if kind == "site" else None
    active = activities.get(name) if kind == "site" else None
    silent = active.silent_since if active else None
    in_force = from_json(record.in_force) if record.in_force else None
    return {
        "kind": kind,
        "name": name,
        "model_id": in_force.get("model_id") if in_force else None,
        "key": record.key,
        "version_id": record.version_id,
        "state": record.state,
        "line": record.line,
        "reason": record.reason,
        "uploaded_at": record.uploaded_at.isoformat() if record.uploaded_at else None,
        "config_version": record.config_version,
        "config": in_force,
        "last_upload_at": active.last_upload_at.isoformat() if active else None,
        "silent_since": silent.isoformat() if silent else None,
        "suspects": [_asked(name, each) for each in known.sources.values() if each.is_open]
        if known
        else [],
    }


def _asked(site_id: str, known: Suspicion) -> dict[str, Any]:
    return {
        "source": known.source,
        "standing": known.standing,
        "question": known.question,
        "cause": known.cause,
        "refused": known.refused,
        "files": known.judged,
        "example": known.example,
        "reason": suspicion.reason_of(known),
        "remedy": suspicion.remedy_of(site_id, known),
        "since": known.since.isoformat(),
    }


def _plain(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(
            f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()
        )
    return str(error)
