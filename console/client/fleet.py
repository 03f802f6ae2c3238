"""Every site and model with its lights, those first that need a person."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from console import registry, trainer
from console.client import standing
from console.errors import ConsoleError
from console.target import System
from shared import names

Light = Literal["good", "warn", "bad", "none"]
LIGHTS = ("data", "accuracy", "deployment", "approval")
Topic = Literal["yaml", "suspect", "silent", "files", "unscored", "worse", "held", "approval"]
# What can be wrong, in the words of a heading.
TOPICS: Mapping[Topic, str] = {
    "yaml": "YAML was refused",
    "suspect": "a source is suspect",
    "silent": "nothing comes",
    "files": "files are refused",
    "unscored": "cannot be scored",
    "worse": "worse than promised",
    "held": "held by a person",
    "approval": "a version waits for approval",
}
MANY_MODELS = (
    200  # of more, what serves and what waits for approval is asked only for those on the screen
)
CHUNK = 200  # models of one question to deployer
THREADS = 8  # questions at a time: each waits for a function of AWS
SPARK_DAYS = 30
_WORST = {"bad": 0, "warn": 1, "none": 2, "good": 3}

A = TypeVar("A")
B = TypeVar("B")


@dataclass(frozen=True, slots=True)
class Need:
    """What a person should look at, and on which page of `solar console` it is."""

    light: Light
    kind: Literal["data", "accuracy", "deployment", "approval"]
    topic: Topic
    text: str
    page: str


@dataclass(slots=True)
class Row:
    """A site, or a model of which no site is known.

    Attributes
    ----------
    site_id
        '' for a model without sites.
    waits_for
        What its model waits for; '' where that was not asked.
    days
        Scores of its last days, the oldest first.
    """

    site_id: str
    model_id: str
    lights: dict[str, Light]
    needs: list[Need] = field(default_factory=list)
    name: str = ""
    last_upload_at: str | None = None
    waits_for: str = ""
    days: list[dict[str, Any]] = field(default_factory=list)

    @property
    def worst(self) -> Light:
        """The worst of its lights."""
        return min(self.lights.values(), key=lambda each: _WORST[each], default="none")

    @property
    def rank(self) -> tuple[int, int, str, str]:
        """What comes first has the worst light and needs the most."""
        return _WORST[self.worst], -len(self.needs), self.model_id, self.site_id

    def say(self, need: Need) -> None:
        """Note what a person should look at."""
        self.needs.append(need)
        if _WORST[need.light] < _WORST[self.lights[need.kind]] or self.lights[need.kind] == "none":
            self.lights[need.kind] = need.light


@dataclass(frozen=True, slots=True)
class Fleet:
    """All sites and models.

    Attributes
    ----------
    rows
        What needs a person first.
    models
        All models, in order.
    missing
        What could not be asked, in words: the lights of that stay dark.
    are_files_counted
        Whether every site's refused files are known; else they are asked for by page.
    """

    rows: tuple[Row, ...]
    models: tuple[str, ...]
    missing: tuple[str, ...] = ()
    are_files_counted: bool = False

    def found(
        self, *, text: str = "", model: str = "", light: str = "", kind: str = "", topic: str = ""
    ) -> tuple[Row, ...]:
        """Return the rows that fit: a part of a name, a model, a light (of one kind), what is wrong."""
        return tuple(
            each
            for each in self.rows
            if text.lower() in f"{each.site_id} {each.name} {each.model_id}".lower()
            and model in {"", each.model_id}
            and (not light or light in (each.lights[kind] if kind else each.worst))
            and (not topic or topic in {need.topic for need in each.needs})
        )


def fleet(system: System) -> Fleet:
    """Return every site and model, with what is known without asking about each site."""
    missing: list[str] = []
    with ThreadPoolExecutor(THREADS) as threads:
        sites = threads.submit(system.ask, "data_watcher", "sites", brief=True)
        named = threads.submit(trainer.models, system)
        counted = threads.submit(system.ask, "data_watcher", "open")
    configurations = sites.result()["sites"]
    models: list[str] = _or_say(missing, "which models there are", named.result, [])
    files: dict[str, int] | None = _or_say(
        missing, "how many files are refused", lambda: counted.result()["open"], None
    )
    rows = [_of_site(each) for each in configurations if each["kind"] == "site"]
    with_sites = {each.model_id for each in rows}
    rows += [_row("", each) for each in models if each not in with_sites]
    by_model = _by_model(rows)
    for each in configurations:
        if each["kind"] == "model" and _is_refused(each):
            reason = f"the model's YAML was refused: {each['reason']}"
            for row in by_model.get(each["name"], []):
                row.say(Need("bad", "data", "yaml", reason, "site"))
    for row in rows:
        _tell_of_files(row, (files or {}).get(row.site_id, 0))
    _tell_how_they_do(system, by_model, missing)
    if len(models) <= MANY_MODELS:
        _tell_what_serves(system, by_model, missing)
    else:
        missing.append(
            f"order by what waits for approval, of {len(models)} models; each page tells its own"
        )
    ordered = tuple(sorted(rows, key=lambda each: each.rank))
    return Fleet(ordered, tuple(sorted(models)), tuple(missing), files is not None)


def with_details(
    system: System, known: Sequence[Row], *, of_files: bool = True, of_models: bool = False
) -> tuple[list[Row], list[str]]:
    """Return some rows (at most fifty) with what is asked about each, and what could not be asked.

    Parameters
    ----------
    of_files
        Whether `fleet` did not know how many files are refused.
    of_models
        Whether `fleet` did not ask what serves and what waits for approval, because models are too many.
    """
    missing: list[str] = []
    rows = [replace(each, lights={**each.lights}, needs=[*each.needs]) for each in known]
    sites = [each for each in rows if each.site_id]
    by_model = _by_model(rows)
    if of_files and sites:
        ids = [each.site_id for each in sites]
        counts: dict[str, dict[str, int]] = _or_say(
            missing,
            "how many files are refused",
            lambda: system.ask("data_watcher", "counts", site_ids=ids)["counts"],
            {},
        )
        for row in sites:
            _tell_of_files(row, counts.get(row.site_id, {}).get("open", 0))
    if of_models:
        _tell_what_serves(system, by_model, missing)
    scored: list[list[dict[str, Any]]] = _or_say(
        missing, "live scores", lambda: days_of(system, sites, SPARK_DAYS), []
    )
    for row, days in zip(sites, scored, strict=False):
        row.days = days
    decided: list[str] = _or_say(
        missing, "decisions", lambda: _in_threads(_waits(system), by_model), []
    )
    for model_id, said in zip(by_model, decided, strict=False):
        for row in by_model[model_id]:
            row.waits_for = said
    return sorted(rows, key=lambda each: each.rank), missing


def days_of(system: System, sites: Sequence[Row], days: int) -> list[list[dict[str, Any]]]:
    """Return how each site did on each of its last days, the oldest first; nothing without a model."""

    def of_one(row: Row) -> list[dict[str, Any]]:
        if not row.model_id:
            return []
        asked = {"model_id": row.model_id, "site_id": row.site_id, "days": days, "by": "day"}
        return standing.of_one_kind(system.ask("deployer", "scorecard", **asked)["lines"])

    return _in_threads(of_one, sites)


def _by_model(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        if row.model_id:
            found.setdefault(row.model_id, []).append(row)
    return found


def _row(site_id: str, model_id: str) -> Row:
    return Row(site_id, model_id, dict.fromkeys(LIGHTS, "none"))


def _is_refused(configuration: Mapping[str, Any]) -> bool:
    return configuration["state"] not in {"accepted", "deleted"}


def _of_site(said: Mapping[str, Any]) -> Row:
    row = _row(said["name"], said["model_id"] or "")
    row.last_upload_at = said.get("last_upload_at")
    if row.last_upload_at:
        row.lights["data"] = "good"
    if _is_refused(said):
        row.say(Need("bad", "data", "yaml", f"its YAML was refused: {said['reason']}", "site"))
    for each in said.get("suspects", []):
        if each["standing"] == "suspect":
            text = f"source {each['source']} is suspect: {each['reason']}"
            row.say(Need("bad", "data", "suspect", text, "site"))
    if silent := said.get("silent_since"):
        text = f"silent since {silent[:16].replace('T', ' ')} UTC"
        row.say(Need("warn", "data", "silent", text, "site"))
    return row


def _tell_of_files(row: Row, count: int) -> None:
    if count:
        files = "1 file is refused" if count == 1 else f"{count} files are refused"
        row.say(Need("warn", "data", "files", files, "files"))


def _tell_how_they_do(
    system: System, by_model: Mapping[str, Sequence[Row]], missing: list[str]
) -> None:
    """Tell each model's rows how it does live, and what people hold; of any number of models."""
    chunks = [list(by_model)[start : start + CHUNK] for start in range(0, len(by_model), CHUNK)]
    live: list[dict[str, Any]] = _or_say(
        missing,
        "how models do live",
        lambda: _in_threads(lambda some: standing.how_they_do(system, some), chunks),
        [],
    )
    holds: list[dict[str, Any]] = _or_say(
        missing,
        "which models are held",
        lambda: _in_threads(lambda some: registry.holds(system, some), chunks),
        [],
    )
    for said in live:
        for model_id, found in said.items():
            for row in by_model.get(model_id, []):
                _tell_how_it_does(row, found)
    for told in holds:
        for model_id, held in told.items():
            text = f"held by {held['by']}: {held['reason']}"
            for row in by_model.get(model_id, []):
                row.say(Need("warn", "deployment", "held", text, "model"))


def _tell_what_serves(
    system: System, by_model: Mapping[str, Sequence[Row]], missing: list[str]
) -> None:
    """Tell the rows of at most 200 models what serves, and what waits for approval."""
    chosen = list(by_model)
    served: dict[str, int] = _or_say(
        missing, "what serves", lambda: registry.served_versions(system, chosen), {}
    )
    waiting: dict[str, int | None] = _or_say(
        missing,
        "what waits for approval",
        lambda: dict(zip(chosen, _in_threads(_pending(system), chosen), strict=True)),
        {},
    )
    for model_id in chosen:
        for row in by_model[model_id]:
            if model_id in served and row.lights["deployment"] == "none":
                row.lights["deployment"] = "good"
            if model_id in waiting:
                _tell_of_approval(row, waiting[model_id])


def _tell_how_it_does(row: Row, live: Mapping[str, Any] | None) -> None:
    if not live or not live.get("last"):
        return
    row.lights["accuracy"] = "good"
    for each in live["standing"]:
        if each["site_id"] == row.site_id:
            topic: Topic = "unscored" if each["kind"] == "data" else "worse"
            text = f"{TOPICS[topic]} since {each['since']}: {each['why']}"
            row.say(Need("bad", "accuracy", topic, text, "model"))


def _tell_of_approval(row: Row, version: int | None) -> None:
    row.lights["approval"] = "good"
    if version is not None:
        text = f"version {version} waits for approval"
        row.say(Need("warn", "approval", "approval", text, "model"))


def _pending(system: System) -> Callable[[str], int | None]:
    def newest(model_id: str) -> int | None:
        try:
            found = system.client("sagemaker").list_model_packages(
                ModelPackageGroupName=names.package_group(model_id),
                ModelApprovalStatus="PendingManualApproval",
                SortBy="CreationTime",
                SortOrder="Descending",
                MaxResults=1,
            )
        except ClientError as error:
            if registry.is_unknown(error):
                return None
            raise
        packages = found["ModelPackageSummaryList"]
        return int(packages[0]["ModelPackageVersion"]) if packages else None

    return newest


def _waits(system: System) -> Callable[[str], str]:
    def waits(model_id: str) -> str:
        found = system.ask("trainer_trigger", "decisions", model_id=model_id, limit=1)
        latest = next(iter(found["decisions"].get(model_id, [])), None)
        return f"{latest['outcome']}: {'; '.join(latest['reasons'])}" if latest else ""

    return waits


def _in_threads(ask: Callable[[A], B], about: Iterable[A]) -> list[B]:
    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(ask, about))


def _or_say(missing: list[str], what: str, ask: Callable[[], A], otherwise: A) -> A:
    """Return an answer; where there is none, note what is missing and why."""
    try:
        return ask()
    except (ConsoleError, ClientError, BotoCoreError) as error:
        missing.append(f"{what}: {error}")
        return otherwise
