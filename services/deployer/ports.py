"""What the service needs from outside, in its own words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Protocol

from services.deployer.domain.blame import Fault
from services.deployer.domain.deployment import (
    Endpoint,
    Hold,
    InProgress,
    LogEntry,
    Setback,
    Version,
)
from services.deployer.domain.real_rows import Inquiry, LastDay
from services.deployer.domain.reference import Answer, Reference
from services.deployer.domain.serving import Serving
from shared.evaluation import Evaluation
from shared.messages import AnyMessage
from shared.model_config import EndpointConfig

if TYPE_CHECKING:  # some of them need numpy, which the light functions have not
    from services.deployer.domain.live.book import Day, FileRef
    from services.deployer.domain.live.excluded import Excluded
    from services.deployer.domain.live.feeds import Feed
    from services.deployer.domain.live.newest import Newest
    from services.deployer.domain.live.predicted import Answered, Predicted, Weather
    from services.deployer.domain.live.scores import DayScore
    from services.deployer.domain.live.summary import Summary
    from services.deployer.domain.live.told import Ended, Told
    from services.deployer.domain.live.unseen import Place, Trained
    from services.deployer.domain.live.waiting import Waiting


class Configuration(Protocol):
    """How models are to be served."""

    def endpoint(self, model_id: str) -> EndpointConfig: ...
    def models(self) -> set[str]: ...
    def changed_since(self, moment: datetime) -> set[str]: ...


class Registry(Protocol):
    """The model registry; a barred version is rejected there, with the reason."""

    def approved(self, model_id: str) -> tuple[int, ...]: ...
    def version(self, model_id: str, number: int) -> Version | None: ...
    def newest(self, model_id: str) -> Version | None: ...
    def bar(self, version: Version, reason: str) -> None: ...
    def decide(self, version: Version, note: str, *, approve: bool) -> None: ...


class Endpoints(Protocol):
    """Who serves a version: instances, a serverless endpoint or a function, with all that belongs to them."""

    def describe(self, model_id: str) -> Endpoint | None: ...
    def glance(self, model_id: str) -> Endpoint | None: ...
    def create(self, version: Version, config: EndpointConfig) -> None: ...
    def update(
        self,
        version: Version,
        config: EndpointConfig,
        *,
        goes_back: bool,
        ignores: tuple[str, ...] = (),
    ) -> None: ...
    def ringing(self, model_id: str) -> tuple[str, ...]: ...
    def rang_since(self, model_id: str, since: datetime) -> tuple[str, ...]: ...
    def check_ours(self, model_id: str) -> None: ...
    def stop_canary(self, model_id: str, reason: str) -> None: ...
    def switch(self, model_id: str) -> None: ...
    def drop(self, model_id: str) -> None: ...
    def delete(self, model_id: str) -> None: ...
    def keep_scaling(self, model_id: str, config: EndpointConfig) -> None: ...
    def keep_alarms(self, model_id: str) -> None: ...
    def tidy(self, model_id: str, in_use: str) -> None: ...
    def invoke(
        self, model_id: str, request: dict[str, Any], *, candidate: bool = False
    ) -> Answer: ...


class ServingMemory(Protocol):
    """What is written down of who serves; only one worker per model writes at a time."""

    def serving(self, model_id: str) -> Serving: ...
    def keep_serving(self, model_id: str, serving: Serving) -> None: ...


class FaultLog(Protocol):
    """What the log of an endpoint says of requests that failed."""

    def faults(self, model_id: str, since: datetime) -> frozenset[Fault] | None: ...


class Leases(Protocol):
    """One worker per model at a time; a lease that nobody gives back ends by itself."""

    def take(self, model_id: str, owner: str, now: datetime, until: datetime) -> bool: ...
    def give_back(self, model_id: str, owner: str) -> None: ...


class Holds(Protocol):
    """What people decided about what serves."""

    def hold(self, model_id: str) -> Hold | None: ...
    def holds(self, models: Iterable[str]) -> dict[str, Hold]: ...
    def put_hold(self, model_id: str, hold: Hold) -> None: ...
    def end_hold(self, model_id: str) -> None: ...


class Setbacks(Protocol):
    """What AWS could not do."""

    def setback(self, model_id: str) -> Setback | None: ...
    def remember(self, model_id: str, setback: Setback) -> None: ...
    def forget(self, model_id: str) -> None: ...


class References(Protocol):
    """What runs found: their evaluations, and the rows that these were asked for."""

    def of_run(self, run_id: str) -> Reference | None: ...
    def evaluation(self, run_id: str) -> Evaluation | None: ...


class RealRows(Protocol):
    """What plants measured last."""

    def last_day(self, model_id: str, sites: tuple[str, ...], until: datetime) -> LastDay: ...


class Inquiries(Protocol):
    """What is asked of the version that is being deployed."""

    def inquiry(self, model_id: str) -> Inquiry | None: ...
    def keep(self, model_id: str, inquiry: Inquiry) -> None: ...


class Progress(Protocol):
    """The one deployment of a model that was begun; every write is conditional or can be repeated."""

    def in_progress(self, model_id: str) -> InProgress | None: ...
    def begin(self, model_id: str, progress: InProgress) -> bool: ...
    def mark_called(self, model_id: str, progress: InProgress) -> None: ...
    def finish(self, model_id: str, progress: InProgress) -> None: ...


class Log(Protocol):
    """The deployment log, append-only."""

    def append(self, model_id: str, key: str, entry: LogEntry) -> None: ...
    def log(self, model_id: str) -> tuple[LogEntry, ...]: ...
    def models(self) -> set[str]: ...


class Requests(Protocol):
    """What people's requests came to, settled once."""

    def settle(
        self, model_id: str, request_id: str, unwanted: tuple[int, ...]
    ) -> tuple[int, ...]: ...


class Timer(Protocol):
    """Looks at a deployment, or at a request, again later."""

    def check_later(self, model_id: str, now: datetime, seconds: int) -> None: ...
    def again(self, message: AnyMessage, seconds: int) -> None: ...


class Gauge(Protocol):
    """The metric behind the rollback alarm."""

    def mismatch(self, model_id: str, *, mismatched: bool) -> None: ...


# --- after deployment -------------------------------------------------------------------------------


class CanonicalRows(Protocol):
    """Canonical objects of sites."""

    def standing(
        self, since: dict[str, datetime], until: datetime | None = None
    ) -> dict[str, dict[str, datetime]]: ...
    def describe(self, key: str) -> FileRef | None: ...
    def contents(self, keys: Sequence[str]) -> dict[str, bytes]: ...
    def on_step(
        self,
        site_id: str,
        files: Sequence[tuple[FileRef, bytes]],
        step_minutes: int,
        wanted: frozenset[str],
    ) -> Weather: ...
    def issues(
        self,
        files: Sequence[tuple[FileRef, bytes]],
        place: Place,
        step_minutes: int,
    ) -> Weather: ...


class PredictionLog(Protocol):
    """What was predicted, written once."""

    def keep(self, kept: dict[str, Predicted]) -> dict[str, Predicted]: ...
    def read(self, keys: dict[str, str]) -> dict[str, Predicted]: ...
    def keys_of(
        self, model_id: str, files: Sequence[FileRef]
    ) -> dict[FileRef, tuple[str, ...]]: ...
    def listed(
        self, model_id: str, sites: Sequence[str], since: datetime, until: datetime
    ) -> dict[str, set[str]]: ...


class Latest(Protocol):
    """The newest forecasts of sites, for people and machines."""

    def write(
        self,
        model_id: str,
        site_id: str,
        newest: Newest,
        feeds: Sequence[Feed],
        trained: Trained,
    ) -> None: ...
    def read(self, model_id: str, site_id: str) -> Newest | None: ...
    def remove(self, model_id: str, site_id: str) -> None: ...


class Feeds(Protocol):
    """What is known of the providers of sites."""

    def feeds(self, model_id: str, site_id: str = "") -> list[Feed]: ...
    def keep_feeds(self, model_id: str, feeds: Iterable[Feed]) -> None: ...
    def drop_feeds(self, model_id: str, feeds: Iterable[Feed]) -> None: ...


class Asking(Protocol):
    """A model's endpoint, asked about rows of many sites."""

    def ask(self, model_id: str, asked: Sequence[Weather]) -> list[Answered]: ...


class TrainedVersions(Protocol):
    """What versions were trained and tested on."""

    def trained(self, model_id: str, served: LogEntry) -> Trained | None: ...
    def evaluation(self, run_id: str) -> Evaluation | None: ...


class Books(Protocol):
    """What is known of the days of sites; only one worker per model writes at a time."""

    def days(
        self, model_id: str, wanted: Collection[tuple[str, date]]
    ) -> dict[tuple[str, date], Day]: ...
    def keep(
        self,
        model_id: str,
        days: Iterable[Day],
        scores: Mapping[tuple[str, date], Sequence[DayScore]],
    ) -> None: ...
    def first_day(self, model_id: str) -> date | None: ...
    def last_day(self, model_id: str) -> date | None: ...
    def scores(
        self, model_id: str, first: date, last: date, *, hours: bool = False
    ) -> Iterable[DayScore]: ...
    def scores_of_site(
        self, model_id: str, site_id: str, first: date, last: date, *, hours: bool = False
    ) -> Iterable[DayScore]: ...


class Waitings(Protocol):
    """Files that no version could predict yet."""

    def waiting(self, model_id: str, limit: int | None = None) -> list[Waiting]: ...
    def those(self, model_id: str, files: Iterable[FileRef]) -> list[Waiting]: ...
    def wait(self, model_id: str, waiting: Iterable[Waiting]) -> None: ...
    def end_waiting(self, model_id: str, files: Iterable[FileRef]) -> None: ...


class Verdicts(Protocol):
    """What people were told about sites, and how models do in a few figures."""

    def told(self, model_id: str) -> dict[str, Told]: ...
    def keep_told(
        self,
        model_id: str,
        after: Mapping[str, Told],
        before: Mapping[str, Told],
        summary: Summary,
        over: Sequence[Ended] = (),
    ) -> None: ...
    def ended(self, model_id: str) -> list[Ended]: ...
    def summary(self, model_id: str) -> Summary | None: ...
    def summaries(self, models: Iterable[str]) -> dict[str, Summary]: ...


class Exclusions(Protocol):
    """Days that people took out of training."""

    def days(self) -> Excluded: ...


class Suspects(Protocol):
    """Sites whose measurements are doubted as a whole."""

    def sites(self) -> frozenset[str]: ...


class Inbox(Protocol):
    """The function's own inbox."""

    def send(self, message: AnyMessage, delay_seconds: int = 0) -> None: ...


class Meter(Protocol):
    """Metrics of a model that people and alarms watch."""

    def tell(self, model_id: str, figures: Mapping[str, float]) -> None: ...
    def tell_worst(self, figures: Mapping[str, float]) -> None: ...


class Publisher(Protocol):
    """The topic of this service."""

    def publish(self, message: AnyMessage) -> None: ...
    def publish_all(self, messages: Sequence[AnyMessage]) -> set[str]: ...
