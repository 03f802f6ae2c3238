"""Answers how versions do live, and what was predicted; changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from services.deployer.domain.live import card
from services.deployer.domain.live.book import ONE_DAY, Made
from services.deployer.domain.live.comparison import side_by_side
from services.deployer.domain.live.excluded import masked, remaining
from services.deployer.domain.live.summary import Summary
from services.deployer.domain.live.told import Told
from services.deployer.ports import Books, Exclusions, Feeds, Verdicts, Waitings
from shared import layout
from shared.clock import Clock
from shared.errors import InvalidMessageError
from shared.solar import leads

USUAL_DAYS = 30
MOST_DAYS = 400  # of a site; of a whole model, a question must end within half a minute
MOST_LINES = 2000
_WIDER = (3, 40, MOST_DAYS)  # days in which to look for the last predictions of a site


@dataclass(frozen=True, slots=True)
class Telling:
    """Answers from the books of days."""

    books: Books
    waitings: Waitings
    verdicts: Verdicts
    exclusions: Exclusions
    feeds: Feeds
    clock: Clock

    def scorecard(self, question: dict[str, Any]) -> dict[str, Any]:
        """Return scores of a model's last days: {first, last, by, total, lines, waiting}.

        With `order` error the lines with the largest error come first; `limit` is how many are given. By hour
        there are also the `zones` by whose clocks they are; days from before hours were kept have none.

        Raises
        ------
        InvalidMessageError
            The question names no model, no known way to group or order, no day, or no number of lines.
        """
        model_id, by = _model(question), question.get("by") or "site"
        if by not in card.WAYS:
            message = f"by: {by!r} is none of {', '.join(card.WAYS)}"
            raise InvalidMessageError(message)
        order, limit = _order(question), _limit(question)
        now = self.clock().astimezone(UTC).date()
        # Days to come, of which forecasts are known, have no scores yet.
        until = min(self.books.last_day(model_id) or now, now).isoformat()
        first, last = self._days(model_id, {**question, "last": question.get("last") or until})
        site_id = question.get("site_id")
        hours = by == "hour"
        kept = (
            self.books.scores_of_site(model_id, site_id, first, last, hours=hours)
            if site_id
            else self.books.scores(model_id, first, last, hours=hours)
        )
        scores = list(masked(kept, self.exclusions.days()))
        if question.get("version") is not None:
            scores = [each for each in scores if each.version == int(question["version"])]
        total = card.lines(scores, "lead")
        found = card.in_order(card.lines(scores, by), order)
        return {
            "model_id": model_id,
            "first": first.isoformat(),
            "last": last.isoformat(),
            "by": by,
            **({"zones": card.zones(scores)} if hours else {}),
            "total": [_plain(each) for each in total],
            "lines": [_plain(each) for each in found[:limit]],
            "left_out": max(len(found) - limit, 0),
            "waiting": len(self.waitings.waiting(model_id, MOST_LINES)),
        }

    def degradations(self, question: dict[str, Any]) -> dict[str, Any]:
        """Return what people were told of a model's sites in some days: since when, until when, and why.

        `until` is null for what still stands. What was over before this was kept is not known.

        Raises
        ------
        InvalidMessageError
            The question names no model, or no day.
        """
        model_id = _model(question)
        first, last = self._days(model_id, question)
        over = [(each.told, each.until) for each in self.verdicts.ended(model_id)]
        stands = [(each, None) for each in self.verdicts.told(model_id).values()]
        found = [
            _degraded(told, until)
            for told, until in (*over, *stands)
            if (told.since is None or told.since <= last) and (until is None or until >= first)
        ]
        return {
            "model_id": model_id,
            "first": first.isoformat(),
            "last": last.isoformat(),
            "degradations": sorted(found, key=lambda each: (each["since"] or "", each["site_id"])),
        }

    def compare(self, question: dict[str, Any]) -> dict[str, Any]:
        """Return how versions did, on the same days where there are any: {first, last, versions}.

        Raises
        ------
        InvalidMessageError
            The question names no model, no versions, or no day.
        """
        model_id = _model(question)
        versions = [int(each) for each in question.get("versions") or ()]
        if not versions:
            message = "versions: which ones?"
            raise InvalidMessageError(message)
        first, last = self._days(model_id, question)
        kept = remaining(self.books.scores(model_id, first, last), self.exclusions.days())
        found = side_by_side(kept, versions)
        return {
            "model_id": model_id,
            "first": first.isoformat(),
            "last": last.isoformat(),
            "versions": {
                str(version): {
                    "first": each.first.isoformat(),
                    "last": each.last.isoformat(),
                    "live": _plain(each.every),
                    "days_of_both": each.days_of_all,
                    "same_days": _plain(each.common) if each.common else None,
                }
                if each is not None
                else None
                for version, each in found.items()
            },
        }

    def predictions(self, question: dict[str, Any]) -> dict[str, Any]:
        """Return which objects of the log hold a site's predictions of some days, and what waits.

        Without days, those before the last day that the model knows of, so many as it takes to find some.

        Raises
        ------
        InvalidMessageError
            The question names no model, no site, or no day.
        """
        model_id, site_id = _model(question), question.get("site_id")
        if not site_id:
            message = "site_id: of which site?"
            raise InvalidMessageError(message)
        is_open = not any(question.get(name) for name in ("first", "last", "days"))
        made: dict[str, tuple[Made, bool]] = {}
        for days in _WIDER if is_open else (question.get("days"),):
            first, last = self._days(model_id, {**question, "days": days})
            made = self._made(model_id, site_id, first, last)
            if made:
                break
        waits = [each for each in self.waitings.waiting(model_id) if each.file.site_id == site_id]
        return {
            "model_id": model_id,
            "site_id": site_id,
            "predictions": [
                {
                    "key": each.key,
                    "file_id": each.file_id,
                    "version": each.version,
                    "inputs": each.inputs,
                    "window_start": each.start.isoformat(),
                    "window_end": each.end.isoformat(),
                    "uploaded_at": each.uploaded_at.isoformat(),
                    "made_at": each.made_at.isoformat(),
                    "issued_at": each.issued_at.isoformat() if each.issued_at else None,
                    "hindsight": each.issued_at is not None
                    and leads.is_hindsight(
                        each.end, each.made_at, each.issued_at, each.uploaded_at
                    ),
                    "counts": counts,
                }
                for each, counts in sorted(made.values(), key=lambda pair: pair[0].rank)
            ],
            "waiting": [
                {
                    "file_id": each.file.file_id,
                    "since": each.since.isoformat(),
                    "reason": each.reason,
                    "window_start": each.file.start.isoformat(),
                    "window_end": each.file.end.isoformat(),
                }
                for each in waits
            ],
        }

    def forecasts(self, question: dict[str, Any]) -> dict[str, Any]:
        """Return where the newest forecasts of a model's sites, or of one, stand, and what is late.

        What is late is said of now or, with `at`, of another time if nothing came until then.

        Raises
        ------
        InvalidMessageError
            The question names no model, or `at` is no time with a zone.
        """
        model_id, now = _model(question), _moment(question.get("at")) or self.clock()
        sites: dict[str, list[dict[str, Any]]] = {}
        for each in self.feeds.feeds(model_id, question.get("site_id") or ""):
            sites.setdefault(each.site_id, []).append(
                {
                    "provider": each.provider,
                    "issued_at": each.issued_at.isoformat(),
                    "uploaded_at": each.uploaded_at.isoformat(),
                    "until": each.until.isoformat(),
                    "model_package_version": each.version,
                    "due_at": each.due_at.isoformat() if each.due_at else None,
                    "late": each.is_late(now),
                }
            )
        return {
            "model_id": model_id,
            "sites": [
                {
                    "site_id": site_id,
                    "key": layout.latest_forecast(model_id, site_id, "json"),
                    "feeds": found,
                }
                for site_id, found in sorted(sites.items())
            ],
        }

    def _made(
        self, model_id: str, site_id: str, first: date, last: date
    ) -> dict[str, tuple[Made, bool]]:
        """Return a site's predictions of some days by key, and whether each counts."""
        # A time in UTC may be of the day before or after at the site.
        span = (last - first).days + 3
        days = [first - ONE_DAY + ONE_DAY * number for number in range(span)]
        known = self.books.days(model_id, [(site_id, day) for day in days])
        made: dict[str, tuple[Made, bool]] = {}
        for day in known.values():
            counted = {each.key for each in day.counted}
            made.update({each.key: (each, each.key in counted) for each in day.made})
        return made

    def live(self, models: Sequence[str]) -> dict[str, Any]:
        """Return how models do in a few figures, by the last daily watch; null before the first one."""
        known = self.verdicts.summaries(models)
        return {model_id: _summed(known.get(model_id)) for model_id in models}

    def _days(self, model_id: str, question: dict[str, Any]) -> tuple[date, date]:
        """Return the first and last day of a question; by default thirty until the last with scores."""
        try:
            last = _day(question.get("last")) or self.books.last_day(model_id)
            last = last or self.clock().astimezone(UTC).date()
            days = int(question.get("days") or USUAL_DAYS)
            first = _day(question.get("first")) or last - ONE_DAY * (days - 1)
        except (TypeError, ValueError) as error:
            message = f"days: {error}"
            raise InvalidMessageError(message) from error
        count = (last - first).days + 1
        if count < 1:
            message = f"{last} is before {first}: the end must not be before the beginning"
            raise InvalidMessageError(message)
        if count > MOST_DAYS:
            message = f"from {first} to {last} are {count} days; ask for at most {MOST_DAYS}"
            raise InvalidMessageError(message)
        return first, last


def _model(question: dict[str, Any]) -> str:
    model_id = question.get("model_id")
    if not model_id:
        message = "model_id: of which model?"
        raise InvalidMessageError(message)
    return str(model_id)


def _order(question: dict[str, Any]) -> card.Order:
    order: card.Order = question.get("order") or "name"
    if order not in card.ORDERS:
        message = f"order: {order!r} is none of {', '.join(card.ORDERS)}"
        raise InvalidMessageError(message)
    return order


def _limit(question: dict[str, Any]) -> int:
    limit = question.get("limit", MOST_LINES)
    if not isinstance(limit, int) or not 1 <= limit <= MOST_LINES:
        message = f"limit: {limit!r} is no number from 1 to {MOST_LINES}"
        raise InvalidMessageError(message)
    return limit


def _day(text: str | None) -> date | None:
    return datetime.fromisoformat(text).date() if text else None


def _moment(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if text else None
    except (TypeError, ValueError) as error:
        message = f"at: {error}"
        raise InvalidMessageError(message) from error
    if found is not None and found.tzinfo is None:
        message = f"at: {text} names no zone"
        raise InvalidMessageError(message)
    return found


def _plain(line: card.Line) -> dict[str, Any]:
    return {
        "name": line.name,
        "inputs": line.inputs,
        **card.figures(line.sums),
        "unadjusted": card.figures(line.unadjusted) if line.is_adjusted else None,
        "sites": len(line.sites),
        "days": dict(line.states),
        "masked": dict(line.masked),
        "versions": sorted(line.versions),
    }


def _summed(summary: Summary | None) -> dict[str, Any] | None:
    if summary is None:
        return None
    return {
        "at": summary.at.isoformat(),
        "first": summary.first.isoformat() if summary.first else None,
        "last": summary.last.isoformat() if summary.last else None,
        "versions": list(summary.versions),
        "inputs": summary.inputs,
        "sites": summary.sites,
        "sites_scored": summary.sites_scored,
        "sites_judged": summary.sites_judged,
        "sites_not_scored": summary.unscored,
        **card.figures(summary.sums),
        "standing": [_said(each) for each in summary.standing],
        "more_standing": summary.more,
    }


def _said(told: Told) -> dict[str, Any]:
    return {
        "site_id": told.site_id,
        "kind": "data" if told.status == "data_fault" else "model",
        "cause": told.cause,
        "since": told.since.isoformat() if told.since else None,
        "why": told.why,
        "retrain_helps": told.retrain_helps,
    }


def _degraded(told: Told, until: date | None) -> dict[str, Any]:
    return {
        **_said(told),
        "until": until.isoformat() if until else None,
        "version": told.version,
    }
