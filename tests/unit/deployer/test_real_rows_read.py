"""A site's last day is read from its newest canonical objects as Preprocess would see it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.deployer.adapters import real_rows
from services.deployer.adapters.configuration import S3Configuration
from services.deployer.adapters.real_rows import S3RealRows
from services.deployer.domain.real_rows import MOST_ROWS, SiteDay
from shared import layout
from shared.active import ActiveModel, ActiveSite
from shared.canonical import CanonicalFile
from shared.errors import NotFoundError
from shared.exclusions import ActiveExclusions, ExcludedRange, SiteExclusions
from shared.model_config import ModelConfig
from shared.solar.site import Site, SourceFormat, TimestampFormat
from shared.suspects import ActiveSuspects, SuspectSource

NOW = datetime.fromisoformat("2026-06-03T12:00:00+00:00")
NOON = NOW - timedelta(days=1)


def a_site() -> Site:
    stamp = TimestampFormat(column="t")
    columns = {"power_ac": {"column": "p", "unit": "kW"}}
    sources = tuple(
        SourceFormat(name=name, files=f"*{name}*", timestamp=stamp, columns=columns)
        for name in ("power", "meter")
    )
    return Site(
        site_id="east",
        model_id="golden",
        latitude=48.1,
        longitude=11.6,
        timezone="UTC",
        ac_capacity_kw=100.0,
        sources=sources,
    )


@dataclass
class Bucket:
    """Objects in memory, each with when it was written."""

    content: dict[str, Any] = field(default_factory=dict)
    written: dict[str, datetime] = field(default_factory=dict)

    def entries(self, prefix: str, after: str = "") -> Iterator[dict[str, Any]]:
        return (
            {"Key": key, "LastModified": self.written[key]}
            for key in sorted(self.written)
            if key.startswith(prefix) and key > after
        )

    def read(self, key: str) -> bytes:
        return json.dumps(self.read_json(key)).encode()

    def read_json(self, key: str) -> Any:
        if key not in self.content:
            raise NotFoundError(key)
        return self.content[key]

    def read_described(self, key: str) -> tuple[bytes, dict[str, str]]:
        found: tuple[bytes, dict[str, str]] = self.content[key]
        return found

    def upload(
        self,
        name: str,
        frame: pd.DataFrame,
        uploaded_at: datetime = NOW,
        raw: str = "power.csv",
        provider: str = "",
    ) -> str:
        """Put canonical rows there."""
        first, last = frame.index[0].to_pydatetime(), frame.index[-1].to_pydatetime()
        about = CanonicalFile(
            file_id=name,
            site_id="east",
            rows=len(frame),
            rows_masked=0,
            columns=tuple(frame.columns),
            window_start=first,
            window_end=last,
            uploaded_at=uploaded_at,
            raw_key=f"raw/east/{raw}",
            provider=provider,
        )
        sink = io.BytesIO()
        pq.write_table(pa.table({"timestamp": frame.index, **frame}), sink)
        key = layout.canonical("east", first, name)
        self.content[key], self.written[key] = (sink.getvalue(), about.metadata()), uploaded_at
        return key


def day(end: datetime, hours: int = 24, step: int = 15, **columns: float) -> pd.DataFrame:
    """Return rows until a time; by default of sun at noon."""
    index = pd.date_range(
        end - timedelta(hours=hours), end, freq=f"{step}min", inclusive="left", name="timestamp"
    )
    shape = [max(0.0, 1 - abs(each.hour + each.minute / 60 - 12) / 6) for each in index]
    named = columns or {"ghi": 800.0, "power_ac": 80.0}
    return pd.DataFrame(
        {name: [top * each for each in shape] for name, top in named.items()}, index=index
    )


@pytest.fixture
def bucket() -> Bucket:
    made = Bucket()
    made.content[layout.active_site("east")] = ActiveSite.of(a_site()).model_dump(mode="json")
    return made


def read(bucket: Bucket, site: str = "east") -> SiteDay | str:
    objects: Any = bucket
    rows = S3RealRows(objects, S3Configuration(objects))
    found = rows.last_day("golden", (site,), NOW)
    return found.sites[0] if found.sites else found.missing[site]


def the_day(bucket: Bucket) -> SiteDay:
    found = read(bucket)
    assert isinstance(found, SiteDay), found
    return found


def test_the_last_day_is_asked_as_an_endpoint_reads_it(bucket: Bucket) -> None:
    bucket.upload("f1", day(NOW, hours=72, temp_air=20.0, ghi=800.0, power_ac=80.0))
    found = the_day(bucket)
    assert len(found.rows) == MOST_ROWS == len(found.measured_kw)
    assert found.rows[0]["timestamp"] == "2026-06-02T12:00:00Z"
    assert found.rows[0] == {
        "site_id": "east",
        "timestamp": "2026-06-02T12:00:00Z",
        "ghi": 800.0,
        "temp_air": 20.0,
    }
    assert found.measured_kw[0] == 80.0
    assert found.capacity_kw == 100.0


def test_power_and_weather_may_come_in_several_files_and_the_later_one_wins(
    bucket: Bucket,
) -> None:
    bucket.upload("f1", day(NOW, ghi=800.0))
    bucket.upload("f2", day(NOW, power_ac=10.0), NOW - timedelta(hours=2))
    bucket.upload("f3", day(NOW, power_ac=80.0), NOW - timedelta(hours=1))
    assert the_day(bucket).measured_kw[0] == 80.0


def test_of_quarter_hourly_uploads_the_newest_are_read(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(real_rows, "MOST_OBJECTS", 8)
    for number in range(24):
        end = NOW - timedelta(hours=23 - number)
        bucket.upload(f"f{number:02}", day(end, hours=1), uploaded_at=end)
    found = the_day(bucket)
    assert {str(row["timestamp"])[:13] for row in found.rows} == {
        f"2026-06-03T{hour:02}" for hour in range(4, 12)
    }


def test_the_day_before_the_first_of_a_month_is_found(bucket: Bucket) -> None:
    bucket.upload("f1", day(datetime.fromisoformat("2026-05-31T18:00:00+00:00")))
    assert the_day(bucket).rows[-1]["timestamp"] == "2026-05-31T17:30:00Z"


@pytest.mark.parametrize("what", ["nothing", "old", "withdrawn", "power only", "excluded"])
def test_a_site_without_recent_weather_has_no_day(bucket: Bucket, what: str) -> None:
    match what:
        case "old":
            bucket.upload("f1", day(NOW - timedelta(days=8)))
        case "withdrawn":
            key = layout.withdrawn(bucket.upload("f1", day(NOW)))
            bucket.content[key], bucket.written[key] = b"", NOW
        case "power only":
            bucket.upload("f1", day(NOW, power_ac=80.0))
        case "excluded":
            bucket.upload("f1", day(NOW))
            range_ = ExcludedRange(start=NOW - timedelta(days=2), end=NOW, reason="snow")
            stated = SiteExclusions(site_id="east", exclusions=(range_,))
            found = ActiveExclusions.of(stated).model_dump(mode="json")
            bucket.content[layout.active_exclusions("east")] = found
    assert read(bucket) == "it has no weather of the last 7 days"


def test_files_of_suspect_sources_are_left_out(bucket: Bucket) -> None:
    bucket.upload("f1", day(NOW))
    bucket.upload("f2", day(NOW, power_ac=8.0), NOW + timedelta(hours=1), raw="meter.csv")
    suspect = SuspectSource(source="meter", cause="unit", reason="W", remedy="kW", since=NOW)
    found = ActiveSuspects(site_id="east", sources=(suspect,))
    assert the_day(bucket).measured_kw[0] == 8.0
    bucket.content[layout.active_suspects("east")] = found.model_dump(mode="json")
    assert the_day(bucket).measured_kw[0] == 80.0


def test_power_that_cannot_be_is_no_truth(bucket: Bucket) -> None:
    frame = day(NOW)
    frame.loc["2026-06-03 00:00":"2026-06-03 00:45", "power_ac"] = 50.0  # in the night
    bucket.upload("f1", frame)
    found = the_day(bucket)
    by_time = dict(zip([each["timestamp"] for each in found.rows], found.measured_kw, strict=True))
    assert by_time["2026-06-03T00:00:00Z"] is None


def test_where_power_comes_later_the_newest_day_with_power_is_asked(bucket: Bucket) -> None:
    bucket.upload("f1", day(NOW, hours=144, ghi=800.0))
    bucket.upload("f2", day(NOW - timedelta(days=3), hours=72, power_ac=80.0))
    found = the_day(bucket)
    assert found.span == "day"
    assert str(found.rows[0]["timestamp"]) == "2026-05-30T12:00:00Z"
    assert str(found.rows[-1]["timestamp"]) < "2026-05-31T12:00:00Z"
    assert found.measured_kw[0] == 80.0


def test_where_no_power_is_known_a_week_is_asked_in_as_many_rows(bucket: Bucket) -> None:
    bucket.upload("f1", day(NOW, hours=24 * 9, ghi=800.0))
    found = the_day(bucket)
    assert found.span == "week"
    assert MOST_ROWS - 2 <= len(found.rows) <= MOST_ROWS
    stamps = [str(each["timestamp"]) for each in found.rows]
    assert (stamps[0][:10], stamps[-1][:10]) == ("2026-05-27", "2026-06-03")
    assert len({each[11:] for each in stamps}) > 12, "other hours on other days"
    assert set(found.measured_kw) == {None}


def test_a_few_values_are_no_day_with_power(bucket: Bucket) -> None:
    bucket.upload("f1", day(NOW, hours=24 * 8, ghi=800.0))
    bucket.upload("f2", day(NOW, hours=3, power_ac=80.0))
    assert the_day(bucket).span == "week"


def test_a_few_days_are_no_week(bucket: Bucket) -> None:
    bucket.upload("f1", day(NOW, hours=96, ghi=800.0))
    found = the_day(bucket)
    assert found.span == "day"
    assert str(found.rows[0]["timestamp"]) == "2026-06-02T12:00:00Z"


def test_what_lies_ahead_is_not_asked(bucket: Bucket) -> None:
    bucket.upload("f1", day(NOW))
    bucket.upload("f2", day(NOW + timedelta(days=2), hours=48, forecast_ghi=800.0))
    assert the_day(bucket).rows[-1]["timestamp"] <= "2026-06-03T12:00:00Z"


def test_what_cannot_be_read_is_said_and_stops_nothing(bucket: Bucket) -> None:
    assert read(bucket, "west") == "it is no site any more"
    key = bucket.upload("f1", day(NOW))
    bucket.content[key] = (b"no parquet", bucket.content[key][1])
    said = read(bucket)
    assert isinstance(said, str)
    assert said.startswith("its rows cannot be read: ")


def test_when_time_is_over_the_other_sites_are_named(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(real_rows, "MOST_SECONDS", -1.0)
    bucket.upload("f1", day(NOW))
    assert read(bucket) == "reading the rows of the others took all the time there is"


# --- a model of forecasts -------------------------------------------------------------------------


@pytest.fixture
def forecasting(bucket: Bucket) -> Bucket:
    """The model of the site is one of forecasts."""
    config = ModelConfig(model_id="golden", inputs="forecast")
    bucket.content[layout.active_model("golden")] = ActiveModel.of(config).model_dump(mode="json")
    return bucket


def an_issue(bucket: Bucket, name: str, issued: datetime, provider: str = "ecmwf") -> None:
    """Upload hourly forecasts of 48 hours."""
    index = pd.date_range(issued, periods=48, freq="1h", name="timestamp")
    frame = pd.DataFrame({"forecast_ghi": 500.0, "issued_at": issued}, index=index)
    bucket.upload(name, frame.assign(provider=provider), issued, provider=provider)


def test_the_newest_issue_whose_power_is_known_is_asked(forecasting: Bucket) -> None:
    forecasting.upload("power", day(NOW, hours=72))
    for number, hours in enumerate((60, 30, 6)):  # of the last one six hours are over, too few
        an_issue(forecasting, f"i{number}", NOW - timedelta(hours=hours))
    found = the_day(forecasting)
    issued = f"{NOW - timedelta(hours=30):%Y-%m-%dT%H:%M:%S}Z"
    assert {row["issued_at"] for row in found.rows} == {issued}
    assert {row["provider"] for row in found.rows} == {"ecmwf"}
    assert len(found.rows) <= MOST_ROWS
    assert all(set(row) >= {"forecast_ghi", "timestamp", "site_id"} for row in found.rows)
    assert not any("ghi" in row for row in found.rows)
    assert found.measured_kw[0] == 0.0  # six in the morning
    assert max(each or 0.0 for each in found.measured_kw) > 70.0


def test_without_power_the_newest_issue_is_asked_as_a_whole(forecasting: Bucket) -> None:
    an_issue(forecasting, "old", NOW - timedelta(hours=30))
    an_issue(forecasting, "new", NOW - timedelta(hours=6))
    found = the_day(forecasting)
    assert {row["issued_at"] for row in found.rows} == {"2026-06-03T06:00:00Z"}
    assert set(found.measured_kw) == {None}


def test_times_that_a_person_excluded_are_not_compared(forecasting: Bucket) -> None:
    forecasting.upload("power", day(NOW, hours=72))
    an_issue(forecasting, "i", NOW - timedelta(hours=30))
    range_ = ExcludedRange(
        start=NOW - timedelta(hours=30), end=NOW - timedelta(hours=20), reason="repair"
    )
    stated = SiteExclusions(site_id="east", exclusions=(range_,))
    found = ActiveExclusions.of(stated).model_dump(mode="json")
    forecasting.content[layout.active_exclusions("east")] = found
    assert the_day(forecasting).rows[0]["timestamp"] == "2026-06-02T16:00:00Z"


def test_a_site_of_such_a_model_without_forecasts_has_none(forecasting: Bucket) -> None:
    forecasting.upload("weather", day(NOW))
    assert read(forecasting) == "it has no forecast of the last 7 days"


def test_a_model_of_measured_weather_is_not_asked_about_forecasts(bucket: Bucket) -> None:
    bucket.upload("weather", day(NOW, ghi=800.0))
    an_issue(bucket, "i", NOW - timedelta(hours=30))
    assert all(set(row) == {"site_id", "timestamp", "ghi"} for row in the_day(bucket).rows)
