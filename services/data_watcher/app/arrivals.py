"""Takes in files that the ledger has never heard of, many at once and with the fewest calls.

Most uploads are new keys that nobody disputes. For those, reading the latest version is looking at S3, one
transaction is the verdict, and whoever dies behind it leaves a record that says what is left to do. Whatever
is not that simple is left to `Intake.refresh`, which decides every case.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from services.data_watcher.domain import admission, facts, identity, transitions, versions
from services.data_watcher.domain.versions import ContentRecord, Fault, FileVersion, KeyRecord
from services.data_watcher.ports import (
    CanonicalObjects,
    Content,
    Foresight,
    Ledger,
    Meter,
    ParallelMap,
    Publisher,
    RawObjects,
    Reader,
)
from shared import layout
from shared.active import ActiveSite
from shared.clock import Clock
from shared.errors import ConflictError, NotFoundError, UnreadableFileError
from shared.ids import sha256_hex

SMALL = 16 * 1024**2  # bytes; larger files are read one after the other


@dataclass(frozen=True, slots=True)
class Taken:
    """A new file with its verdict, and the model that it is for."""

    record: KeyRecord
    version: FileVersion
    model_id: str


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Takes in what is new below `raw/`."""

    ledger: Ledger
    foresight: Foresight
    raw: RawObjects
    canonical: CanonicalObjects
    reader: Reader
    publisher: Publisher
    meter: Meter
    clock: Clock
    parallel: ParallelMap

    def take(self, keys: Sequence[str]) -> set[str]:
        """Take in those keys that are new and simple; return which are done with.

        The order is that of `Intake`, but for one thing: the canonical object is written behind the verdict
        that names it. A record that is accepted and not settled may therefore lack it, and `Intake` looks.
        """
        known, sites = self.foresight.look(list(dict.fromkeys(keys)))
        new = [
            key
            for key in dict.fromkeys(keys)
            if key not in known and identity.site_of(key) in sites
        ]
        results = self.parallel(lambda key: self._take(key, sites[identity.site_of(key)]), new)
        taken = [each for each in results if each is not None]
        told = self._tell(taken)
        try:
            self.ledger.settle([each.record for each in told], self.clock())
        except ConflictError:
            return set()  # somebody is at one of them; each is looked at again
        return {each.record.key for each in told}

    def _take(self, key: str, site: ActiveSite) -> Taken | None:
        try:
            opened = self.raw.open(key)
            if opened is None or opened.listed.size > SMALL:
                return None
            return self._judge(key, site, opened.listed, opened.read)
        except (ConflictError, NotFoundError):
            return None

    def _judge(
        self, key: str, site: ActiveSite, listed: versions.Listed, read: Callable[[], Content]
    ) -> Taken:
        nothing = KeyRecord(identity.site_of(key), key)
        record = transitions.observe(nothing, [listed], admission.reading_of(site, key))
        version = record.versions[listed.version_id]
        admitted = admission.admit(site, key, listed.size)
        if isinstance(admitted, Fault):
            return self._refuse(record, version, admitted, "", site)
        data = read()
        sha256 = sha256_hex(memoryview(data))
        try:
            reading = self.reader(data, key, site)
        except UnreadableFileError as error:
            fault = Fault(error.code, error.reason, error.remedy)
            return self._refuse(record, version, fault, sha256, site)
        file_id = identity.file_id_of(key, sha256, version.reading)
        version = replace(
            version,
            sha256=sha256,
            file_id=file_id,
            canonical_key=layout.canonical(record.site_id, reading.rows.window_start, file_id),
            counts_from=version.uploaded_at,
        )
        accepted = replace(transitions.accept(record, version, reading.rows), settled=False)
        register = ContentRecord(record.site_id, sha256, keys=frozenset({key}))
        saved = self.ledger.save(nothing, accepted, [register])
        version = saved.versions[version.version_id]
        file = facts.canonical_file(saved, version, reading.rows)
        self.canonical.write(version.canonical_key, reading.parquet, file)
        return Taken(saved, version, site.model_id)

    def _refuse(
        self, record: KeyRecord, version: FileVersion, fault: Fault, sha256: str, site: ActiveSite
    ) -> Taken:
        refused = transitions.quarantine(record, version, fault, sha256)
        saved = self.ledger.save(KeyRecord(record.site_id, record.key), refused)
        return Taken(saved, saved.versions[version.version_id], site.model_id)

    def _tell(self, taken: list[Taken]) -> list[Taken]:
        """Tell of all verdicts; return those that were told or need not be."""
        messages = {
            each.record.key: facts.verdict(
                each.record,
                each.version,
                model_id=each.model_id,
                uri=self.canonical.uri(each.version.canonical_key),
                now=self.clock(),
            )
            for each in taken
        }
        refused = self.publisher.publish_all([each for each in messages.values() if each])
        figures: dict[str, int] = {}
        for each in taken:
            for name, value in facts.figures(each.version).items():
                figures[name] = figures.get(name, 0) + value
        self.meter.count(figures)
        return [
            each
            for each in taken
            if (message := messages[each.record.key]) is None or message.id not in refused
        ]
