"""Configuration comes by upload: accepted with a version, or refused with line and reason."""

from __future__ import annotations

import pytest

from services.data_watcher.domain import configuration, validation
from services.data_watcher.domain.cursor import Cursor
from shared.active import ActiveSite
from shared.errors import InvalidConfigError
from tests.unit.data_watcher.fakes import World

SITE = b"""\
site_id: east
model_id: fleet
latitude: 40
longitude: -105
timezone: +10:00
ac_capacity_kw: 6
sources:
  - name: power
    files: "*.csv"
    timestamp: {column: t}
    columns:
      power_ac: {column: p, unit: kW}
"""
KEY = "config/sites/east.yaml"


def fault(body: bytes, key: str = KEY) -> InvalidConfigError:
    with pytest.raises(InvalidConfigError) as caught:
        validation.read(key, body)
    return caught.value


def test_a_good_site_is_in_force_and_told() -> None:
    world = World()
    world.upload(KEY, SITE)

    (told,) = world.publisher.told
    assert (told.type, told.kind, told.name) == ("solar.config_accepted", "site", "east")
    assert told.config_version == world.configurations.sites["east"].config_version


def test_a_model_is_in_force_and_told() -> None:
    world = World()
    world.upload("config/models/fleet.yaml", b"model_id: fleet\naccuracy_threshold: 0.85\n")

    (told,) = world.publisher.told
    assert (told.kind, told.name, told.model_id) == ("model", "fleet", "fleet")
    assert world.configurations.models["fleet"].accuracy_threshold == 0.85


def test_the_version_is_of_what_is_said_not_of_how() -> None:
    one = validation.read(KEY, SITE)
    other = validation.read(
        KEY, b"# a comment\n" + SITE.replace(b"latitude: 40", b"latitude: 40.0")
    )
    third = validation.read(KEY, SITE.replace(b"latitude: 40", b"latitude: 41"))

    assert one.config_version == other.config_version != third.config_version


def test_an_offset_is_no_number_of_base_sixty() -> None:
    site = validation.read(KEY, SITE)

    assert isinstance(site, ActiveSite)
    assert site.timezone == "+10:00"


def test_a_typo_is_named_with_its_line_and_what_was_meant() -> None:
    found = fault(SITE.replace(b"latitude", b"latitud"))

    assert found.line == 1
    assert "line 3: 'latitud' is not known; did you mean 'latitude'?" in str(found)
    assert "'latitude' is missing" in str(found)


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        (b"column: p, unit: kW", b"column: p, unit: kw", 12, "'kw' is no unit of power_ac"),
        (b"latitude: 40", b"latitude: 95", 3, "less than or equal to 90"),
        (b"+10:00", b"Europe/Berlim", 5, "is no time zone"),
        (b"power_ac:", b"power:", 12, "no canonical column"),
        (b"site_id: east", b"site_id: west", 1, "make them the same"),
        (b"model_id: fleet", b"site_id: fleet", 2, "second time"),
        (b"{column: t}", b"{colunm: t}", 10, "did you mean 'column'?"),
        (b"{column: t}", b"{column: t, label: right}", 10, "needs step_minutes"),
        (b"{column: t}", b"{column: t, label: center, step_minutes: 15}", 10, "half-hours"),
        (b"name: power", b"name: *power", 8, "aliases"),
        (b"latitude: 40", b"latitude: [40", 4, "check indentation"),
        (b"latitude: 40", b"latitude: !!python/name:os.system 40", 3, "tag"),
        (b"site_id: east", b"site_id: \xff", 1, "UTF-8"),
        (b"latitude: 40", b"latitude:", 3, "latitude is empty; fill it in"),
        (b"unit: kW", b"unit: ", 12, "columns.power_ac.unit is empty; fill it in"),
    ],
)
def test_what_is_wrong_is_said_in_plain_words_with_the_line(
    old: bytes, new: bytes, line: int, says: str
) -> None:
    assert old in SITE
    found = fault(SITE.replace(old, new))

    assert says in found.reason
    lines = {found.line, *(int(each.split(":")[0]) for each in found.reason.split("line ")[1:])}
    assert line in lines


@pytest.mark.parametrize(
    "key",
    [
        "config/sites/east.yml",
        "config/sites/East.yaml",
        "config/plants/east.yaml",
        "config/east.yaml",
    ],
)
def test_a_wrong_place_is_refused_with_the_right_one(key: str) -> None:
    assert "use config/sites/<site_id>.yaml" in fault(SITE, key).reason


@pytest.mark.parametrize(
    "body", [b"", b"- a\n- b\n", b"[" * 60_000, b"a: " + b"x" * 70000, b"\0", b"a: b: c"]
)
def test_no_bytes_break_the_reader(body: bytes) -> None:
    assert fault(body).reason


def test_a_bad_upload_leaves_the_last_good_one_in_force() -> None:
    world = World()
    world.upload(KEY, SITE)
    world.upload(KEY, b"nonsense")

    assert world.publisher.kinds() == ["config_accepted", "config_rejected"]
    assert world.configurations.sites["east"].latitude == 40


def test_what_is_in_force_names_the_upload_that_says_so_and_no_refused_one() -> None:
    world = World()
    world.upload(KEY, SITE)
    accepted = world.bucket.versions(KEY)[0].version_id
    assert world.configurations.uploads == [accepted]
    world.upload(KEY, b"nonsense")
    assert set(world.configurations.uploads[1:]) <= {None}


def test_a_deleted_file_is_said_and_changes_nothing_in_force() -> None:
    world = World()
    world.upload(KEY, SITE)
    world.bucket.delete(KEY)
    for _ in range(2):
        world.event(KEY)

    assert world.publisher.kinds() == ["config_accepted", "config_rejected"]
    assert "stays in force" in world.publisher.told[-1].reason
    assert "east" in world.configurations.sites


def test_a_repeated_event_tells_nothing_twice() -> None:
    world = World()
    world.upload(KEY, SITE)
    world.event(KEY)

    assert world.publisher.kinds() == ["config_accepted"]


def test_files_that_waited_for_their_site_are_read_without_a_new_upload() -> None:
    world = World()
    world.upload("raw/east/a.csv", b"one")
    world.upload("raw/west/a.csv", b"one")
    world.upload(KEY, SITE)

    assert world.state("raw/east/a.csv") == ["accepted"]
    assert world.state("raw/west/a.csv") == ["quarantined"]


def test_a_file_that_overtakes_its_sites_configuration_is_not_quarantined() -> None:
    world = World()
    world.bucket.put(KEY, SITE)
    world.upload("raw/east/a.csv", b"one")

    assert world.publisher.kinds() == ["config_accepted", "data_accepted"]


def test_a_new_reading_rereads_the_sites_files_and_no_others() -> None:
    world = World()
    world.upload(KEY, SITE)
    world.upload("config/sites/west.yaml", SITE.replace(b"east", b"west"))
    world.upload("raw/east/a.csv", b"one")
    world.upload("raw/west/a.csv", b"one")
    world.publisher.told.clear()

    world.upload(KEY, SITE.replace(b"ac_capacity_kw: 6", b"ac_capacity_kw: 7"))

    assert {each.site_id for each in world.publisher.told if hasattr(each, "site_id")} == {"east"}
    assert world.publisher.kinds() == ["config_accepted", "data_withdrawn", "data_accepted"]


def test_a_long_sweep_goes_on_where_it_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.data_watcher.app.sweeping.CHUNK", 2)
    monkeypatch.setattr("services.data_watcher.app.sweeping.SLICE", World().now - World().now)
    world = World()
    world.upload(KEY, SITE)
    for number in range(5):
        world.bucket.put(f"raw/east/{number}.csv", str(number).encode())

    world.sweep()

    assert [world.state(f"raw/east/{number}.csv") for number in range(5)] == [["accepted"]] * 5


def test_a_sweep_takes_in_configuration_that_no_event_told() -> None:
    world = World()
    world.bucket.put(KEY, SITE)
    world.sweep()

    assert "east" in world.configurations.sites


def test_a_cursor_survives_its_message() -> None:
    cursor = Cursor(prefix="raw/east/", after="raw/east/ü.csv")

    assert Cursor.model_validate_json(cursor.text()) == cursor


@pytest.mark.parametrize(("size", "read"), [(64 * 1024, True), (64 * 1024 + 1, False)])
def test_a_configuration_has_at_most_64_kib(size: int, *, read: bool) -> None:
    world = World()
    asked = []
    bytes_of = world.bucket.read

    def note(key: str, version_id: str) -> bytes:
        asked.append(key)
        return bytes_of(key, version_id)

    world.bucket.read = note
    world.bucket.put(KEY, SITE + b"#" * (size - len(SITE)))
    world.event(KEY)

    assert (world.ledger.configs[KEY].state == "accepted") is read
    assert asked == ([KEY] if read else [])


def test_a_deleted_configuration_is_published_once() -> None:
    world = World()
    world.bucket.put(KEY, SITE)
    world.event(KEY)
    world.bucket.delete(KEY)
    for _ in range(3):
        world.event(KEY)

    assert world.publisher.kinds().count("config_rejected") == 1
    assert world.ledger.configs[KEY].state == "deleted"


def counted(quantity: str, unit: str) -> bytes:
    """The site's YAML with one quantity more, which the file counts as energy."""
    return SITE + f"      {quantity}: {{column: e, unit: {unit}, kind: counter}}\n".encode()


@pytest.mark.parametrize(
    ("quantity", "unit", "says"),
    [
        ("ghi", "W/m2", "a counter of ghi counts energy, not W/m2; use one of Wh/m2, kWh/m2, J/m2"),
        ("temp_air", "C", "temp_air cannot be a counter; only power and irradiance can"),
        ("wind_speed", "kWh", "'kWh' is no unit of wind_speed; use one of km/h, kn, m/s, mph"),
    ],
)
def test_a_counter_has_a_unit_of_energy(quantity: str, unit: str, says: str) -> None:
    found = fault(counted(quantity, unit))

    assert says in found.reason
    assert found.line == 13


def test_a_counter_of_energy_is_in_force() -> None:
    site = validation.read(KEY, counted("ghi", "kWh/m2"))

    assert isinstance(site, ActiveSite)
    assert site.sources[0].columns["ghi"].kind == "counter"


@pytest.mark.parametrize(("start", "end"), [("{a: ", "}"), ("[", "]")])
def test_twenty_levels_are_read_and_more_are_refused(start: str, end: str) -> None:
    def nested(levels: int) -> bytes:
        return f"a: {start * levels}1{end * levels}\n".encode()

    assert "nested" not in fault(nested(19)).reason
    assert fault(nested(20)).reason == "the file is nested too deeply"


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("config/sites/east.yaml", "site"),
        ("config/sites/north/east.yaml", "site"),
        ("config/exclusions/east.yaml", "exclusions"),
        ("config/models/fleet.yaml", "model"),
        ("config/plants/east.yaml", "model"),
    ],
)
def test_a_file_configures_what_its_first_folder_says_and_a_model_in_any_other(
    key: str, kind: str
) -> None:
    assert configuration.kind_of(key) == kind


def test_a_refused_upload_is_published_with_its_line() -> None:
    world = World()
    world.upload(KEY, SITE.replace(b"latitude: 40", b"latitude: 95"))

    (told,) = world.publisher.told
    assert (told.type, told.line) == ("solar.config_rejected", 3)


def test_the_ledger_keeps_when_a_configuration_was_uploaded_and_its_version() -> None:
    world = World()
    world.upload(KEY, SITE)

    record = world.ledger.load_config(KEY)
    assert record.uploaded_at == world.bucket.versions(KEY)[0].uploaded_at
    assert record.config_version == world.configurations.sites["east"].config_version
