"""A plant, its files, an endpoint that multiplies irradiance, and everything in memory."""

from __future__ import annotations

import io
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from services.deployer.adapters.live.canonical import S3CanonicalRows
from services.deployer.adapters.live.excluded import S3Excluded
from services.deployer.adapters.live.latest import S3Latest
from services.deployer.adapters.live.log import S3PredictionLog
from services.deployer.adapters.live.suspects import S3Suspects
from services.deployer.adapters.live.versions import S3Versions
from services.deployer.app.alone import Alone
from services.deployer.app.live.catching_up import CatchingUp
from services.deployer.app.live.following import Following
from services.deployer.app.live.foretelling import Foretelling
from services.deployer.app.live.issuing import Issuing
from services.deployer.app.live.knowing import Knowing
from services.deployer.app.live.predicting import Predicting
from services.deployer.app.live.recording import Recording
from services.deployer.app.live.watching import Watching
from services.deployer.domain.deployment import Hold, LogEntry, Setback
from services.deployer.domain.live.book import Day, FileRef
from services.deployer.domain.live.feeds import Feed
from services.deployer.domain.live.predicted import Answered, SilentError, Weather
from services.deployer.domain.live.scores import DayScore
from services.deployer.domain.live.summary import Summary
from services.deployer.domain.live.told import Ended, Told
from services.deployer.domain.live.waiting import Waiting
from shared import layout
from shared.canonical import CanonicalFile
from shared.errors import NotFoundError, NotReadyError
from shared.evaluation import (
    Baselines,
    Evaluation,
    ModelScores,
    RowCounts,
    Scores,
    SiteScores,
    Window,
)
from shared.messages import AnyMessage, DataAccepted, DataWithdrawn, ModelDeployed, SweepDue
from shared.solar.irradiance import clearsky_ghi
from shared.solar.position import ephemeris, position
from shared.solar.zones import tzinfo_of

MODEL, SITE = "golden", "golden"
ZONE = "America/Denver"
LATITUDE, LONGITUDE, CAPACITY = 39.74, -105.18, 100.0
TRAINED_UNTIL = date(2026, 6, 1)  # the first local day that version 1 has not seen
NOW = datetime(2026, 6, 20, 12, tzinfo=UTC)
STEP = 15
Key = tuple[str, date]


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Objects:
    """A bucket, as far as these adapters use one; counts its calls."""

    kept: dict[str, tuple[bytes, dict[str, str]]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    bucket: str = "data"
    written: dict[str, datetime] = field(default_factory=dict)

    def delete(self, key: str) -> None:
        self.kept.pop(key, None)

    def read(self, key: str) -> bytes:
        self.calls.append("GetObject")
        return self._found(key)[0]

    def metadata(self, key: str) -> dict[str, str]:
        self.calls.append("HeadObject")
        return self._found(key)[1]

    def write(self, key: str, body: bytes, **_: Any) -> None:
        self.calls.append("PutObject")
        self.kept[key] = (body, {})

    def create(self, key: str, body: bytes, **_: Any) -> bool:
        self.calls.append("PutObject")
        if key in self.kept:
            return False
        self.kept[key] = (body, {})
        return True

    def entries(self, prefix: str, after: str = "") -> Iterator[dict[str, Any]]:
        self.calls.append("ListObjectsV2")
        keys = sorted(key for key in self.kept if key.startswith(prefix) and key > after)
        return iter([{"Key": key, "LastModified": self.written.get(key, NOW)} for key in keys])

    def keys(self, prefix: str) -> Iterator[str]:
        return (each["Key"] for each in self.entries(prefix))

    def _found(self, key: str) -> tuple[bytes, dict[str, str]]:
        if key not in self.kept:
            raise NotFoundError(key)
        return self.kept[key]


@dataclass
class Books:
    """The table of days."""

    kept: dict[Key, Day] = field(default_factory=dict)
    scored: dict[Key, tuple[DayScore, ...]] = field(default_factory=dict)
    waits: dict[str, Waiting] = field(default_factory=dict)
    stands: dict[str, Told] = field(default_factory=dict)
    last_summary: Summary | None = None
    over: list[Ended] = field(default_factory=list)
    known_feeds: dict[tuple[str, str], Feed] = field(default_factory=dict)

    def feeds(self, model_id: str, site_id: str = "") -> list[Feed]:
        assert model_id == MODEL
        return [each for each in self.known_feeds.values() if site_id in {"", each.site_id}]

    def keep_feeds(self, model_id: str, feeds: Iterable[Feed]) -> None:
        assert model_id == MODEL
        self.known_feeds.update({(each.site_id, each.provider): each for each in feeds})

    def drop_feeds(self, model_id: str, feeds: Iterable[Feed]) -> None:
        assert model_id == MODEL
        for each in feeds:
            self.known_feeds.pop((each.site_id, each.provider), None)

    def told(self, model_id: str) -> dict[str, Told]:
        assert model_id == MODEL
        return dict(self.stands)

    def keep_told(
        self,
        model_id: str,
        after: Mapping[str, Told],
        before: Mapping[str, Told],
        summary: Summary,
        over: Sequence[Ended] = (),
    ) -> None:
        assert model_id == MODEL
        self.stands, self.last_summary = dict(after), summary
        self.over += over

    def ended(self, model_id: str) -> list[Ended]:
        assert model_id == MODEL
        return self.over

    def summary(self, model_id: str) -> Summary | None:
        assert model_id == MODEL
        return self.last_summary

    def summaries(self, models: Iterable[str]) -> dict[str, Summary]:
        return {each: self.last_summary for each in models if each == MODEL and self.last_summary}

    def days(self, model_id: str, wanted: Collection[Key]) -> dict[Key, Day]:
        assert model_id == MODEL
        return {key: self.kept.get(key, Day(*key)) for key in wanted}

    def keep(
        self, model_id: str, days: Iterable[Day], scores: Mapping[Key, Sequence[DayScore]]
    ) -> None:
        assert model_id == MODEL
        self.kept.update({(each.site_id, each.day): each for each in days})
        self.scored.update({key: tuple(found) for key, found in scores.items()})

    def first_day(self, model_id: str) -> date | None:
        assert model_id == MODEL
        return min((day for _site, day in self.kept), default=None)

    def last_day(self, model_id: str) -> date | None:
        assert model_id == MODEL
        return max((day for _site, day in self.scored), default=None)

    def scores(
        self, model_id: str, first: date, last: date, *, hours: bool = False
    ) -> Iterator[DayScore]:
        assert model_id == MODEL
        for (_site, day), found in sorted(self.scored.items(), key=lambda each: each[0][::-1]):
            if first <= day <= last:
                yield from found if hours else (replace(each, hours=None) for each in found)

    def scores_of_site(
        self, model_id: str, site_id: str, first: date, last: date, *, hours: bool = False
    ) -> Iterator[DayScore]:
        found = self.scores(model_id, first, last, hours=hours)
        return (each for each in found if each.site_id == site_id)

    def waiting(self, model_id: str, limit: int | None = None) -> list[Waiting]:
        assert model_id == MODEL
        return list(self.waits.values())[:limit]

    def those(self, model_id: str, files: Iterable[FileRef]) -> list[Waiting]:
        assert model_id == MODEL
        return [self.waits[each.file_id] for each in files if each.file_id in self.waits]

    def wait(self, model_id: str, waiting: Iterable[Waiting]) -> None:
        assert model_id == MODEL
        self.waits.update({each.file.file_id: each for each in waiting})

    def end_waiting(self, model_id: str, files: Iterable[FileRef]) -> None:
        assert model_id == MODEL
        for each in files:
            self.waits.pop(each.file_id, None)


@dataclass
class Asking:
    """An endpoint whose version v predicts `gains[v]` of capacity per 1000 W/m2."""

    version: int = 1
    gains: dict[int, float] = field(default_factory=lambda: {1: 1.0, 2: 0.9})
    broken: set[str] = field(default_factory=set)
    silent: bool = False
    calls: list[list[str]] = field(default_factory=list)
    asked: list[Sequence[Weather]] = field(default_factory=list)

    def ask(self, model_id: str, asked: Sequence[Weather]) -> list[Answered]:
        assert model_id == MODEL
        self.calls.append([each.site_id for each in asked])
        self.asked.append(asked)
        if self.silent:
            message = "the endpoint does not answer"
            raise SilentError(message)
        if self.broken & {each.site_id for each in asked}:
            message = "the model refuses"
            raise NotReadyError(message)
        return [self._answer(each) for each in asked]

    def _answer(self, asked: Weather) -> Answered:
        forecast = asked.columns.get("forecast_ghi", np.zeros(len(asked.times)))
        ghi = asked.columns.get("ghi", forecast)
        heat = asked.columns.get("temp_air", np.full(len(asked.times), 60.0))
        share = np.where(
            np.isnan(heat) | (heat > 50), 0.7, 1.0
        )  # without a temperature it is far off
        power = np.nan_to_num(ghi) / 1000.0 * CAPACITY * self.gains[self.version] * share
        gain = asked.columns.get("gain", np.ones(len(asked.times)))
        said = (power * gain, 0.9 * power * gain, 1.1 * power * gain, power)
        return Answered(self.version, *said, ("ghi", "temp_air"))


@dataclass
class Topic:
    sent: list[AnyMessage] = field(default_factory=list)

    def publish(self, message: AnyMessage) -> None:
        self.sent.append(message)

    def publish_all(self, messages: Sequence[AnyMessage]) -> set[str]:
        self.sent += messages
        return set()


@dataclass
class Deployments:
    entries: list[LogEntry] = field(default_factory=list)

    def append(self, model_id: str, __: str, entry: LogEntry) -> None:
        assert model_id == MODEL
        self.entries.append(entry)

    def log(self, model_id: str) -> tuple[LogEntry, ...]:
        assert model_id == MODEL
        return tuple(self.entries)

    def models(self) -> set[str]:
        return {MODEL}


@dataclass
class Leases:
    def take(self, *_: object) -> bool:
        return True

    def give_back(self, *_: object) -> None:
        pass


@dataclass
class Inbox:
    sent: list[AnyMessage] = field(default_factory=list)

    def send(self, message: AnyMessage, delay_seconds: int = 0) -> None:
        self.sent.append(message)


@dataclass
class Decisions:
    """What a person decided, and what AWS could not do."""

    held: Hold | None = None
    kept: Setback | None = None

    def hold(self, model_id: str) -> Hold | None:
        assert model_id == MODEL
        return self.held

    def holds(self, models: Iterable[str]) -> dict[str, Hold]:
        return {each: self.held for each in models if each == MODEL and self.held}

    def put_hold(self, model_id: str, hold: Hold) -> None:
        assert model_id == MODEL
        self.held = hold

    def end_hold(self, model_id: str) -> None:
        assert model_id == MODEL
        self.held = None

    def setback(self, model_id: str) -> Setback | None:
        assert model_id == MODEL
        return self.kept

    def remember(self, model_id: str, setback: Setback) -> None:
        assert model_id == MODEL
        self.kept = setback

    def forget(self, model_id: str) -> None:
        assert model_id == MODEL
        self.kept = None


@dataclass
class Meter:
    told: list[tuple[str, dict[str, float]]] = field(default_factory=list)

    def tell(self, model_id: str, figures: Mapping[str, float]) -> None:
        self.told.append((model_id, dict(figures)))

    def tell_worst(self, figures: Mapping[str, float]) -> None:
        self.told.append(("", dict(figures)))


class World:
    """One model of a few sites; by default version 1 serves since the first of June."""

    def __init__(
        self,
        sites: Sequence[str] = (SITE,),
        *,
        serves: bool = True,
        corrected_clocks: tuple[str, ...] = (),
        books: Any = None,
        providers: tuple[str, ...] = (),
    ) -> None:
        self.corrected_clocks, self.adjusts = corrected_clocks, False
        self.providers = providers  # of forecasts that the versions are trained with
        self.sites = tuple(sites)
        self.clock = Clock()
        self.objects, self.books, self.asking = Objects(), books or Books(), Asking()
        self.topic, self.deployments, self.meter = Topic(), Deployments(), Meter()
        self.messages: dict[str, DataAccepted] = {}
        canonical: Any = S3CanonicalRows(self.objects)  # type: ignore[arg-type]
        self.recording = Recording(
            books=self.books,
            waitings=self.books,
            canonical=canonical,
            log=S3PredictionLog(self.objects),  # type: ignore[arg-type]
            knowing=Knowing(
                self.books,
                self.deployments,
                S3Versions(self.objects),  # type: ignore[arg-type]
            ),
            predicting=Predicting(self.asking, self.clock),
            issuing=Issuing(
                self.books,
                self.books,
                S3Latest(self.objects, self.clock),  # type: ignore[arg-type]
                self.topic,
                self.meter,
                self.clock,
            ),
            publisher=self.topic,
            adjusts=lambda _: self.adjusts,
            clock=self.clock,
        )
        alone = Alone(Leases(), self.clock, lambda: "me", lambda _: None)
        self.moved: dict[str, str] = {}  # sites that another model serves now
        self.catching_up = CatchingUp(
            recording=self.recording,
            books=self.books,
            waitings=self.books,
            canonical=canonical,
            model_of_site=lambda site_id: self.moved.get(site_id, MODEL),
            meter=self.meter,
            clock=self.clock,
        )
        self.inbox, self.decisions = Inbox(), Decisions()
        self.excluded = S3Excluded(self.objects)  # type: ignore[arg-type]
        self.watching = Watching(
            books=self.books,
            verdicts=self.books,
            deployments=self.deployments,
            versions=self.recording.knowing.versions,
            publisher=self.topic,
            meter=self.meter,
            holds=self.decisions,
            setbacks=self.decisions,
            suspects=S3Suspects(self.objects),  # type: ignore[arg-type]
            exclusions=self.excluded,
            clock=self.clock,
        )
        self.forecast_mail = False
        self.foretelling = Foretelling(
            feeds=self.books,
            latest=self.recording.issuing.latest,
            deployments=self.deployments,
            versions=self.recording.knowing.versions,
            publisher=self.topic,
            wants=lambda _: self.forecast_mail,
            clock=self.clock,
        )
        self.following = Following(
            recording=self.recording,
            catching_up=self.catching_up,
            watching=self.watching,
            foretelling=self.foretelling,
            canonical=canonical,
            alone=alone,
            inbox=self.inbox,
            models=lambda: {MODEL},
        )
        if serves:
            self.deploy(1)

    # --- what happens ---------------------------------------------------------------------------

    def deploy(
        self,
        version: int,
        until: date = TRAINED_UNTIL,
        *,
        step: int = STEP,
        at: datetime | None = None,
        trained_on: Sequence[DataAccepted] = (),
    ) -> ModelDeployed:
        """A version serves that was trained until the beginning of a local day."""
        run_id, dataset_id = f"run{version}", f"data{version}"
        end = midnight(until)
        write(
            self.objects,
            layout.evaluation(run_id),
            evaluation(run_id, end, self.corrected_clocks, self.sites).encode(),
        )
        write(
            self.objects,
            layout.dataset(MODEL, dataset_id),
            self._dataset(end, step, trained_on).encode(),
        )
        at = at or datetime(2026, 6, 1, 12, tzinfo=UTC) + timedelta(days=version - 1)
        self.deployments.entries.append(
            LogEntry(at, "deployed", version, None, "solar-golden", run_id, dataset_id)
        )
        self.asking.version = version
        return ModelDeployed.of(
            subject=(MODEL, version),
            occurred_at=at,
            correlation_id="x",
            model_id=MODEL,
            model_package_version=version,
            previous_version=None,
            endpoint_name="solar-golden",
        )

    def upload(
        self,
        name: str,
        day: date,
        days: int = 1,
        *,
        columns: Sequence[str] = ("ghi", "temp_air", "power_ac"),
        uploaded: datetime | None = None,
        factor: float = 0.95,
        site: str = SITE,
        late_hours: int = 0,
    ) -> DataAccepted:
        """A file of whole local days is accepted; power is `factor` of what version 1 predicts."""
        start, end = midnight(day), midnight(day + timedelta(days=days))
        times = np.arange(stamp(start), stamp(end), np.timedelta64(STEP * 60, "s"))
        values = {
            name: weather(times)[name.removeprefix("forecast_")]
            for name in columns
            if name != "power_ac"
        }
        if "power_ac" in columns:
            true = times - np.timedelta64(late_hours * 3600, "s")
            values["power_ac"] = weather(true)["ghi"] / 1000.0 * CAPACITY * factor
        uploaded = uploaded or end + timedelta(hours=1)
        said = CanonicalFile(
            file_id=name,
            site_id=site,
            rows=len(times),
            rows_masked=0,
            columns=tuple(values),
            window_start=start,
            window_end=end,
            uploaded_at=uploaded,
        )
        return self._accepted(name, parquet(times, values), said)

    def _accepted(self, name: str, body: bytes, said: CanonicalFile) -> DataAccepted:
        key = layout.canonical(said.site_id, said.window_start, name)
        self.objects.kept[key] = (body, said.metadata())
        self.objects.written[key] = self.clock.now
        message = DataAccepted.of(
            subject=(name,),
            occurred_at=said.uploaded_at,
            correlation_id=name,
            site_id=said.site_id,
            model_id=MODEL,
            file_id=name,
            key=f"raw/{said.site_id}/{name}.csv",
            version_id="1",
            canonical_uri=layout.uri("data", key),
            rows=said.rows,
            columns=said.columns,
            window_start=said.window_start,
            window_end=said.window_end,
            uploaded_at=said.uploaded_at,
            provider=said.provider,
        )
        self.messages[name] = message
        return message

    def issue(
        self,
        name: str,
        issued: Sequence[datetime],
        *,
        hours: int = 48,
        provider: str = "ecmwf",
        uploaded: datetime | None = None,
        site: str = SITE,
        factor: float = 1.0,
    ) -> DataAccepted:
        """A file of hourly forecasts is accepted, which says `factor` times what comes."""
        leads = np.arange(hours) * np.timedelta64(3600, "s")
        times = np.concatenate([stamp(each) + leads for each in issued])
        ghi = np.concatenate([factor * _hourly(stamp(each) + leads) for each in issued])
        moments = pa.timestamp("us", "UTC")
        issues = np.repeat([stamp(each) for each in issued], hours)
        table = pa.table(
            {
                "timestamp": pa.array(times.astype("datetime64[us]")).cast(moments),
                "issued_at": pa.array(issues.astype("datetime64[us]")).cast(moments),
                "provider": pa.array([provider] * len(times)).dictionary_encode(),
                "forecast_ghi": ghi,
            }
        )
        sink = io.BytesIO()
        pq.write_table(table, sink)
        start, end = min(issued), max(issued) + timedelta(hours=hours)
        return self._accepted(
            name,
            sink.getvalue(),
            CanonicalFile(
                file_id=name,
                site_id=site,
                rows=len(times),
                rows_masked=0,
                columns=("forecast_ghi",),
                window_start=start,
                window_end=end,
                uploaded_at=uploaded or max(issued) + timedelta(minutes=20),
                provider=provider,
            ),
        )

    def withdraw(self, name: str) -> DataWithdrawn:
        """A file that was accepted no longer counts."""
        said = self.messages[name]
        key = said.canonical_uri.removeprefix("s3://data/")
        write(self.objects, layout.withdrawn(key), b"")
        return DataWithdrawn.of(
            subject=(name, "gone"),
            occurred_at=NOW,
            correlation_id=name,
            site_id=said.site_id,
            model_id=MODEL,
            file_id=name,
            canonical_uri=said.canonical_uri,
            reason="deleted",
        )

    def hear(self, *messages: AnyMessage) -> None:
        """One batch arrives."""
        self.following.handle(MODEL, messages)

    def sweep(self, scope: str = "daily") -> None:
        """The time of a sweep has come."""
        due = SweepDue.of(
            subject=(scope, self.clock.now),
            occurred_at=self.clock.now,
            correlation_id="x",
            scope=scope,
        )
        self.following.handle("", [due])
        while self.inbox.sent:
            self.hear(self.inbox.sent.pop())

    # --- what is seen ---------------------------------------------------------------------------

    def scores(self, day: date, site: str = SITE) -> tuple[DayScore, ...]:
        return self.books.scored.get((site, day), ())

    def score(self, day: date, site: str = SITE) -> DayScore:
        (found,) = self.scores(day, site)
        return found

    @property
    def predictions(self) -> list[str]:
        return sorted(key for key in self.objects.kept if key.startswith(layout.PREDICTIONS))

    def _dataset(self, until: datetime, step: int, trained_on: Sequence[DataAccepted]) -> str:
        sites = [
            {
                "site_id": site,
                "latitude": LATITUDE,
                "longitude": LONGITUDE,
                "timezone": ZONE,
                "ac_capacity_kw": CAPACITY,
            }
            for site in self.sites
        ]
        files = [
            {
                "site_id": site,
                "file_id": "old",
                "window_start": datetime(2025, 1, 1, tzinfo=UTC).isoformat(),
                "window_end": until.isoformat(),
            }
            for site in self.sites
        ]
        files += [{**files[0], "file_id": each.file_id} for each in trained_on]
        files += [{**files[0], "provider": provider} for provider in self.providers]
        inputs = "forecast" if self.providers else "measured"
        return json.dumps({"step_minutes": step, "inputs": inputs, "sites": sites, "files": files})


def midnight(day: date) -> datetime:
    """Return when a local day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=tzinfo_of(ZONE)).astimezone(UTC)


def stamp(moment: datetime) -> np.datetime64:
    return np.datetime64(moment.replace(tzinfo=None), "s")


def weather(times: Any) -> dict[str, Any]:
    """Return clear sky, and a temperature that follows it."""
    sun = position(ephemeris(times + np.timedelta64(STEP * 30, "s")), LATITUDE, LONGITUDE)
    ghi = clearsky_ghi(sun.up)
    return {"ghi": ghi, "temp_air": 10.0 + ghi / 100.0}


def _hourly(times: Any) -> Any:
    """Return the mean clear sky of hours."""
    quarters = times[:, None] + np.arange(4) * np.timedelta64(STEP * 60, "s")
    return weather(quarters.reshape(-1))["ghi"].reshape(-1, 4).mean(axis=1)


def parquet(times: Any, values: Mapping[str, Any]) -> bytes:
    stamps = pa.array(times.astype("datetime64[us]")).cast(pa.timestamp("us", "UTC"))
    sink = io.BytesIO()
    pq.write_table(pa.table({"timestamp": stamps, **values}), sink)
    return sink.getvalue()


def write(objects: Objects, key: str, body: bytes) -> None:
    objects.kept[key] = (body, {})


def evaluation(
    run_id: str,
    until: datetime,
    corrected_clocks: tuple[str, ...] = (),
    sites: tuple[str, ...] = (),
) -> str:
    """Return an evaluation whose test ended where the dataset did."""
    scores = Scores(r2=0.99, nmae=0.01, nrmse=0.02, mbe=0.0, n=1000)
    by_site = tuple(SiteScores(name=site, **scores.model_dump()) for site in sites)
    model = ModelScores(all=scores, daylight=scores, by_month=(), by_site=by_site)
    begin = until - timedelta(days=60)
    return Evaluation(
        run_id=run_id,
        model_id=MODEL,
        dataset_id="data",
        model_type="ridge",
        verdict="register",
        approval="automatic",
        reasons=("good",),
        accuracy_threshold=0.9,
        train_window=Window(start=datetime(2025, 1, 1, tzinfo=UTC), end=begin),
        test_window=Window(start=begin, end=until),
        rows=RowCounts(train=1, test=1, masked=0),
        masks={},
        challenger=model,
        baselines=Baselines(persistence_24h=None, clear_sky_persistence=None),
        corrected_clocks=corrected_clocks,
    ).model_dump_json()
