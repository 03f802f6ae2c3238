"""The other services as they answer, for reviews of days and weeks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from services.notifier.app.reviewing import Reviewing
from services.notifier.domain.notice import Entry, Notice, Severity, Standing
from services.notifier.ports import Question, Unanswered
from shared.messages import AnyMessage
from tests.unit.notifier.fakes import FakeFiles, FakeNotices

MORNING = datetime.fromisoformat("2024-07-02T06:00:00+00:00")  # a Tuesday
YESTERDAY = date(2024, 7, 1)


def line(name: str = "measured", **changed: Any) -> dict[str, Any]:
    """A line of a scorecard."""
    usual = {
        "name": name,
        "inputs": "measured",
        "r2": 0.958,
        "nmae": 0.021,
        "energy_bias": -0.009,
        "coverage_p10_p90": 0.81,
        "predicted_kwh": 145.1,
        "measured_kwh": 148.2,
        "days": {"scored": 1},
    }
    return {**usual, **changed}


def decision(outcome: str = "idle", reason: str = "no new data", hour: int = 9) -> dict[str, Any]:
    return {"at": f"2024-07-01T{hour:02}:00:00+00:00", "outcome": outcome, "reasons": [reason]}


def quiet_answers() -> dict[tuple[str, str], Any]:
    """A system of one site on a good day, by service and query."""
    return {
        ("data_watcher", "overview"): {
            "sites": {"golden": 1},
            "last_upload_at": {"golden": (MORNING - timedelta(hours=3)).isoformat()},
            "silent": [],
            "suspects": [],
            "refused": [],
        },
        ("trainer_trigger", "models"): {"models": [{"model_id": "golden"}]},
        ("deployer", "served"): {"served": {"golden": {"version": 2}}},
        ("deployer", "holds"): {"holds": {}},
        ("deployer", "live"): {"live": {"golden": {"standing": [], "more_standing": 0}}},
        ("deployer", "scorecard"): {"total": [line()], "lines": [line("golden")]},
        ("deployer", "weeks"): {"total": [line()], "lines": []},
        ("trainer_trigger", "decisions"): {"decisions": {"golden": [decision()]}},
        ("deployer", "pending"): {"pending": {}},
        ("deployer", "forecasts"): {"sites": []},
        ("trainer_trigger", "runs"): {"runs": []},
    }


def _kind(question: Question) -> str:
    """Weeks are another answer than a day, though the same query."""
    return "weeks" if question.about.get("by") == "week" else question.query


@dataclass
class FakeServices:
    """Answers by service and query; keeps what it was asked."""

    answers: dict[tuple[str, str], Any]
    asked: list[Question] = field(default_factory=list)

    def ask(self, questions: Sequence[Question]) -> list[Mapping[str, Any] | Unanswered]:
        self.asked += questions
        return [self.answers[each.service, _kind(each)] for each in questions]


@dataclass
class FakeInbox:
    """What was put into the own inbox."""

    sent: list[AnyMessage] = field(default_factory=list)

    def send(self, message: AnyMessage) -> None:
        self.sent.append(message)


@dataclass
class FakeCounts:
    """Counts by name and day."""

    days: dict[str, dict[date, int]] = field(default_factory=dict)
    trouble: Exception | None = None

    def by_day(self, name: str, service: str, first: date, last: date) -> Mapping[date, int]:
        assert service == "data_watcher"
        if self.trouble:
            raise self.trouble
        found = self.days.get(name, {})
        return {day: count for day, count in found.items() if first <= day <= last}


class ReviewWorld:
    """The function that reviews, with everything around it."""

    def __init__(self) -> None:
        self.now = MORNING
        self.services = FakeServices(quiet_answers())
        self.notices = FakeNotices()
        self.files = FakeFiles()
        self.inbox = FakeInbox()
        self.counts = FakeCounts()
        self.reviewing = Reviewing(
            self.services, self.notices, self.files, self.inbox, self.counts, lambda: self.now
        )

    def answer(self, service: str, query: str, **changed: Any) -> None:
        """Change a part of an answer."""
        self.services.answers[service, query] = {
            **self.services.answers[service, query],
            **changed,
        }


def busy() -> ReviewWorld:
    """A day on which much happened: two models, and something of every kind."""
    world = ReviewWorld()
    world.answer(
        "trainer_trigger",
        "models",
        models=[
            {
                "model_id": "golden",
                "spent_usd": 3.2,
                "config": {"policy": {"monthly_budget_usd": 20}},
            }
        ],
    )
    days = [YESTERDAY - timedelta(days=number) for number in range(15)]
    world.counts.days = {
        "FilesAccepted": {day: 40 + number for number, day in enumerate(days)},
        "FilesQuarantined": {days[0]: 3, days[9]: 12},
    }
    since = "2024-06-28T10:00:00+00:00"
    world.answer("deployer", "pending", pending={"golden": [{"version": 3, "since": since}]})
    standing = {
        "site_id": "west",
        "cause": "irradiance_low",
        "why": "irradiance reads a fifth too low",
        "since": "2024-06-26",
    }
    world.answer("deployer", "live", live={"golden": {"standing": [standing], "more_standing": 0}})
    sites = [line("west", nmae=0.091, energy_bias=-0.18), line("east")]
    total = line(predicted_kwh=28_410.0, measured_kwh=29_105.0, days={"scored": 2, "no_power": 1})
    world.answer("deployer", "scorecard", total=[total], lines=sites)
    made = [decision("retrain", "30 new days of data", 11), decision("idle", "no new data", 13)]
    world.answer("trainer_trigger", "decisions", decisions={"golden": made})
    silent = {"site_id": "north", "model_id": "golden", "since": "2024-06-29T06:00:00+00:00"}
    suspect = {"site_id": "east", "model_id": "golden", "source": "power", "cause": "wrong_unit"}
    world.answer(
        "data_watcher", "overview", sites={"golden": 3}, silent=[silent], suspects=[suspect]
    )
    world.services.answers["deployer", "forecasts"] = Unanswered("it cannot be reached")
    at = MORNING - timedelta(hours=20)
    for number, severity in enumerate((Severity.INFO, Severity.WARNING)):
        notice = Notice(f"n{number}", "x", severity, f"Something happened, {number + 1}", (), at)
        world.notices.open(Entry(notice, Standing.SENT, at))
    return world
