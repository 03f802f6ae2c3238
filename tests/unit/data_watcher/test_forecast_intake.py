"""Forecasts on their way: who made them is told, issues do not contradict each other, silence stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from services.data_watcher.adapters import items
from services.data_watcher.adapters.comparing import compare
from services.data_watcher.adapters.reading import compact, read
from services.data_watcher.domain import facts, overlaps, siblings, suspicion, validation
from services.data_watcher.domain.overlaps import Compared, FileOverlap
from services.data_watcher.domain.siblings import Sibling
from services.data_watcher.domain.suspicion import Judged, Seen
from services.data_watcher.domain.versions import Accepted, Quarantined
from services.data_watcher.ports import Part
from shared.active import ActiveSite
from shared.canonical import CanonicalFile
from shared.errors import InvalidConfigError
from shared.solar.site import Site, names_of
from tests.unit.data_watcher import fakes
from tests.unit.data_watcher.fakes import START, World
from tests.unit.data_watcher.forecast_files import (
    FIRST,
    HOUR,
    KEY,
    SOURCE,
    Row,
    csv,
    forecasts,
    site,
)

CONFIG = "config/sites/east.yaml"
YAML = """\
site_id: east
model_id: fleet
latitude: 52.1
longitude: 5.1
timezone: Europe/Amsterdam
ac_capacity_kw: 6
sources:
  - name: power
    files: power*.csv
    timestamp: {column: t}
    columns:
      power_ac: {column: p, unit: kW}
  - name: nwp
    kind: forecast
    provider: ecmwf
    files: nwp*.csv
    issued: {column: run, timezone: UTC}
    horizon: 48h
    timestamp: {column: time, timezone: UTC, step_minutes: 60, label: right}
    columns:
      ghi: {column: ssrd, unit: J/m2, kind: accumulated}
      temp_air: {column: t2m, unit: K}
"""


def fault(old: str, new: str) -> InvalidConfigError:
    assert old in YAML
    with pytest.raises(InvalidConfigError) as caught:
        validation.read(CONFIG, YAML.replace(old, new).encode())
    return caught.value


# --- the YAML -------------------------------------------------------------------------------------------


def test_a_site_may_have_forecasts_beside_measurements() -> None:
    active = validation.read(CONFIG, YAML.encode())

    assert isinstance(active, ActiveSite)
    measured, forecast = active.sources
    assert (measured.is_forecast, measured.made_by) == (False, "")
    assert (forecast.is_forecast, forecast.made_by) == (True, "ecmwf")
    assert forecast.canonical_columns == ("forecast_ghi", "forecast_temp_air")
    assert ActiveSite.model_validate_json(active.model_dump_json()) == active


@pytest.mark.parametrize(
    "way",
    [
        'file_name: "nwp_*_%Y%m%d%H.csv", timezone: UTC',
        'file_name: "nwp_%Y%m%d.csv", at: "06:00", timezone: +02:00',
        "lead: 24h",
        "day_before_at: 12:00, timezone: Asia/Shanghai",
        'daily_at: "00:00", timezone: UTC',
        "upload: true",
        "column: run, format: '%Y%m%d', at: 18:00",
    ],
)
def test_there_are_six_ways_to_say_the_issue(way: str) -> None:
    validation.read(CONFIG, YAML.replace("column: run, timezone: UTC", way).encode())


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("    issued: {column: run, timezone: UTC}\n", "", "a forecast says when it was issued"),
        ("column: run, timezone: UTC", "timezone: UTC", "exactly one of"),
        ("column: run, timezone: UTC", "column: run, lead: 24h", "here is column and lead"),
        ("column: run, timezone: UTC", "lead: 24", "write a number and its unit: 48h"),
        ("column: run, timezone: UTC", "lead: 900d", "at most a year"),
        ("column: run, timezone: UTC", "day_before_at: noon", "no hour of the day"),
        ("column: run, timezone: UTC", "day_before_at: 12:00", "day_before_at needs timezone"),
        ("column: run, timezone: UTC", "daily_at: 00:00", "daily_at needs timezone"),
        ("column: run, timezone: UTC", "file_name: 'nwp_%Y%m%d%H.csv'", "needs timezone"),
        ("column: run, timezone: UTC", "file_name: 'nwp_%Y%m%d', timezone: UTC", "holds no hour"),
        ("column: run, timezone: UTC", "file_name: 'nwp_%H', timezone: UTC", "names no day"),
        ("column: run, timezone: UTC", "file_name: 'nwp_%Y%q', timezone: UTC", "%q is not known"),
        ("column: run, timezone: UTC", "column: run, format: '%d.%m.%Y'", "holds no hour"),
        ("column: run, timezone: UTC", "lead: 24h, format: '%H'", "format is that of a column"),
        ("column: run, timezone: UTC", "lead: 24h, at: 06:00", "at is for a file_name"),
        ("horizon: 48h", "horizon: two days", "no span of time"),
        (
            "temp_air: {column: t2m, unit: K}",
            "power_ac: {column: p, unit: kW}",
            "leave power_ac out",
        ),
        ("temp_air: {", "forecast_temp_air: {", "write temp_air, not forecast_temp_air"),
        ("unit: K}", "unit: K, kind: accumulated}", "cannot be accumulated"),
        ("unit: J/m2", "unit: W/m2", "accumulated ghi counts energy, not W/m2"),
        ("kind: accumulated", "kind: counter", "say kind: accumulated"),
        (", label: right", "", "label: right"),
        ("kind: accumulated", "kind: averaged", "is averaged, which is no energy like J/m2"),
        ("J/m2, kind: accumulated", "W/m2, kind: averaged, every: six", "no span of time"),
        ("kind: accumulated", "kind: accumulated, every: 6h", "every is for kind: averaged"),
        ("unit: K}", "unit: K, kind: averaged}", "only irradiance is"),
        ("{column: p, unit: kW}", "{column: p, unit: kW, kind: averaged}", "for forecasts"),
        ("{column: ssrd,", "{columns: [m1, m2],", "combine: mean"),
        ("{column: ssrd,", "{columns: [m1, m2, m3], combine: sum,", "combine: mean"),
        ("{column: t2m,", "{columns: [m1, m2], combine: sum,", "combine: mean"),
        ("    kind: forecast\n", "", "provider is for forecasts"),
        ("{column: p, unit: kW}", "{column: p, unit: kWh, kind: accumulated}", "kind: counter"),
        ("    horizon: 48h\n", "    sum_by: point\n", "a forecast has none"),
    ],
)
def test_what_is_wrong_with_a_forecast_is_said(old: str, new: str, says: str) -> None:
    found = fault(old, new)

    assert says in found.reason
    assert found.line is not None


def test_a_mean_that_goes_on_ends_at_its_stamp_and_needs_an_issue_to_go_on_in() -> None:
    averaged = YAML.replace(
        "unit: J/m2, kind: accumulated", "unit: W/m2, kind: averaged, every: 6h"
    )
    assert averaged != YAML
    validation.read(CONFIG, averaged.encode())
    with pytest.raises(InvalidConfigError, match="the interval ends there"):
        validation.read(CONFIG, averaged.replace(", label: right", "").encode())
    with pytest.raises(InvalidConfigError, match="how long before each interval its issue was"):
        validation.read(
            CONFIG, averaged.replace("column: run, timezone: UTC", "lead: 24h").encode()
        )


def test_columns_that_a_measured_source_calls_forecasts_stay_what_they_are() -> None:
    active = validation.read(
        CONFIG,
        YAML.replace(
            "power_ac: {", "forecast_ghi: {column: g, unit: W/m2}\n      power_ac: {"
        ).encode(),
    )

    assert isinstance(active, ActiveSite)
    assert active.sources[0].made_by == ""


# --- messages and answers -------------------------------------------------------------------------------


@pytest.fixture
def world() -> World:
    world = World()
    power = fakes.site().sources[0].model_dump(exclude_defaults=True) | {"files": "p*.csv"}
    where = {"latitude": 52.1, "longitude": 5.1}
    world.configurations.put(fakes.site(sources=[SOURCE, power], **where))
    world.read_by(read)
    return world


def test_a_file_of_forecasts_alone_is_accepted_and_its_provider_told(world: World) -> None:
    world.upload(KEY, csv(forecasts()))

    (told,) = [each for each in world.publisher.told if each.type == "solar.data_accepted"]
    assert (told.provider, told.columns) == ("ecmwf", ("forecast_ghi",))
    (described,) = world.canonical.files.values()
    assert described.provider == "ecmwf"


def test_the_ledger_keeps_who_made_it_and_when(world: World) -> None:
    world.upload(KEY, csv(forecasts()))
    record = world.ledger.records[KEY]
    version = record.current
    assert isinstance(version, Accepted)
    kept = items.key_record(
        "east", KEY, [items.head_item(record), items.version_item(record, version)]
    )

    assert kept == record
    assert facts.issued(version.rows) == {
        "provider": "ecmwf",
        "issues": {
            "count": 4,
            "first": "2024-06-01T00:00:00+00:00",
            "last": "2024-06-02T12:00:00+00:00",
            "first_lead_hours": 0.0,
            "last_lead_hours": 47.0,
        },
    }
    assert facts.issued(None) == {"provider": None, "issues": None}


def test_an_issue_by_upload_is_that_of_the_first_upload_of_the_bytes(world: World) -> None:
    by_upload = SOURCE | {"issued": {"upload": True}}
    where = {"latitude": 52.1, "longitude": 5.1}
    world.configurations.put(fakes.site(sources=[by_upload], **where))
    rows = forecasts(issues=1, first=START + HOUR)
    data = csv(rows, with_issue=False)
    world.upload(KEY, data)
    world.bucket.made += 300
    world.upload(KEY, data)

    version = world.ledger.records[KEY].current
    assert isinstance(version, Accepted)
    assert version.rows.issues is not None
    assert version.rows.issues.first == START + timedelta(minutes=1)


def test_what_is_refused_says_why(world: World) -> None:
    late = [replace(row, issued=row.issued + 90 * HOUR) for row in forecasts()]
    world.upload(KEY, csv(late))

    version = world.ledger.records[KEY].current
    assert isinstance(version, Quarantined)
    assert version.fault.code == "issued_after_target"


# --- silence --------------------------------------------------------------------------------------------


def test_a_site_that_gets_only_forecasts_is_silent_nevertheless(world: World) -> None:
    world.read_by(fakes.fake_reader)
    world.ledger.configs[CONFIG] = fakes.ConfigRecord(
        CONFIG, in_force=world.configurations.sites["east"].model_dump_json()
    )
    world.upload("raw/east/p1.csv", b"power")
    world.publisher.told.clear()
    for day in range(1, 4):
        world.bucket.made = day * 24 * 60
        world.now = START + timedelta(days=day)
        world.upload(f"raw/east/nwp_{day}.csv", b"forecast %d" % day)
        world.sweep("quick")

    silent = [each for each in world.publisher.told if each.type == "solar.site_silent"]
    assert [each.recovered for each in silent] == [False]


# --- issues side by side --------------------------------------------------------------------------------


def canonical(rows: list[Row], provider: str = "ecmwf") -> bytes:
    return read(csv(rows), KEY, site({"provider": provider})).parquet


def test_issues_that_overlap_contradict_nothing() -> None:
    one, other = forecasts(issues=1), forecasts(issues=1, first=FIRST + 12 * HOUR)

    assert compare(canonical(one), canonical(other)) == Compared()


def test_an_issue_that_was_computed_again_is_compared_row_by_row() -> None:
    one = forecasts(issues=2)
    other = [replace(row, ghi=row.ghi * 0.7) if row.begins.hour == 12 else row for row in one]
    found = compare(canonical(one), canonical(other))

    assert found.rows == 4
    assert (found.column, found.time) == ("forecast_ghi", FIRST + 12 * HOUR)


def counting(
    name: str, provider: str = "ecmwf", first: int = 0, last: int = 0
) -> overlaps.Counting:
    return overlaps.Counting(
        key=name,
        file_id=name,
        canonical_key=name,
        start=FIRST,
        end=FIRST + 48 * HOUR,
        columns=frozenset({"forecast_ghi"}),
        provider=provider,
        issues=(FIRST + first * HOUR, FIRST + last * HOUR),
    )


def test_only_files_of_one_provider_that_share_an_issue_are_compared() -> None:
    files = [
        counting("a"),
        counting("b", first=0, last=24),
        counting("c", first=6, last=12),
        counting("d", provider="icon"),
    ]
    assert {overlaps.pair_id(pair) for pair in overlaps.pairs(files)} == {"a+b", "b+c"}


def judged(name: str, sibling: Sibling) -> Judged:
    return Judged("nwp", name, name, sibling=sibling)


def sibling(name: str, first: datetime = FIRST, factor: float = 1.0) -> Sibling:
    rows = [replace(row, ghi=row.ghi * factor) for row in forecasts(14, 24, every=24, first=first)]
    found = read(csv(rows), KEY, site()).rows
    assert found.traits is not None
    assert found.provider
    uploaded = first - 30 * 24 * HOUR
    return Sibling(
        name, name, uploaded, found.window_start, found.traits, is_light=True, is_forecast=True
    )


def test_an_issue_that_was_computed_again_makes_no_source_suspect() -> None:
    overlap = FileOverlap(rows=40, share=0.9, files=1, example="ghi is another")
    shown = Seen((judged("a", sibling("a")),), frozenset(), {"a": overlap})

    assert suspicion.contradicted(shown) == {}


def test_forecasts_begin_after_their_upload_and_disagree_with_nothing() -> None:
    files = [
        sibling(name, FIRST + days * 24 * HOUR) for name, days in (("a", 0), ("b", 14), ("c", 28))
    ]

    assert siblings.disagreements(files) == ()


def test_a_file_in_another_unit_than_its_siblings_is_found_by_its_irradiance() -> None:
    files = [sibling(name, FIRST + days * 24 * HOUR) for name, days in (("a", 0), ("b", 14))]
    odd = sibling("c", FIRST + 28 * 24 * HOUR, factor=1 / 3.6)
    (found,) = siblings.disagreements([*files, odd])

    assert (found.cause, found.example) == ("unlike_irradiance", "c")
    assert "irradiance" in found.reason
    shown = Seen(tuple(judged(each.key, each) for each in [*files, odd]), frozenset())
    (said,) = suspicion.shown_by(shown)["nwp"]
    assert "another unit" in suspicion.follows_from(said)
    assert "the provider may have changed it" in suspicion.remedy_for("east", said)


# --- compacts -------------------------------------------------------------------------------------------


def test_a_compact_keeps_issues_and_providers_of_its_members() -> None:
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    def part(name: str, parquet: bytes, provider: str) -> Part:
        file = CanonicalFile(
            file_id=name,
            site_id="east",
            rows=1,
            rows_masked=0,
            columns=("forecast_ghi",),
            window_start=FIRST,
            window_end=FIRST + HOUR,
            uploaded_at=datetime(2024, 7, 1, tzinfo=UTC),
            provider=provider,
        )
        return Part(parquet, file)

    ones = {name: canonical(forecasts(issues=2), name) for name in ("ecmwf", "icon")}
    joined = compact.join([part(name, parquet, name) for name, parquet in ones.items()])
    file = pq.ParquetFile(pa.BufferReader(joined))

    for number, (name, parquet) in enumerate(ones.items()):
        whole = pq.read_table(pa.BufferReader(parquet))
        kept = file.read_row_group(number).select(whole.column_names)
        assert kept.to_pydict() == whole.to_pydict()
        assert set(kept["provider"].to_pylist()) == {name}
        assert np.isfinite(kept["forecast_ghi"].to_numpy()).all()


# --- one file that holds both ---------------------------------------------------------------------------

BESIDE = YAML.replace(
    "    files: nwp*.csv\n", "    in_files_of: power\n    files: nwp_power*.csv\n"
)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("in_files_of: power", "in_files_of: meter", "it is one of power"),
        ("in_files_of: power", "in_files_of: nwp", "it is one of power"),
        ("files: nwp_power*.csv", "files: other*.csv", "needs files: 'nwp_power*.csv'"),
        ("files: power*.csv", "files: '*.csv'", "move nwp above it"),
        ("    kind: forecast\n    provider: ecmwf\n", "", "issued is for forecasts"),
    ],
)
def test_second_names_that_would_not_be_read_are_refused(old: str, new: str, says: str) -> None:
    said = BESIDE.replace(old, new)
    said = said.replace("nwp_power*.csv", "nwp_*.csv") if "'*.csv'" in new else said
    with pytest.raises(InvalidConfigError) as caught:
        validation.read(CONFIG, said.encode())

    assert says in caught.value.reason
    if caught.value.reason.startswith("source nwp: "):
        named = next(n for n, each in enumerate(said.splitlines(), 1) if "name: nwp" in each)
        assert caught.value.line == named, "the line of the source, not of the file's first name"


def test_forecasts_of_one_provider_twice_from_the_same_files_are_refused() -> None:
    second = BESIDE[BESIDE.index("  - name: nwp") :].replace("nwp", "far")
    with pytest.raises(InvalidConfigError, match="name another provider"):
        validation.read(CONFIG, (BESIDE + second).encode())
    other = second.replace("provider: ecmwf", "provider: icon")
    active = validation.read(CONFIG, (BESIDE + other).encode())
    assert isinstance(active, ActiveSite)
    assert names_of(active, "power_1.csv.gz") == (
        "power_1.csv.gz",
        "nwp_power_1.csv.gz",
        "far_power_1.csv.gz",
    )
    assert names_of(active, "nwp_power_1.csv") == ("nwp_power_1.csv",)
    assert names_of(active, "meteo.csv") == ("meteo.csv",)
    assert names_of(None, "power.csv") == ("power.csv",)


def both() -> tuple[ActiveSite, bytes]:
    """A site whose files hold the plant's power beside what was forecast on the day before, and a file."""
    rows = forecasts(issues=1)
    lines = [f"{row.begins:%Y-%m-%d %H:%M},{row.ghi},{row.ghi / 200:.3f}" for row in rows]
    of_power = {
        "name": "power",
        "files": "station*.csv",
        "timestamp": {"column": "time", "timezone": "UTC"},
        "columns": {"power_ac": {"column": "p", "unit": "kW"}},
    }
    of_forecast = SOURCE | {
        "files": "nwp_station*.csv",
        "issued": {"day_before_at": "12:00", "timezone": "UTC"},
    }
    described = site().model_dump(mode="json", exclude_defaults=True)
    described["sources"] = [of_forecast, of_power]
    return (
        ActiveSite.of(Site.model_validate(described)),
        "\n".join(["time,ghi,p", *lines, ""]).encode(),
    )


@pytest.fixture
def one_file(world: World) -> bytes:
    active, body = both()
    world.configurations.put(active)
    world.read_by(read)
    return body


def test_the_same_bytes_count_as_measurements_and_as_forecasts(
    world: World, one_file: bytes
) -> None:
    world.upload("raw/east/nwp_station.csv", one_file)
    world.upload("raw/east/station.csv", one_file)

    assert set(world.states().values()) == {"accepted"}
    told = [each for each in world.publisher.told if each.type == "solar.data_accepted"]
    assert [(each.provider, each.columns) for each in told] == [
        ("ecmwf", ("forecast_ghi",)),
        ("", ("power_ac",)),
    ]


def test_a_second_name_of_the_same_kind_is_a_duplicate_as_ever(
    world: World, one_file: bytes
) -> None:
    for name in ("station_1", "station_2", "nwp_station_1", "nwp_station_2"):
        world.upload(f"raw/east/{name}.csv", one_file)

    assert {key[0].rpartition("/")[2]: each for key, each in world.states().items()} == {
        "station_1.csv": "accepted",
        "station_2.csv": "duplicate",
        "nwp_station_1.csv": "accepted",
        "nwp_station_2.csv": "duplicate",
    }


def test_a_name_that_becomes_one_of_forecasts_leaves_the_measurements_to_the_other(
    world: World, one_file: bytes
) -> None:
    """The YAML says another way to read the smaller name; the larger one takes the measurements over."""
    active, _ = both()
    only_power = active.model_copy(
        update={"sources": (active.sources[1].model_copy(update={"files": "*.csv"}),)}
    )
    world.configurations.put(only_power)
    world.upload("raw/east/nwp_station.csv", one_file)
    world.upload("raw/east/station.csv", one_file)
    assert sorted(world.states().values()) == ["accepted", "duplicate"]

    world.configurations.put(active)
    world.sweep()
    assert set(world.states().values()) == {"accepted"}
