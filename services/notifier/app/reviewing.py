"""Reviews a day or a week: asks every service, writes down what it says, and lets people be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from services.notifier.domain.notice import Entry, Standing
from services.notifier.domain.review import page, reading, words
from services.notifier.domain.review.facts import Files, Review, Span, Told
from services.notifier.ports import (
    Counts,
    Notices,
    OwnInbox,
    Question,
    Reviews,
    Services,
    Unanswered,
)
from shared import layout
from shared.clock import Clock
from shared.errors import RetryableError
from shared.messages import ReviewWritten

MOST_KEPT = 200  # of what people were told; each reader sees the first of what is for them
MOST_DECISIONS = 200
_OWN = {"daily", "weekly"}  # what people were told by a review is no news in the next one


class Order(BaseModel):
    """What the function is asked for: a review, and whether people are to be told of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    span: Span
    last: date | None = None
    tell: bool = False


@dataclass(slots=True)
class _Answers:
    """What was answered, by name; and what was not, in words."""

    said: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reviewing:
    """Puts a review together from what the services answer and from what people were told."""

    services: Services
    notices: Notices
    reviews: Reviews
    inbox: OwnInbox
    counts: Counts
    clock: Clock

    def answer(self, event: dict[str, Any]) -> dict[str, Any]:
        """Return a review and its words; one that makes no sense is answered with `{"error": …}`."""
        try:
            order = Order.model_validate(event)
        except ValidationError as error:
            first = error.errors()[0]
            return {"error": f"{'.'.join(map(str, first['loc']))}: {first['msg']}"}
        make = self.tell if order.tell else self.review
        review = make(order.span, order.last)
        return {"review": review.model_dump(mode="json"), "text": words.text(review)}

    def tell(self, span: Span, last: date | None = None) -> Review:
        """Write the review of a day or a week and let people be told of it; twice is told once."""
        review = self.review(span, last)
        key = layout.review(span, review.name, "json")
        self.reviews.write(key, review.model_dump_json().encode(), content_type="application/json")
        self.reviews.write(
            layout.review(span, review.name, "html"),
            page.page(review).encode(),
            content_type="text/html; charset=utf-8",
        )
        self.inbox.send(
            ReviewWritten.of(
                subject=(span, review.name),
                occurred_at=self.clock(),
                correlation_id=key,
                span=span.value,
                last=review.last,
                key=key,
            )
        )
        return review

    def review(self, span: Span, last: date | None = None) -> Review:
        """Return what a day or a week brought.

        Parameters
        ----------
        last
            The last day (UTC), by default yesterday. What waits is as it is now, whatever the day.
        """
        now = self.clock()
        last = last or now.astimezone(UTC).date() - reading.DAY
        first = last - reading.DAY * (span.days - 1)
        about = self._about_all()
        overview = about.said.get("overview", {})
        served = about.said.get("served", {})
        about_all = {
            "served": served.get("served", {}),
            "holds": about.said.get("holds", {}).get("holds", {}),
            "live": about.said.get("live", {}).get("live", {}),
            "sites": overview.get("sites", {}),
        }
        names = reading.named(about.said.get("models", {}).get("models", ()))
        begin, end = _midnight(first), _midnight(last + reading.DAY)
        answers = self._about_each(names, span, last)
        told = self._told(begin, end)
        files, file_weeks, unread = self._files(span, first, last)
        return Review(
            span=span,
            first=first,
            last=last,
            made_at=now,
            models=tuple(
                reading.model(name, answers[name].said, about_all, begin, end) for name in names
            ),
            worst=reading.worst(
                {name: each.said.get("scorecard", {}) for name, each in answers.items()},
                about_all["live"],
            ),
            sites=sum(about_all["sites"].values()),
            sent=reading.sent(overview, now),
            silent=reading.silent(overview),
            files=files,
            file_weeks=file_weeks,
            waits=reading.open_questions(overview),
            told=tuple(told[:MOST_KEPT]),
            told_in_all=len(told),
            unanswered=(
                *about.missing,
                *(reason for name in names for reason in answers[name].missing),
                *unread,
            ),
        )

    def _files(
        self, span: Span, first: date, last: date
    ) -> tuple[Files | None, tuple[Files, ...], tuple[str, ...]]:
        """Return what became of uploads: in all, by week for a weekly review, and what is not known."""
        begin = reading.first_of_weeks(last) if span is Span.WEEK else first
        try:
            accepted, refused = (
                self.counts.by_day(name, "data_watcher", begin, last)
                for name in ("FilesAccepted", "FilesQuarantined")
            )
        except RetryableError as error:
            return None, (), (f"counts of files: {error}",)
        weeks = reading.file_weeks(accepted, refused, last) if span is Span.WEEK else ()
        return reading.files(accepted, refused, first, last), weeks, ()

    def _about_all(self) -> _Answers:
        return self._ask(
            {
                "overview": Question("data_watcher", "overview"),
                "models": Question("trainer_trigger", "models", {"limit": 1000}, pages=True),
                "served": Question("deployer", "served"),
                "holds": Question("deployer", "holds"),
                "live": Question("deployer", "live"),
            }
        )

    def _about_each(self, names: list[str], span: Span, last: date) -> dict[str, _Answers]:
        """Ask about every model; all questions at once, so that they can be asked side by side."""
        asked = {
            (name, what): question
            for name in names
            for what, question in _questions(name, span, last).items()
        }
        answers = dict(zip(asked, self.services.ask(list(asked.values())), strict=True))
        found = {name: _Answers() for name in names}
        for (name, what), answer in answers.items():
            if isinstance(answer, Unanswered):
                found[name].missing.append(f"{what} of model {name}: {answer.reason}")
            else:
                found[name].said[what] = answer
        return found

    def _ask(self, asked: Mapping[str, Question]) -> _Answers:
        found = _Answers()
        for what, answer in zip(asked, self.services.ask(list(asked.values())), strict=True):
            if isinstance(answer, Unanswered):
                found.missing.append(f"{what} of {asked[what].service}: {answer.reason}")
            else:
                found.said[what] = answer
        return found

    def _told(self, begin: datetime, end: datetime) -> list[Told]:
        """Return what people were told, the gravest first; a part of another notice is told by that one."""
        entries = [
            each
            for each in self.notices.since(begin)
            if each.created_at < end
            and each.notice.kind not in _OWN
            and each.standing is not Standing.WITHIN
        ]
        return [_as_told(each) for each in sorted(entries, key=_gravest_first)]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _questions(name: str, span: Span, last: date) -> dict[str, Question]:
    about = {"model_id": name}
    day = last.isoformat()
    worst = {"by": "site", "order": "error", "limit": reading.MOST_WORST}
    found = {
        "scorecard": Question(
            "deployer", "scorecard", {**about, "days": span.days, "last": day, **worst}
        ),
        "models": Question("trainer_trigger", "models", about),
        "decisions": Question(
            "trainer_trigger",
            "decisions",
            {
                **about,
                "limit": MOST_DECISIONS,
                "at": _midnight(last + reading.DAY).isoformat(),
            },
        ),
        "pending": Question("deployer", "pending", about),
        "forecasts": Question("deployer", "forecasts", about),
    }
    if span is Span.WEEK:
        found["weeks"] = Question(
            "deployer",
            "scorecard",
            {**about, "days": Span.WEEK.days * reading.WEEKS, "last": day, "by": "week"},
        )
        found["runs"] = Question("trainer_trigger", "runs", {**about, "limit": 1000}, pages=True)
    return found


def _gravest_first(entry: Entry) -> tuple[int, datetime]:
    return -entry.notice.severity, entry.created_at


def _as_told(entry: Entry) -> Told:
    notice = entry.notice
    return Told(
        severity=notice.severity.name.lower(),
        subject=notice.subject,
        kind=notice.kind,
        model_id=notice.model,
        site_id=notice.site,
    )
