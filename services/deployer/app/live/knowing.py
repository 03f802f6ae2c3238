"""Which version's training says what a site's days are scored by: what serves, or who predicted them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from services.deployer.domain import deployment
from services.deployer.domain.deployment import LogEntry
from services.deployer.domain.live import book
from services.deployer.domain.live.book import ONE_DAY, FileRef
from services.deployer.domain.live.unseen import Trained
from services.deployer.domain.live.waiting import LONGEST_WAIT
from services.deployer.ports import Books, Log, TrainedVersions

NOBODY_SERVES = "no version serves yet"


@dataclass(frozen=True, slots=True)
class Knowing:
    """Looks up what versions were trained on, by the deployment log and the book of days."""

    books: Books
    deployments: Log
    versions: TrainedVersions

    def serving(self, model_id: str) -> Trained | None:
        """Return what the version that serves was trained on; None where none does, or nobody knows."""
        served = deployment.served(self.deployments.log(model_id), None)
        return self.versions.trained(model_id, served) if served is not None else None

    def serving_version(self, model_id: str) -> int | None:
        """Return which version serves; None where none does."""
        served = deployment.served(self.deployments.log(model_id), None)
        return served.version if served is not None else None

    def why_nobody(self, model_id: str) -> str:
        """Return why `serving` knows nothing."""
        served = deployment.served(self.deployments.log(model_id), None)
        return NOBODY_SERVES if served is None else _not_evaluated(served.version)

    def replaced_at(self, model_id: str) -> datetime | None:
        """Return when what serves took over from another version; None where none served before."""
        confirmed = _confirmed(self.deployments.log(model_id))
        return confirmed[-1].at if len({each.version for each in confirmed}) > 1 else None

    def said_of(self, model_id: str, file: FileRef) -> int | None:
        """Return the newest version that said anything of a file's days; None where none did."""
        days = list(book.days_of(file.start - ONE_DAY, file.end + ONE_DAY, UTC))
        known = self.books.days(model_id, [(file.site_id, day) for day in days])
        scores = self.books.scores_of_site(model_id, file.site_id, days[0], days[-1])
        made = {each.version for day in known.values() for each in day.made}
        return max(made | {each.version for each in scores}, default=None)

    def trained(self, model_id: str, version: int) -> Trained | None:
        """Return what a version was trained on that served; None where nobody knows."""
        confirmed = _confirmed(self.deployments.log(model_id))
        found = [each for each in confirmed if each.version == version]
        return self.versions.trained(model_id, found[-1]) if found else None

    def sites(self, model_id: str, since: datetime, until: datetime) -> dict[str, Trained]:
        """Return the sites of which anything may have been said of a time, each with who knows it best.

        That is the version that serves now or, for a site that it does not know, the newest of those that
        served then, or soon enough after to predict what had waited.
        """
        found: dict[str, Trained] = {}
        confirmed = _confirmed(self.deployments.log(model_id))
        for entry in _of_interest(confirmed, since, until + LONGEST_WAIT):
            if entry is not confirmed[-1] and not self._tested(entry) - found.keys():
                continue  # what a version was trained on is large, and rarely needed
            trained = self.versions.trained(model_id, entry)
            if trained is not None:
                found = dict.fromkeys(trained.places, trained) | found
        return found

    def _tested(self, entry: LogEntry) -> set[str]:
        """Return the sites that a version was tested on."""
        evaluation = self.versions.evaluation(entry.run_id) if entry.run_id else None
        return {each.name for each in evaluation.challenger.by_site} if evaluation else set()


def _of_interest(
    confirmed: Sequence[LogEntry], since: datetime, until: datetime
) -> Iterator[LogEntry]:
    """Yield what serves now, then what served between two times, the newest first, each version once."""
    ends = [*(each.at for each in confirmed[1:]), None]
    seen: set[int] = set()
    for entry, end in reversed(list(zip(confirmed, ends, strict=True))):
        served_then = entry.at <= until and (end is None or end >= since)
        if (end is None or served_then) and entry.version not in seen:
            seen.add(entry.version)
            yield entry


def _confirmed(log: Sequence[LogEntry]) -> list[LogEntry]:
    return [each for each in log if each.event == "deployed"]


def _not_evaluated(version: int) -> str:
    return f"version {version} has no evaluation, so that nobody knows what it was trained on"
