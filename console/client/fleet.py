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
MANY_MODELS = 200  # of more models only those on the screen are asked
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
    files
        How many files are in which state; `open` are refused and not dismissed.
    """

    site_id: str
    model_id: str
    lights: dict[str, Light]
    needs: list[Need] = field(default_factory=list)
    name: str = ""
    last_upload_at: str | None = None
    waits_for: str = ""
    days: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, int] = field(default_factory=dict)

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
    """

    rows: tuple[Row, ...]
    models: tuple[str, ...]
    missing: tuple[str, ...] = ()

    def found(
        self, *, text: str = "", model: str = "", light: str = "", kind: str = ""
    ) -> tuple[Row, ...]:
        """Return the rows that fit: a part of a name, a model, a light of any or of one kind."""
        return tuple(
            each
            for each in self.rows
            if text.lower() in f"{each.site_id} {each.name} {each.model_id}".lower()
            and model in {"", each.model_id}
            and (not light or light in (each.lights[kind] if kind else each.worst))
        )


def fleet(system: System) -> Fleet:
    """Return every site and model, with what is known without asking about each one."""
    missing: list[str] = []
    configurations = system.ask("data_watcher", "sites", brief=True)["sites"]
    models: list[str] = _or_say(
        missing, "which models there are", lambda: trainer.models(system), []
    )
    known = set(models)
    rows = [_of_site(each) for each in configurations if each["kind"] == "site"]
    refused = [each for each in configurations if each["kind"] == "model" and _is_refused(each)]
    with_sites = {each.model_id for each in rows}
    rows += [_row("", each) for each in models if each not in with_sites]
    by_model: dict[str, list[Row]] = {}
    for row in rows:
        by_model.setdefault(row.model_id, []).append(row)
    for each in refused:
        reason = f"the model's YAML was refused: {each['reason']}"
        for row in by_model.get(each["name"], []):
            row.say(Need("bad", "data", reason, "site"))
    if len(known) <= MANY_MODELS:
        _tell_of_models(system, by_model, missing)
    else:
        missing.append(
            f"order by accuracy, deployment and approval of {len(known)} models; each page tells its own"
        )
    ordered = tuple(sorted(rows, key=lambda each: each.rank))
    return Fleet(ordered, tuple(sorted(known)), tuple(missing))


def with_details(
    system: System, known: Sequence[Row], *, of_models: bool = False
) -> tuple[list[Row], list[str]]:
    """Return some rows (at most fifty) with what is asked about each, and what could not be asked.

    Parameters
    ----------
    of_models
        Whether `fleet` asked nothing about models, because they are too many.
    """
    missing: list[str] = []
    rows = [replace(each, lights={**each.lights}, needs=[*each.needs]) for each in known]
    sites = [each for each in rows if each.site_id]
    by_model: dict[str, list[Row]] = {}
    for row in rows:
        by_model.setdefault(row.model_id, []).append(row)
    ids = [each.site_id for each in sites]
    counts: dict[str, dict[str, int]] = _or_say(
        missing,
        "how many files are refused",
        lambda: system.ask("data_watcher", "counts", site_ids=ids)["counts"] if ids else {},
        {},
    )
    for row in sites:
        _tell_of_files(row, counts.get(row.site_id, {}))
    if of_models:
        _tell_of_models(system, by_model, missing)
    scored: list[list[dict[str, Any]]] = _or_say(
        missing, "live scores", lambda: _in_threads(_days_of(system), sites), []
    )
    for row, days in zip(sites, scored, strict=False):
        row.days = days
    chosen = [each for each in by_model if each]
    decided: list[str] = _or_say(
        missing, "decisions", lambda: _in_threads(_waits(system), chosen), []
    )
    for model_id, said in zip(chosen, decided, strict=False):
        for row in by_model[model_id]:
            row.waits_for = said
    return sorted(rows, key=lambda each: each.rank), missing


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
        row.say(Need("bad", "data", f"its YAML was refused: {said['reason']}", "site"))
    for each in said.get("suspects", []):
        if each["standing"] == "suspect":
            row.say(
                Need("bad", "data", f"source {each['source']} is suspect: {each['reason']}", "site")
            )
    if silent := said.get("silent_since"):
        row.say(Need("warn", "data", f"silent since {silent[:16].replace('T', ' ')} UTC", "site"))
    return row


def _tell_of_files(row: Row, counts: Mapping[str, int]) -> None:
    row.files = dict(counts)
    if count := counts.get("open", 0):
        files = "1 file is refused" if count == 1 else f"{count} files are refused"
        row.say(Need("warn", "data", files, "files"))
    elif counts and row.lights["data"] == "none":
        row.lights["data"] = "good"


def _tell_of_models(
    system: System, by_model: Mapping[str, Sequence[Row]], missing: list[str]
) -> None:
    """Tell each model's rows how it does live, what people hold, what serves and what waits for approval."""
    chosen = [each for each in by_model if each]
    alone = chosen[0] if len(chosen) == 1 else None
    live: dict[str, Any] = _or_say(
        missing, "how models do live", lambda: standing.how_they_do(system, alone), {}
    )
    holds: dict[str, Any] = _or_say(
        missing, "which models are held", lambda: registry.holds(system), {}
    )
    served: dict[str, int] = _or_say(
        missing, "what serves", lambda: registry.served_versions(system), {}
    )
    waiting: dict[str, int | None] = _or_say(
        missing,
        "what waits for approval",
        lambda: dict(zip(chosen, _in_threads(_pending(system), chosen), strict=True)),
        {},
    )
    for model_id in chosen:
        for row in by_model[model_id]:
            _tell_of_model(row, live.get(model_id), holds.get(model_id), served.get(model_id))
            if model_id in waiting:
                _tell_of_approval(row, waiting[model_id])


def _tell_of_model(
    row: Row,
    live: Mapping[str, Any] | None,
    held: Mapping[str, Any] | None,
    serves: int | None,
) -> None:
    if serves is not None:
        row.lights["deployment"] = "good"
    if held:
        row.say(Need("warn", "deployment", f"held by {held['by']}: {held['reason']}", "model"))
    if live and live.get("last"):
        row.lights["accuracy"] = "good"
        for each in live["standing"]:
            if each["site_id"] == row.site_id:
                worse = "cannot be scored" if each["kind"] == "data" else "worse than promised"
                text = f"{worse} since {each['since']}: {each['why']}"
                row.say(Need("bad", "accuracy", text, "model"))


def _tell_of_approval(row: Row, version: int | None) -> None:
    row.lights["approval"] = "good"
    if version is not None:
        row.say(Need("warn", "approval", f"version {version} waits for approval", "model"))


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


def _days_of(system: System) -> Callable[[Row], list[dict[str, Any]]]:
    def days(row: Row) -> list[dict[str, Any]]:
        if not row.model_id:
            return []
        answer = system.ask(
            "deployer",
            "scorecard",
            model_id=row.model_id,
            site_id=row.site_id,
            days=SPARK_DAYS,
            by="day",
        )
        return standing.of_one_kind(answer["lines"])

    return days


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
