"""Brings what is known of a model's days up to date with files that came and went."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from services.deployer.app.live.issuing import Issuing
from services.deployer.app.live.knowing import Knowing
from services.deployer.app.live.predicting import Outcome, Predicting, own_weather
from services.deployer.app.live.scoring import score
from services.deployer.app.live.shelf import Shelf
from services.deployer.domain.live import book
from services.deployer.domain.live.adjusting import gain
from services.deployer.domain.live.book import ONE_DAY, Day, FileRef, Key, Made
from services.deployer.domain.live.predicted import Predicted, is_of, made_of
from services.deployer.domain.live.stamps import moment
from services.deployer.domain.live.unseen import Trained
from services.deployer.domain.live.waiting import Waiting
from services.deployer.ports import (
    Books,
    CanonicalRows,
    PredictionLog,
    Publisher,
    Waitings,
)
from shared import layout
from shared.clock import Clock
from shared.errors import NotReadyError
from shared.messages import PredictionsMade
from shared.solar.zones import tzinfo_of

WEEKS_BEFORE = timedelta(days=25)  # that a gain is taken from


@dataclass(frozen=True, slots=True)
class Recording:
    """Predicts new weather, scores new power; what a person or a message says only tells where to look."""

    books: Books
    waitings: Waitings
    canonical: CanonicalRows
    log: PredictionLog
    knowing: Knowing
    predicting: Predicting
    issuing: Issuing
    publisher: Publisher
    adjusts: Callable[[str], bool]
    clock: Clock

    def record(
        self,
        model_id: str,
        files: Sequence[FileRef],
        gone: Sequence[FileRef] = (),
        known: Sequence[Waiting] = (),
    ) -> None:
        """Take in files that were accepted, and look at the days of files that were withdrawn.

        Parameters
        ----------
        known
            How those of the files waited that did until now.
        """
        trained = self.knowing.serving(model_id)
        places = trained.places if trained is not None else {}
        here = [each for each in files if each.site_id in places]
        gone_here = [each for each in gone if each.site_id in places]
        waits: dict[FileRef, str] = {}
        if trained is not None and (here or gone_here):
            waits |= self._bring_up_to_date(model_id, trained, here, gone_here)
        for file in (*files, *gone):
            if file.site_id not in places:
                why = self._why_it_waits(model_id, trained, file)
                waits |= self._elsewhere(model_id, file, why, is_gone=file in gone)
        done = [each.file for each in known if each.file not in waits]
        self._let_wait(model_id, waits)
        self.waitings.end_waiting(model_id, done)

    def look(self, model_id: str) -> None:
        """See whose issues are late; where another provider's reaches, it becomes the newest forecast."""
        sites = self.issuing.look(model_id)
        trained = self.knowing.serving(model_id) if sites else None
        if trained is not None:
            here = [each for each in sites if each in trained.places]
            self.issuing.renew(model_id, trained, {}, here, Shelf(self.canonical, self.log))

    def score_only(self, model_id: str, files: Sequence[FileRef], gone: Sequence[FileRef]) -> None:
        """Score what was predicted of sites that another model predicts now; the rest is left to that one."""
        for file in (*files, *gone):
            self._elsewhere(model_id, file, "another model predicts it", is_gone=file in gone)

    def _why_it_waits(self, model_id: str, trained: Trained | None, file: FileRef) -> str:
        if trained is None:
            return self.knowing.why_nobody(model_id)
        return f"version {trained.version} does not know site {file.site_id}"

    def _elsewhere(
        self, model_id: str, file: FileRef, why: str, *, is_gone: bool
    ) -> Mapping[FileRef, str]:
        """Look at a file of a site that what serves knows nothing of, if another version said anything there.

        That one is not asked any more, but power is scored against what it predicted, and what was withdrawn
        counts no longer.
        """
        version = self.knowing.said_of(model_id, file)
        if version is None:
            return {} if is_gone else {file: why}
        trained = self.knowing.trained(model_id, version)
        if trained is None or file.site_id not in trained.places:
            return {file: why}
        files, gone = ([], [file]) if is_gone else ([file], [])
        return self._bring_up_to_date(model_id, trained, files, gone, silent=why)

    def _let_wait(self, model_id: str, waits: Mapping[FileRef, str]) -> None:
        """Let files wait; one that waits already keeps its deadline, however often a message of it comes."""
        known = {each.file.file_id: each for each in self.waitings.those(model_id, waits)}
        now = self.clock()
        found = [
            Waiting(file, known[file.file_id].since if file.file_id in known else now, why)
            for file, why in waits.items()
        ]
        self.waitings.wait(model_id, [each for each in found if each not in known.values()])

    def _bring_up_to_date(
        self,
        model_id: str,
        trained: Trained,
        files: Sequence[FileRef],
        gone: Sequence[FileRef],
        silent: str = "",
    ) -> Mapping[FileRef, str]:
        """Bring the days of files up to date; return those that wait, and for what.

        Parameters
        ----------
        silent
            Why the version cannot be asked; then only what was predicted before is scored.
        """
        shelf = Shelf(self.canonical, self.log)
        kept = self._kept_before(model_id, files, shelf)
        first = self.books.first_day(model_id)
        touched = {
            file: _days(file, trained, first, kept.get(file, {}).values())
            for file in (*files, *gone)
        }
        files = [file for file in files if touched[file]]
        keys = {(file.site_id, day) for file, days in touched.items() for day in days}
        before = self.books.days(model_id, keys | set(_neighbours(keys)))
        standing = self.canonical.standing(_since(before, files, keys))
        present = [file for file in files if file.key in standing[file.site_id]]
        days = _with_files(before, keys, present, touched, standing)
        new = [
            file
            for file in present
            if file.inputs is not None
            and file not in kept
            and not _was_predicted(file, touched[file], days)
        ]
        known = self._foretold(model_id, trained, new, touched, days, shelf)
        kept |= known
        new = [file for file in new if file not in known]
        outcome = (
            Outcome({}, dict.fromkeys(new, silent))
            if silent
            else self.predicting.predict(
                model_id,
                trained,
                new,
                days={file: [days[file.site_id, day] for day in touched[file]] for file in new},
                gains=self._gains(model_id, new, touched),
                shelf=shelf,
            )
        )
        noted = {each.key for day in before.values() for each in day.made}
        found = {key: each for file in present for key, each in kept.get(file, {}).items()}
        predicted = {
            **{key: each for key, each in found.items() if key not in noted},
            **outcome.predicted,
        }
        made = {key: made_of(each, key) for key, each in predicted.items()}
        days = _with_made(days, made, predicted, trained)
        scored = score(trained, days, [key for key in keys if _matters(days[key], trained)], shelf)
        self._tell(model_id, made, predicted)
        forecasts = {each.site_id for each in (*new, *kept, *gone) if each.provider}
        if forecasts:
            self.issuing.renew(model_id, trained, scored.days, forecasts, shelf)
        self.books.keep(
            model_id,
            [day for key, day in scored.days.items() if day != before[key]],
            scored.scores,
        )
        return {**outcome.waits, **dict.fromkeys(scored.lost, "its predictions were deleted")}

    def _kept_before(
        self, model_id: str, files: Iterable[FileRef], shelf: Shelf
    ) -> dict[FileRef, dict[str, Predicted]]:
        """Return what the log has of files that were there before what serves was.

        A process may have ended between writing the log and the book. What serves now would not know that it
        was predicted; an older version said it, and what serves may even have been trained on it since.
        """
        replaced = self.knowing.replaced_at(model_id)
        if replaced is None:
            return {}
        older = [each for each in files if each.inputs is not None and each.uploaded_at < replaced]
        keys = self.log.keys_of(model_id, older)
        shelf.fetch_predictions(
            {key: file.site_id for file, found in keys.items() for key in found}
        )
        kept = {
            file: {key: each for key in found for each in shelf.predictions([key])}
            for file, found in keys.items()
        }
        return {file: found for file, found in kept.items() if found}

    def _foretold(  # noqa: PLR0917 - files, and what is known of them
        self,
        model_id: str,
        trained: Trained,
        files: Iterable[FileRef],
        touched: Mapping[FileRef, Sequence[date]],
        days: Mapping[Key, Day],
        shelf: Shelf,
    ) -> dict[FileRef, dict[str, Predicted]]:
        """Return what was predicted from the same weather before its file was read again.

        A newer reader, or another configuration, reads a file again. Where it says the same, what was said
        first is kept under the file's new name. Predicted anew, a forecast would be hindsight, although
        people were told in time; and of days that what serves knows from its training nothing would be left.
        """
        earlier = {
            file: {
                made.key: made
                for day in touched[file]
                for made in days[file.site_id, day].made
                if made.inputs == file.inputs
                and (made.provider, made.uploaded_at) == (file.provider, file.uploaded_at)
            }
            for file in files
        }
        again = [file for file, found in earlier.items() if found]
        shelf.fetch_files(again)
        shelf.fetch_predictions({key: file.site_id for file in again for key in earlier[file]})
        found: dict[FileRef, dict[str, Predicted]] = {}
        for file in again:
            said = shelf.predictions(earlier[file])
            for each in sorted(said, key=lambda one: (one.made_at, one.file_id)):
                weather = own_weather(file, trained, each.step_minutes, shelf)
                if weather is None or not is_of(
                    each, weather, trained.unseen(file.site_id, weather.times)
                ):
                    continue
                renamed = replace(each, file_id=file.file_id)
                first = moment(renamed.times.min())
                key = layout.predictions(model_id, file.site_id, first, file.file_id, each.version)
                found[file] = self.log.keep({key: renamed})
                shelf.put(found[file])
                break
        return found

    def _gains(
        self, model_id: str, files: Iterable[FileRef], touched: Mapping[FileRef, Sequence[date]]
    ) -> dict[Key, float]:
        """Return what the adjuster makes of the days of files; nothing where the model has none."""
        if not self.adjusts(model_id):
            return {}
        found: dict[Key, float] = {}
        for file in files:
            first, last = touched[file][0] - WEEKS_BEFORE, touched[file][-1]
            scores = list(self.books.scores_of_site(model_id, file.site_id, first, last))
            found |= {(file.site_id, day): gain(scores, day).value for day in touched[file]}
        return found

    def _tell(
        self, model_id: str, made: Mapping[str, Made], predicted: Mapping[str, Predicted]
    ) -> None:
        refused = self.publisher.publish_all(
            [
                PredictionsMade.of(
                    subject=(model_id, each.file_id, each.version),
                    occurred_at=each.made_at,
                    correlation_id=each.file_id,
                    model_id=model_id,
                    site_id=predicted[key].weather.site_id,
                    file_id=each.file_id,
                    model_package_version=each.version,
                    inputs=each.inputs,
                    key=key,
                    rows=len(predicted[key].times),
                    window_start=each.start,
                    window_end=each.end,
                )
                for key, each in made.items()
            ]
        )
        if refused:
            message = f"{len(refused)} messages could not be sent; all are sent again"
            raise NotReadyError(message)


def _days(
    file: FileRef, trained: Trained, first_known: date | None, kept: Iterable[Predicted]
) -> list[date]:
    """Return the days of a file that anything can be said of: rows not seen, predicted, or known already.

    Years that were uploaded before the first version served say nothing, and are not even looked up.
    """
    zone = tzinfo_of(trained.places[file.site_id].timezone)
    unseen = trained.first_unseen(file.site_id, file.start, file.end)
    known = [first_known] if first_known is not None else []
    known += [unseen.astimezone(zone).date()] if unseen is not None else []
    known += [moment(each.times.min()).astimezone(zone).date() for each in kept]
    if not known:
        return []
    return [day for day in book.days_of(file.start, file.end, zone) if day >= min(known)]


def _neighbours(keys: Iterable[Key]) -> Iterable[Key]:
    """Yield the days before, whose power is the baseline, and after, whose baseline changes."""
    for site_id, day in keys:
        yield site_id, day - ONE_DAY
        yield site_id, day + ONE_DAY


def _since(
    days: Mapping[Key, Day], files: Iterable[FileRef], keys: Iterable[Key]
) -> dict[str, datetime]:
    """Return, for each site, from when on its objects are to be listed."""
    found: dict[str, datetime] = {}
    known = [file for key in keys for file in days[key].files]
    for file in (*files, *known):
        found[file.site_id] = min(found.get(file.site_id, file.start), file.start)
    return found


def _with_files(
    before: Mapping[Key, Day],
    keys: Iterable[Key],
    files: Iterable[FileRef],
    touched: Mapping[FileRef, Sequence[date]],
    standing: Mapping[str, Collection[str]],
) -> dict[Key, Day]:
    days = dict(before)
    new: dict[Key, list[FileRef]] = {}
    for file in files:
        for day in touched[file]:
            new.setdefault((file.site_id, day), []).append(file)
    for key in keys:
        stands = standing.get(key[0], ())
        days[key] = days[key].with_files(new.get(key, ())).standing(stands)
    return days


def _was_predicted(file: FileRef, days_of: Sequence[date], days: Mapping[Key, Day]) -> bool:
    """Whether any version predicted a file; a new version does not rewrite history."""
    return any(
        made.file_id == file.file_id for day in days_of for made in days[file.site_id, day].made
    )


def _with_made(
    days: Mapping[Key, Day],
    made: Mapping[str, Made],
    predicted: Mapping[str, Predicted],
    trained: Trained,
) -> dict[Key, Day]:
    found = dict(days)
    for key, each in made.items():
        site_id = predicted[key].weather.site_id
        zone = tzinfo_of(trained.places[site_id].timezone)
        for day in book.days_of(each.start, each.end, zone):
            if (site_id, day) in found:
                found[site_id, day] = found[site_id, day].with_made([each])
    return found


def _matters(day: Day, trained: Trained) -> bool:
    """Whether a day says anything of a version: predicted, or not seen in training."""
    if day.made or day.power is not None or day.is_scored:
        return True
    start, end = book.bounds(day.day, tzinfo_of(trained.places[day.site_id].timezone))
    return trained.saw_not_all(day.site_id, start, end)
