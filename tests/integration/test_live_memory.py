"""What deployer keeps of days, of files that wait and of what was told: as DynamoDB gives it back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import boto3
import pytest
from moto import mock_aws

from services.deployer.adapters.live.books import DynamoBooks
from services.deployer.adapters.live.canonical import S3CanonicalRows
from services.deployer.adapters.live.log import S3PredictionLog
from services.deployer.domain.live.book import Day, FileRef, Made, Power
from services.deployer.domain.live.scores import DayScore, Hours, HourSums, Sums
from services.deployer.domain.live.summary import Summary
from services.deployer.domain.live.told import Ended, Told
from services.deployer.domain.live.waiting import Waiting
from shared import layout
from shared.aws import S3Objects

MONDAY = date(2026, 6, 8)
NOON = datetime(2026, 6, 8, 12, tzinfo=UTC)


@pytest.fixture
def books(monkeypatch: pytest.MonkeyPatch) -> Iterator[DynamoBooks]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        client.create_table(
            TableName="days",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"} for name in ("model_id", "item")
            ],
            KeySchema=[
                {"AttributeName": "model_id", "KeyType": "HASH"},
                {"AttributeName": "item", "KeyType": "RANGE"},
            ],
        )
        yield DynamoBooks.of(client, "days")


def a_file(name: str = "f", site: str = "east") -> FileRef:
    return FileRef(name, site, f"canonical/{site}/{name}", ("ghi",), NOON, NOON, NOON)


def a_day(site: str = "east", day: date = MONDAY) -> Day:
    made = Made("f", 1, "predictions/x", "measured", NOON, NOON, NOON, NOON)
    power = Power(NOON, 15, (1.5, None))
    return Day(site, day, (a_file(),), (made,), power, is_scored=True)


def a_score(site: str = "east", day: date = MONDAY) -> DayScore:
    sums = Sums(n=96, actual=1.0, error=0.125)
    return DayScore(site, day, 1, "scored", sums=sums, masked={"curtailed": 3}, sky=0.75)


def test_days_come_back_as_they_were_kept_and_unknown_ones_are_empty(books: DynamoBooks) -> None:
    key = ("east", MONDAY)
    books.keep("fleet", [a_day()], {key: [a_score()]})
    unknown = ("east", MONDAY + timedelta(days=1))
    found = books.days("fleet", {key, unknown})
    assert found == {key: a_day(), unknown: Day(*unknown)}


def test_many_days_are_written_and_read_in_several_calls(books: DynamoBooks) -> None:
    days = [a_day(day=MONDAY + timedelta(days=number)) for number in range(130)]
    books.keep("fleet", days, {})
    found = books.days("fleet", {("east", each.day) for each in days})
    assert sorted(found.values(), key=lambda each: each.day) == days


def test_a_day_of_a_file_a_minute_fits_into_an_item(books: DynamoBooks) -> None:
    ids = [hashlib.sha256(str(number).encode()).hexdigest()[:32] for number in range(1440)]
    files = tuple(
        FileRef(each, "east", f"canonical/east/2026-06/{each}.parquet", ("ghi",), NOON, NOON, NOON)
        for each in ids
    )
    made = tuple(
        Made(each, 1, f"predictions/fleet/east/2026-06/{each}-v1.parquet", "measured", *[NOON] * 4)
        for each in ids
    )
    power = Power(NOON, 1, tuple(round(number / 7, 6) for number in range(1440)))
    day = Day("east", MONDAY, files, made, power, is_scored=True)
    books.keep("fleet", [day], {})
    assert books.days("fleet", {("east", MONDAY)}) == {("east", MONDAY): day}


def test_scores_come_in_the_order_of_days_over_all_sites_or_of_one(books: DynamoBooks) -> None:
    tuesday = MONDAY + timedelta(days=1)
    scores = {
        (site, day): [a_score(site, day)] for site in ("west", "east") for day in (tuesday, MONDAY)
    }
    books.keep("fleet", [], scores)
    found = [(each.day, each.site_id) for each in books.scores("fleet", MONDAY, tuesday)]
    assert found == [(MONDAY, "east"), (MONDAY, "west"), (tuesday, "east"), (tuesday, "west")]
    (of_site,) = books.scores_of_site("fleet", "west", MONDAY, MONDAY)
    assert of_site == a_score("west")
    assert books.last_day("fleet") == tuesday
    assert books.last_day("other") is None


def hours(n: int) -> Hours:
    return Hours("Europe/Berlin", (HourSums.of(12, Sums(n=n, actual=1.0, daylight=n)),))


def test_hours_are_kept_apart_and_come_where_they_are_asked_for(books: DynamoBooks) -> None:
    dark = replace(a_score(), state="night_only", sums=Sums())
    known = [replace(a_score(), hours=hours(4)), dark]
    books.keep("fleet", [], {("east", MONDAY): known, ("west", MONDAY): [a_score("west")]})
    without = [a_score(), dark, a_score("west")]
    assert list(books.scores("fleet", MONDAY, MONDAY)) == without
    assert list(books.scores("fleet", MONDAY, MONDAY, hours=True)) == [*known, a_score("west")]
    assert list(books.scores_of_site("fleet", "east", MONDAY, MONDAY, hours=True)) == known
    assert list(books.scores_of_site("fleet", "east", MONDAY, MONDAY)) == [a_score(), dark]


def test_hours_of_what_is_no_longer_scored_are_not_counted(books: DynamoBooks) -> None:
    books.keep("fleet", [], {("east", MONDAY): [replace(a_score(), hours=hours(4))]})
    gone = replace(a_score(), state="no_power", sums=Sums())
    books.keep("fleet", [], {("east", MONDAY): [gone]})
    assert list(books.scores("fleet", MONDAY, MONDAY, hours=True)) == [gone]
    again = replace(a_score(), hours=hours(7))
    books.keep("fleet", [], {("east", MONDAY): [again]})
    assert list(books.scores("fleet", MONDAY, MONDAY, hours=True)) == [again]


def test_the_first_day_that_is_known_is_found_in_one_look(books: DynamoBooks) -> None:
    assert books.first_day("fleet") is None
    books.keep("fleet", [a_day(day=MONDAY + timedelta(days=2)), a_day()], {})
    assert books.first_day("fleet") == MONDAY


def test_scores_that_are_withdrawn_are_replaced_by_none(books: DynamoBooks) -> None:
    books.keep("fleet", [], {("east", MONDAY): [a_score()]})
    books.keep("fleet", [], {("east", MONDAY): []})
    assert list(books.scores("fleet", MONDAY, MONDAY)) == []


def test_files_wait_until_they_no_longer_do(books: DynamoBooks) -> None:
    waiting = [Waiting(a_file(name), NOON, "no version serves yet") for name in ("a", "b")]
    books.wait("fleet", waiting)
    assert books.waiting("fleet") == waiting
    assert books.waiting("fleet", 1) == waiting[:1]
    books.end_waiting("fleet", [a_file("a")])
    assert books.waiting("fleet") == waiting[1:]


def test_whether_a_file_waits_is_asked_of_a_few_however_many_wait(books: DynamoBooks) -> None:
    waiting = [Waiting(a_file(name), NOON, "no version serves yet") for name in ("a", "b")]
    books.wait("fleet", waiting)
    asked = [a_file("b"), a_file("c"), replace(a_file("b"), columns=())]
    assert books.those("fleet", asked) == waiting[1:]
    assert books.those("fleet", []) == []


@pytest.fixture
def objects(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Objects]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="data")
        yield S3Objects(client, "data")


def test_predictions_are_found_by_their_file_and_by_their_month(objects: S3Objects) -> None:
    keys = {
        (month, name): layout.predictions(
            "fleet", "east", datetime(2026, month, 1, tzinfo=UTC), name, 1
        )
        for month in (4, 5, 6, 7)
        for name in ("f", "ff")
    }
    for key in [*keys.values(), layout.predictions("fleet", "eastern", NOON, "f", 1)]:
        objects.create(key, b"", content_type="x")
    log = S3PredictionLog(objects)
    may_and_june = replace(a_file(), start=NOON - timedelta(days=20), end=NOON)
    assert log.keys_of("fleet", [may_and_june]) == {may_and_june: (keys[5, "f"], keys[6, "f"])}
    found = log.listed("fleet", ["east", "west"], NOON - timedelta(days=20), NOON)
    assert found == {"east": {keys[month, name] for month in (5, 6) for name in ("f", "ff")}} | {
        "west": set()
    }


def test_canonical_objects_are_listed_from_a_month_to_another_one(objects: S3Objects) -> None:
    keys = [
        layout.canonical("east", datetime(2026, month, 1, tzinfo=UTC), "f")
        for month in (4, 5, 6, 7)
    ]
    for key in [*keys, layout.withdrawn(keys[2])]:
        objects.create(key, b"", content_type="x")
    canonical = S3CanonicalRows(objects)
    assert set(canonical.standing({"east": datetime(2026, 5, 9, tzinfo=UTC)}, NOON)["east"]) == {
        keys[1]
    }
    assert set(canonical.standing({"east": datetime(2026, 5, 9, tzinfo=UTC)})["east"]) == {
        keys[1],
        keys[3],
    }


def test_what_was_told_stands_until_it_is_over(books: DynamoBooks) -> None:
    east = Told("east", 1, "degraded", "share", MONDAY, "a fifth less")
    west = Told("west", 1, "data_fault", "curtailed", MONDAY, "held back")
    first = Summary(NOON, standing=(east, west))
    books.keep_told("fleet", {"east": east, "west": west}, {}, first)
    assert books.told("fleet") == {"east": east, "west": west}
    assert books.summary("fleet") == first
    books.keep_told("fleet", {"east": east}, {"east": east, "west": west}, Summary(NOON))
    assert books.told("fleet") == {"east": east}
    assert books.summary("other") is None
    assert books.summaries(["fleet", "other", *map(str, range(120))]) == {"fleet": Summary(NOON)}


def test_what_is_over_is_kept_once_however_often_it_is_said(books: DynamoBooks) -> None:
    west = Told("west", 1, "degraded", "share", MONDAY, "a fifth less")
    east = replace(west, site_id="east", since=MONDAY - timedelta(days=3))
    over = [Ended(each, MONDAY + timedelta(days=9)) for each in (west, east)]
    for _ in range(2):
        books.keep_told("fleet", {}, {}, Summary(NOON), over)
    assert books.ended("fleet") == [over[1], over[0]]
    assert books.ended("other") == []
