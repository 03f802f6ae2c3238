"""What is known of days and of files that wait, in a table of its own: one partition per model.

item = day#<yyyy-mm-dd>#<site>    a site's day: files, predictions, power
item = score#<yyyy-mm-dd>#<site>  its scores
item = hours#<yyyy-mm-dd>#<site>  the hours of each of these scores, which few ask for
item = waiting#<site>#<file_id>   a file that no version could predict yet
item = told#<site>                what people were told about a site, while it stands
item = ended#<yyyy-mm-dd>#<site>#<status>   the same since that day, once it was over
item = feed#<site>#<provider>     the newest issue of a provider, and when the next one is due
item = summary                    how the model does in a few figures, by the last daily watch
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Self

from pydantic import TypeAdapter

from services.deployer.domain.live.book import ONE_DAY, Day, FileRef
from services.deployer.domain.live.feeds import Feed
from services.deployer.domain.live.scores import DayScore, Hours
from services.deployer.domain.live.summary import Summary
from services.deployer.domain.live.told import Ended, Told
from services.deployer.domain.live.waiting import Waiting
from shared.store import Item, Store

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_KEY = ("model_id", "item")
_LONG = 20_000  # bytes; most days have two thousand
_DAY = TypeAdapter(Day)
_SCORES = TypeAdapter(list[DayScore])
_HOURS = TypeAdapter(list[Hours | None])
_WITHOUT_HOURS: Any = {"__all__": {"hours"}}
_WAITING = TypeAdapter(Waiting)
_TOLD = TypeAdapter(Told)
_ENDED = TypeAdapter(Ended)
_FEED = TypeAdapter(Feed)
_SUMMARY = TypeAdapter(Summary)


@dataclass(frozen=True, slots=True)
class DynamoBooks:
    """Implements the ports `Books`, `Waitings`, `Verdicts` and `Feeds`."""

    store: Store

    @classmethod
    def of(cls, client: DynamoDBClient, table: str) -> Self:
        """Keep books in a table."""
        return cls(Store(client, table, _KEY))

    def days(
        self, model_id: str, wanted: Collection[tuple[str, date]]
    ) -> dict[tuple[str, date], Day]:
        """Return what is known of days of sites; a day of which nothing is known is empty."""
        keys = [_key(model_id, _day_item(day, site_id)) for site_id, day in sorted(wanted)]
        known = map(_read, self.store.some(keys))
        return {(site_id, day): Day(site_id, day) for site_id, day in wanted} | {
            (each.site_id, each.day): each for each in known
        }

    def keep(
        self,
        model_id: str,
        days: Iterable[Day],
        scores: Mapping[tuple[str, date], Sequence[DayScore]],
    ) -> None:
        """Write days and, of some of them, the scores."""
        items = [
            {
                **_key(model_id, _day_item(each.day, each.site_id)),
                "body": packed(_DAY.dump_json(each, exclude_defaults=True)),
            }
            for each in days
        ]
        for (site_id, day), found in scores.items():
            body = _SCORES.dump_json(list(found), exclude_defaults=True, exclude=_WITHOUT_HOURS)
            items.append({**_key(model_id, _item("score", day, site_id)), "body": body.decode()})
            if any(each.hours for each in found):  # else what was kept is looked at no more
                body = _HOURS.dump_json([each.hours for each in found])
                items.append(
                    {**_key(model_id, _item("hours", day, site_id)), "body": body.decode()}
                )
        self.store.put_all(items)

    def scores(
        self, model_id: str, first: date, last: date, *, hours: bool = False
    ) -> Iterator[DayScore]:
        """Yield the scores of all sites from a first to a last day, in the order of days.

        Parameters
        ----------
        hours
            Whether their hours are read, too.
        """
        known = dict(self._between(model_id, "hours", first, last)) if hours else {}
        for of, body in self._between(model_id, "score", first, last):
            yield from _with_hours(body, known.get(of))

    def _between(
        self, model_id: str, kind: str, first: date, last: date
    ) -> Iterator[tuple[str, str]]:
        """Yield items of a kind from a first to a last day: of which day and site, and the body."""
        found = self.store.query(
            "model_id = :model AND #item BETWEEN :first AND :last",
            {
                ":model": model_id,
                ":first": _item(kind, first, ""),
                ":last": _item(kind, last, "~"),  # behind all letters that a site can have
            },
        )
        return ((_of(item), str(item["body"])) for item in found)

    def first_day(self, model_id: str) -> date | None:
        """Return the first day of which anything is known of any site."""
        return self._end_of(model_id, "day#", newest_first=False)

    def last_day(self, model_id: str) -> date | None:
        """Return the last day of which scores of any site are kept."""
        return self._end_of(model_id, "score#", newest_first=True)

    def _end_of(self, model_id: str, kind: str, *, newest_first: bool) -> date | None:
        found = self.store.query(
            "model_id = :model AND begins_with(#item, :kind)",
            {":model": model_id, ":kind": kind},
            limit=1,
            newest_first=newest_first,
        )
        return next((date.fromisoformat(str(item["item"]).split("#")[1]) for item in found), None)

    def scores_of_site(
        self, model_id: str, site_id: str, first: date, last: date, *, hours: bool = False
    ) -> Iterator[DayScore]:
        """Yield the scores of one site from a first to a last day, in the order of days."""
        days = [first + ONE_DAY * number for number in range((last - first).days + 1)]
        known = dict(self._on(model_id, "hours", site_id, days)) if hours else {}
        for of, body in sorted(self._on(model_id, "score", site_id, days)):
            yield from _with_hours(body, known.get(of))

    def _on(
        self, model_id: str, kind: str, site_id: str, days: Iterable[date]
    ) -> Iterator[tuple[str, str]]:
        keys = [_key(model_id, _item(kind, day, site_id)) for day in days]
        return ((_of(item), str(item["body"])) for item in self.store.some(keys))

    def waiting(self, model_id: str, limit: int | None = None) -> list[Waiting]:
        """Return the files that wait."""
        found = self.store.query(
            "model_id = :model AND begins_with(#item, :waiting)",
            {":model": model_id, ":waiting": "waiting#"},
            limit=limit,
        )
        return [_WAITING.validate_json(item["body"]) for item in found]

    def those(self, model_id: str, files: Iterable[FileRef]) -> list[Waiting]:
        """Return which of some files wait."""
        keys = [_key(model_id, item) for item in dict.fromkeys(map(_waiting_item, files))]
        return [_WAITING.validate_json(item["body"]) for item in self.store.some(keys)]

    def wait(self, model_id: str, waiting: Iterable[Waiting]) -> None:
        """Let files wait."""
        self.store.put_all(
            [
                {
                    **_key(model_id, _waiting_item(each.file)),
                    "body": _WAITING.dump_json(each).decode(),
                }
                for each in waiting
            ]
        )

    def end_waiting(self, model_id: str, files: Iterable[FileRef]) -> None:
        """Let files wait no longer."""
        for each in files:
            self.store.delete(**_key(model_id, _waiting_item(each)))

    def told(self, model_id: str) -> dict[str, Told]:
        """Return what people were told of and what stands, by site."""
        found = self.store.query(
            "model_id = :model AND begins_with(#item, :told)",
            {":model": model_id, ":told": "told#"},
        )
        known = (_TOLD.validate_json(item["body"]) for item in found)
        return {each.site_id: each for each in known}

    def keep_told(
        self,
        model_id: str,
        after: Mapping[str, Told],
        before: Mapping[str, Told],
        summary: Summary,
        over: Sequence[Ended] = (),
    ) -> None:
        """Keep what stands now and what is over, and leave a summary."""
        items = [
            {**_key(model_id, f"told#{site_id}"), "body": _TOLD.dump_json(each).decode()}
            for site_id, each in after.items()
            if each != before.get(site_id)
        ]
        items += [
            {**_key(model_id, _ended_item(each)), "body": _ENDED.dump_json(each).decode()}
            for each in over
        ]
        body = _SUMMARY.dump_json(summary).decode()
        self.store.put_all([*items, {**_key(model_id, "summary"), "body": body}])
        for site_id in before.keys() - after.keys():
            self.store.delete(**_key(model_id, f"told#{site_id}"))

    def ended(self, model_id: str) -> list[Ended]:
        """Return what people were told of and what is over, in the order in which it began."""
        found = self.store.query(
            "model_id = :model AND begins_with(#item, :ended)",
            {":model": model_id, ":ended": "ended#"},
        )
        return [_ENDED.validate_json(item["body"]) for item in found]

    def feeds(self, model_id: str, site_id: str = "") -> list[Feed]:
        """Return what is known of providers, of one site or of all."""
        found = self.store.query(
            "model_id = :model AND begins_with(#item, :feed)",
            {":model": model_id, ":feed": f"feed#{site_id}#" if site_id else "feed#"},
        )
        return [_FEED.validate_json(item["body"]) for item in found]

    def keep_feeds(self, model_id: str, feeds: Iterable[Feed]) -> None:
        """Keep the newest issues of providers."""
        self.store.put_all(
            [
                {
                    **_key(model_id, f"feed#{each.site_id}#{each.provider}"),
                    "body": _FEED.dump_json(each).decode(),
                }
                for each in feeds
            ]
        )

    def drop_feeds(self, model_id: str, feeds: Iterable[Feed]) -> None:
        """Forget providers of sites."""
        for each in feeds:
            self.store.delete(**_key(model_id, f"feed#{each.site_id}#{each.provider}"))

    def summary(self, model_id: str) -> Summary | None:
        """Return how a model does by the last daily watch; None before the first one."""
        item = self.store.item(**_key(model_id, "summary"))
        return _SUMMARY.validate_json(item["body"]) if item is not None else None

    def summaries(self, models: Iterable[str]) -> dict[str, Summary]:
        """Return the same of many models; those without are left out."""
        found = self.store.some([_key(each, "summary") for each in models])
        return {each["model_id"]: _SUMMARY.validate_json(each["body"]) for each in found}


def packed(body: bytes) -> str:
    """Return JSON as it is kept: an item holds 400 KB, and a day of 1,440 files has twice as much."""
    if len(body) <= _LONG:
        return body.decode()
    return base64.b85encode(zlib.compress(body, 6)).decode()


def unpacked(text: str) -> bytes:
    """Return the JSON that was kept."""
    if text.startswith("{"):
        return text.encode()
    return zlib.decompress(base64.b85decode(text))


def _read(item: Item) -> Day:
    return _DAY.validate_json(unpacked(item["body"]))


def _day_item(day: date, site_id: str) -> str:
    return f"day#{day.isoformat()}#{site_id}"


def _item(kind: str, day: date, site_id: str) -> str:
    return f"{kind}#{day.isoformat()}#{site_id}"


def _ended_item(each: Ended) -> str:
    told = each.told
    return f"ended#{told.since or each.until}#{told.site_id}#{told.status}"


def _of(item: Item) -> str:
    """Return of which day and site an item is."""
    return str(item["item"]).partition("#")[2]


def _with_hours(body: str, hours: str | None) -> Iterator[DayScore]:
    """Yield the scores of a day with their hours; those of what is no longer scored are out of date."""
    found = _SCORES.validate_json(body)
    known = _HOURS.validate_json(hours) if hours else [None] * len(found)
    for score, parts in zip_longest(found, known[: len(found)]):
        yield replace(score, hours=parts) if parts and score.state == "scored" else score


def _waiting_item(file: FileRef) -> str:
    return f"waiting#{file.site_id}#{file.file_id}"


def _key(model_id: str, item: str) -> Item:
    return {"model_id": model_id, "item": item}
