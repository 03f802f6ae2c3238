"""A draft reads all samples, contradicts none of them, marks what it guesses, and shows what comes out."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from console.app import app
from console.drafting import filenames
from services.data_watcher.domain import validation
from shared.errors import InvalidConfigError
from shared.solar.site import Site
from tests.corpus import files, workbook

KEY = "config/sites/my-site.yaml"
JUNE = datetime(2024, 6, 1)  # noqa: DTZ001 - a plant's clock
PLACE = ("--latitude", "50", "--longitude", "13.4")


def draft(*paths: Path, options: tuple[str, ...] = PLACE) -> Result:
    done = CliRunner().invoke(app, ["sites", "draft", *map(str, paths), *options])
    assert done.exception is None or type(done.exception).__name__ in {"ConsoleError", "SystemExit"}
    return done


def said(*paths: Path, options: tuple[str, ...] = PLACE) -> str:
    """Return a draft in one line, so that no fold of a comment is in the way."""
    done = draft(*paths, options=options)
    assert done.exit_code == 0, done.output
    return " ".join(done.stdout.replace("#", " ").split())


def site(*paths: Path, options: tuple[str, ...] = PLACE) -> Site:
    done = draft(*paths, options=options)
    assert done.exit_code == 0, done.output
    found = validation.read(KEY, done.stdout.encode())
    assert isinstance(found, Site)
    return found


def rows(form: str, days: int = 4, start: datetime = JUNE, peak: float = 8.0) -> list[str]:
    return [f"{each:{form}},{files.power(each, peak)}" for each in files.quarters(96 * days, start)]


def written(folder: Path, name: str, lines: list[str] | bytes) -> Path:
    path = folder / name
    path.write_bytes(lines if isinstance(lines, bytes) else "\n".join(lines).encode())
    return path


def plain(folder: Path, name: str = "power.csv", form: str = "%Y-%m-%d %H:%M", **more: Any) -> Path:
    return written(folder, name, ["time,power (kW)", *rows(form, **more)])


# --- stamps -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "start"),
    [
        ("%d-%m-%Y %H:%M", datetime(2020, 5, 15)),  # noqa: DTZ001
        ("%m/%d/%y %H:%M", datetime(2022, 1, 1)),  # noqa: DTZ001
        ("%d.%m.%y %H:%M", datetime(2022, 1, 20)),  # noqa: DTZ001
        ("%m/%d/%Y %I:%M:%S %p", JUNE),
        ("%d-%b-%Y %H:%M", JUNE),
        ("%Y/%m/%d %H:%M:%S", JUNE),
        ("%Y%m%d %H:%M", JUNE),
    ],
)
def test_stamps_as_people_have_them_are_known(tmp_path: Path, form: str, start: datetime) -> None:
    path = plain(tmp_path, form=form, start=start)

    assert site(path).sources[0].timestamp.format == form
    assert "accepted by power-1, 384 rows, none masked" in said(path)


def test_stamps_without_zeros_are_known(tmp_path: Path) -> None:
    lines = [
        f"{each.month}/{each.day}/{each:%y} {each.hour}:{each:%M},{files.power(each)}"
        for each in files.quarters(96 * 4, datetime(2022, 1, 1))  # noqa: DTZ001
    ]
    path = written(tmp_path, "power.csv", ["time,power (kW)", *lines])

    assert site(path).sources[0].timestamp.format == "%m/%d/%y %H:%M"
    assert "accepted by power-1, 384 rows" in said(path)


@pytest.mark.parametrize("scale", [1, 1000])
def test_stamps_that_count_from_1970_are_in_utc(tmp_path: Path, scale: int) -> None:
    lines = [
        f"{round((each - datetime(1970, 1, 1)).total_seconds()) * scale},{files.power(each)}"  # noqa: DTZ001
        for each in files.quarters(384, JUNE)
    ]
    path = written(tmp_path, "power.csv", ["ts,power (kW)", *lines])

    assert site(path, options=("--latitude", "50", "--longitude", "0")).timezone == "UTC"


def test_day_and_month_that_cannot_be_told_apart_are_a_guess(tmp_path: Path) -> None:
    path = plain(tmp_path, form="%d/%m/%Y %H:%M", days=1, start=datetime(2024, 6, 3))  # noqa: DTZ001

    text = said(path)

    assert "GUESSED: day and month cannot be told apart, %m/%d/%Y %H:%M fits as well" in text


def test_several_samples_tell_day_and_month_apart(tmp_path: Path) -> None:
    days = [datetime(2024, 6, day) for day in (3, 4, 5, 6)]  # noqa: DTZ001
    paths = [
        plain(tmp_path, f"report_{day.day:02}.csv", "%m/%d/%Y %H:%M", days=1, start=day)
        for day in days
    ]

    found = site(*paths)

    assert found.sources[0].timestamp.format == "%m/%d/%Y %H:%M"
    assert "within 4 days" in said(*paths)


def test_samples_that_contradict_one_another_become_sources_of_their_own(tmp_path: Path) -> None:
    start = datetime(2024, 6, 20)  # noqa: DTZ001
    one = plain(tmp_path, "east.csv", "%d/%m/%Y %H:%M", start=start)
    other = plain(tmp_path, "west.csv", "%m/%d/%Y %H:%M", start=start + timedelta(days=4))

    found = site(one, other)

    assert [each.timestamp.format for each in found.sources] == ["%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"]
    assert [each.files for each in found.sources] == ["east.csv", "west.csv"]
    assert "the samples write their stamps in different ways" in said(one, other)


def test_a_step_that_the_samples_do_not_share_is_left_out(tmp_path: Path) -> None:
    one = plain(tmp_path, "power_2024-06.csv")
    hours = rows("%Y-%m-%d %H:%M", start=datetime(2024, 7, 1))[::4]  # noqa: DTZ001
    other = written(tmp_path, "power_2024-07.csv", ["time,power (kW)", *hours])

    assert site(one, other).sources[0].timestamp.step_minutes is None
    text = said(one, other)
    assert "the samples contradict one another (15 min in power_2024-06.csv; 60 min in" in text


@pytest.mark.parametrize(("column", "label"), [("Hour ending", "right"), ("Start", "left")])
def test_the_name_of_a_column_says_whether_stamps_are_an_end(
    tmp_path: Path, column: str, label: str
) -> None:
    path = written(tmp_path, "power.csv", [f"{column},power (kW)", *rows("%Y-%m-%d %H:%M")])
    assert site(path).sources[0].timestamp.label == label


def test_a_day_that_ends_at_24_00_says_that_stamps_are_an_end(tmp_path: Path) -> None:
    quarter = timedelta(minutes=15)
    lines = [
        f"{each:%Y-%m-%d} {each + quarter:%H:%M},{files.power(each)}".replace(" 00:00", " 24:00")
        for each in files.quarters(384, JUNE)
    ]
    path = written(tmp_path, "power.csv", ["time,power (kW)", *lines])

    assert site(path).sources[0].timestamp.label == "right"
    assert "accepted by power-1, 384 rows, none masked" in said(path)


# --- names of files -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "glob"),
    [
        (["station01_2018-06.csv"], "station01_*.csv"),
        (["station01_2018-06.csv", "station01_2018-07.csv"], "station01_*.csv"),
        (["report_03.csv", "report_04.csv"], "report_*.csv"),
        (["data [2024-06].csv"], "data [[]*].csv"),
        (["20240601_power.csv.gz"], "*_power.csv"),
        (["march_power.csv", "april_power.csv"], "*_power.csv"),
        (["inverter 1.csv"], "inverter 1.csv"),
        (["power 2024Q3.csv"], "power *.csv"),
    ],
)
def test_a_glob_keeps_what_tells_plants_apart_and_fits_the_names(
    names: list[str], glob: str
) -> None:
    found = filenames.glob(names).value

    assert found == glob
    assert all(fnmatchcase(name.removesuffix(".gz"), found) for name in names)


def test_files_of_two_plants_are_warned_of(tmp_path: Path) -> None:
    one = plain(tmp_path, "station01_2024-06.csv")
    other = plain(tmp_path, "station03_2024-06.csv", peak=5.0)

    assert [each.files for each in site(one, other).sources] == [
        "station01_*.csv",
        "station03_*.csv",
    ]
    assert "WARNING: station01_2024-06.csv and station03_2024-06.csv hold other values" in said(
        one, other
    )


def test_a_glob_that_would_take_another_sources_files_comes_last(tmp_path: Path) -> None:
    power = [plain(tmp_path, name) for name in ("x_1.csv", "y_2.csv")]
    weather = [
        f"{each:%Y-%m-%d %H:%M},{files.power(each, 900)}" for each in files.quarters(384, JUNE)
    ]
    other = written(tmp_path, "weather_2024.csv", ["t,ghi", *weather])

    found = site(*power, other)

    assert [each.files for each in found.sources] == ["weather_*.csv", "*.csv"]
    assert "accepted by weather-1" in said(*power, other)


# --- names and units ----------------------------------------------------------------------------------


def test_names_and_units_are_read_from_their_rows(tmp_path: Path) -> None:
    lines = [
        f"{each:%d.%m.%Y %H:%M};{files.power(each)};{files.power(each, 5)};{files.power(each, 900)}"
        for each in files.quarters(384, JUNE)
    ]
    head = ["Anlage;Nord 12;;", "", "Zeit;Dach Nord;Dach Sued;Globalstrahlung", ";kW;kW;W/m²"]
    path = written(tmp_path, "anlage.csv", [*head, *lines, "Summe;12,5;13;1"])

    columns = site(path).sources[0].columns

    assert columns["power_ac"].columns == ("Dach Nord", "Dach Sued")
    assert columns["power_ac"].unit == "kW"
    assert (columns["ghi"].column, columns["ghi"].unit) == ("Globalstrahlung", "W/m2")
    assert "GUESSED: 2 columns that begin alike and have one unit; added up" in said(path)
    assert "the row of units below the header is left out" in said(path)

    above = written(tmp_path, "oben.csv", [";kW;kW;W/m²", head[2], *lines])
    assert "row of units" not in said(above)
    inside = written(
        tmp_path, "darin.csv", ["Zeit;Dach Nord [kW];Dach Sued [kW];GHI [W/m²]", *lines]
    )
    assert "row of units" not in said(inside)


def several_powers() -> Iterator[str]:
    yield "time,battery_power (W),grid_power (W),house_power (W),inv_1_power (W),solar_power (W)"
    for at, each in enumerate(files.quarters(384, JUNE)):
        sun = files.power(each, 5000)
        house = 300 + at % 7 * 50
        battery = (at % 40 - 20) * 30
        yield f"{each:%Y-%m-%d %H:%M},{battery},{house - sun - battery:.1f},{house},{sun / 2:.1f},{sun}"


def test_the_plant_is_preferred_to_battery_grid_house_and_inverter(tmp_path: Path) -> None:
    path = written(tmp_path, "power.csv", list(several_powers()))

    assert site(path).sources[0].columns["power_ac"].column == "solar_power (W)"
    text = said(path)
    assert "not battery_power (W) (battery), grid_power (W) (grid), house_power (W) (house)" in text
    assert "the plant's own before those of inverters" in text


def test_a_total_is_taken_alone_and_not_added_to_its_parts(tmp_path: Path) -> None:
    lines = [
        f"{each:%Y-%m-%d %H:%M},{files.power(each, 2)},{files.power(each, 3)},"
        f"{files.power(each, 2) + files.power(each, 3):.3f}"
        for each in files.quarters(384, JUNE)
    ]
    path = written(
        tmp_path, "p.csv", ["t,Inverter 1 (kW),Inverter 2 (kW),Inverter total (kW)", *lines]
    )

    assert site(path).sources[0].columns["power_ac"].column == "Inverter total (kW)"
    assert "in every row it is the sum of Inverter 1 (kW), Inverter 2 (kW)" in said(path)


def test_a_glob_of_columns_takes_the_inverters_only(tmp_path: Path) -> None:
    lines = [
        f"{each:%Y-%m-%d %H:%M},{files.power(each, 2)},{files.power(each, 3)},{21.5 + each.hour}"
        for each in files.quarters(384, JUNE)
    ]
    path = written(tmp_path, "p.csv", ["t,INV1 [kW],INV2 [kW],temp [C]", *lines])

    assert site(path).sources[0].columns["power_ac"].columns == ("INV1 [kW]", "INV2 [kW]")
    assert "384 rows, none masked" in said(path)


def test_battery_power_alone_is_a_guess(tmp_path: Path) -> None:
    lines = [f"{each:%Y-%m-%d %H:%M},{files.power(each)}" for each in files.quarters(384, JUNE)]
    path = written(tmp_path, "p.csv", ["t,battery_power (kW)", *lines])

    assert "GUESSED: its name says battery, but no other column can be the plant's power" in said(
        path
    )


def test_a_counter_is_read_as_what_it_grows_by(tmp_path: Path) -> None:
    total, lines = 1200.0, []
    for each in files.quarters(384, JUNE):
        lines.append(f"{each:%Y-%m-%d %H:%M},{total:.4f}")
        total += files.power(each) / 4
    path = written(tmp_path, "p.csv", ["t,Energy total (kWh)", *lines])

    column = site(path).sources[0].columns["power_ac"]

    assert (column.kind, column.unit) == ("counter", "kWh")
    assert "accepted by power-1, 384 rows" in said(path)


def test_a_meter_that_counts_backwards_is_turned(tmp_path: Path) -> None:
    lines = [f"{each:%Y-%m-%d %H:%M},{-files.power(each):g}" for each in files.quarters(384, JUNE)]
    path = written(tmp_path, "p.csv", ["t,power (kW)", *lines])

    assert site(path).sources[0].columns["power_ac"].scale == -1
    assert "GUESSED: power is negative when it is large" in said(path)
    assert "384 rows, none masked" in said(path)


def test_separators_of_thousands_are_no_decimal_signs(tmp_path: Path) -> None:
    lines = [
        f'{each:%Y-%m-%d %H:%M},"{files.power(each, 4800):,.0f}"'
        for each in files.quarters(384, JUNE)
    ]
    path = written(tmp_path, "p.csv", ["t,power (W)", *lines])

    source = site(path).sources[0]

    assert (source.decimal, source.thousands) == (None, ",")
    assert "highest power 4.8 kW" in said(path)


def test_signs_that_the_samples_do_not_share_are_left_out(tmp_path: Path) -> None:
    start = datetime(2024, 7, 1)  # noqa: DTZ001
    point = [row.replace(",", ";") for row in rows("%Y-%m-%d %H:%M")]
    comma = [row.replace(",", ";").replace(".", ",") for row in rows("%Y-%m-%d %H:%M", start=start)]
    one = written(tmp_path, "p_2024-06.csv", ["time;power (kW)", *point])
    other = written(tmp_path, "p_2024-07.csv", ["time;power (kW)", *comma])

    assert site(one, other).sources[0].decimal is None
    text = said(one, other)
    assert "decimal is left out: numbers are written in several ways" in text
    assert "p_2024-06.csv: accepted by power-1, 384 rows" in text
    assert "p_2024-07.csv: accepted by power-1, 384 rows" in text


def test_a_tie_between_columns_is_marked(tmp_path: Path) -> None:
    lines = [
        f"{each:%Y-%m-%d %H:%M},{files.power(each)},20,21" for each in files.quarters(384, JUNE)
    ]
    path = written(
        tmp_path, "p.csv", ["t,power (kW),ambient temp A (C),ambient temp B (C)", *lines]
    )

    assert "GUESSED, a tie: the first by its name; others like it: ambient temp B (C)" in said(path)


# --- long files ---------------------------------------------------------------------------------------


def below(column: str, names: list[str]) -> list[str]:
    lines = [f"time,{column},power_kw"]
    for each in files.quarters(384, JUNE):
        lines += [
            f"{each:%Y-%m-%d %H:%M},{name},{files.power(each, 3 + at):.3f}"
            for at, name in enumerate(names)
        ]
    return lines


def test_a_column_that_names_the_plant_becomes_where(tmp_path: Path) -> None:
    path = written(tmp_path, "p.csv", below("campus", ["North", "South"]))

    text = said(path)
    assert "FILL IN, like {campus: North}: the file holds 2 series below each other" in text
    assert "until then the samples are read here with {campus: North}, which may be another" in text
    assert "accepted by power-1, 384 rows" in text
    with pytest.raises(InvalidConfigError, match="where"):  # until somebody says it
        site(path)


def test_rows_of_several_plants_with_the_newest_first_are_told_apart(tmp_path: Path) -> None:
    lines = below("type", ["Import (kWh)", "Solar export (kWh)"])
    path = written(tmp_path, "p.csv", [lines[0], *lines[:0:-1]])
    assert site(path).sources[0].where == {"type": "Solar export (kWh)"}


def test_columns_without_names_that_go_alike_are_asked_about(tmp_path: Path) -> None:
    lines = [
        f"{each:%Y-%m-%d %H:%M},{files.power(each, 3)},{files.power(each, 5)}" for each in DAYS
    ]
    path = written(tmp_path, "p.csv", ["time,7E1A409E,7E1A40AF", *lines])
    assert "FILL IN: no column's name says what it holds" in said(path, options=EIGHT)
    with pytest.raises(InvalidConfigError, match="column"):
        site(path, options=EIGHT)


@pytest.mark.parametrize(("unit", "factor"), [("W/kWp", 1000), ("kW/kWp", 1), ("kWh/kWp", 0.25)])
def test_power_per_kwp_is_scaled(tmp_path: Path, unit: str, factor: float) -> None:
    lines = [f"{each:%Y-%m-%d %H:%M},{files.power(each, factor):.4f}" for each in DAYS]
    path = written(tmp_path, "p.csv", [f"time,specific power ({unit})", *lines])
    power = site(path, options=EIGHT).sources[0].columns["power_ac"]
    assert (power.unit, power.scale) == (unit.partition("/")[0], 8)
    assert "highest power 8 kW" in said(path, options=EIGHT)


def test_of_what_was_fed_in_used_and_generated_the_generation_is_the_plants(tmp_path: Path) -> None:
    lines = [
        f"{each:%Y-%m-%d %H:%M},{watt / 2},{watt},{watt / 2}"
        for each in DAYS
        for watt in [files.power(each)]
    ]
    head = "t,Energia_vertida_kWh,Energia_generada_kWh,Energia_autoconsumida_kWh"
    path = written(tmp_path, "p.csv", [head, *lines])
    power = site(path, options=EIGHT).sources[0].columns["power_ac"]
    assert power.column == "Energia_generada_kWh"


def test_a_unit_before_a_name_is_one(tmp_path: Path) -> None:
    lines = [f"{each:%Y-%m-%d %H:%M},{files.power(each) * 250:.1f}" for each in DAYS]
    path = written(tmp_path, "p.csv", ["ts,Wh_sum", *lines])
    assert site(path, options=EIGHT).sources[0].columns["power_ac"].unit == "Wh"


def test_a_column_that_names_the_inverter_is_added_up(tmp_path: Path) -> None:
    path = written(tmp_path, "p.csv", below("inverter", ["INV1", "INV2", "INV3"]))

    found = site(path)

    assert found.sources[0].sum_by == "inverter"
    assert found.ac_capacity_kw == pytest.approx(12, abs=3.1)  # inverters of 3, 4 and 5 kW
    assert "GUESSED: 3 inverters below each other" in said(path)


def test_of_several_sensors_the_plants_power_is_taken(tmp_path: Path) -> None:
    lines = ["entity_id,state,last_changed"]
    for name in ("sensor.grid_power", "sensor.pv_power", "sensor.outdoor_temperature"):
        for at, each in enumerate(files.quarters(384, JUNE)):
            value = files.power(each, 5) if "pv" in name else 0.3 + at % 5 / 10
            lines.append(f"{name},{value},{each:%Y-%m-%dT%H:%M:%S}.{len(name):03}Z")
    path = written(tmp_path, "history.csv", lines)

    assert site(path).sources[0].where == {"entity_id": "sensor.pv_power"}


# --- what comes out -----------------------------------------------------------------------------------


def test_all_samples_are_read_and_their_rows_are_counted(tmp_path: Path) -> None:
    start = datetime(2024, 1, 1)  # noqa: DTZ001
    paths = [
        plain(tmp_path, f"p_{day:%Y-%m-%d}.csv", days=1, start=day)
        for day in (start + timedelta(days=each) for each in range(40))
    ]

    text = said(*paths)

    assert "3840 rows were looked at: p_2024-01-01.csv 96" in text
    assert "and 35 more" in text
    assert "35 more: accepted, 3360 rows, none masked" in text
    assert len(site(*paths).sources) == 1


def test_a_wrong_guess_shows_at_once(tmp_path: Path) -> None:
    path = plain(tmp_path)

    east = said(path, options=("--latitude", "50", "--longitude", "13.4", "--ac-capacity-kw", "28"))

    assert "middle of the day 3 minutes after solar noon" in said(path)
    assert "highest power 8 kW, 29% of the AC capacity" in east
    assert "LOOK: the highest power is unusual for this capacity" in east


@pytest.mark.parametrize(("longitude", "doubted"), [("13.4", False), ("20.5", True)])
def test_a_zone_with_half_an_hour_is_thought_of(
    tmp_path: Path, longitude: str, *, doubted: bool
) -> None:
    text = said(plain(tmp_path), options=("--latitude", "50", "--longitude", longitude))
    assert ("LOOK: the day is centred off solar noon" in text) is doubted


def test_what_the_reader_refuses_is_said_with_its_remedy(tmp_path: Path) -> None:
    half = rows("%Y-%m-%d %H:%M", days=2)
    swapped = [
        f"{stamp},{ghi},{power}" for stamp, power, ghi in (f"{r},1".split(",") for r in half)
    ]
    head = "time,power (kW),ghi (W/m2)"
    lines = [head, *(f"{row},1" for row in half), "time,ghi (W/m2),power (kW)", *swapped]

    text = said(written(tmp_path, "joined.csv", lines))

    assert "joined.csv: REFUSED (second_header)" in text
    assert "Split the file there" in text


def test_power_that_follows_no_irradiance_is_doubted(tmp_path: Path) -> None:
    clouds = [
        f"{each:%Y-%m-%d %H:%M},{files.power(each, 900) * (at * 7919 % 13 > 6)}"
        for at, each in enumerate(files.quarters(384, JUNE))
    ]
    weather = written(tmp_path, "weather.csv", ["t,ghi (W/m2)", *clouds])

    assert "LOOK: power follows no irradiance closely" in said(plain(tmp_path), weather)


def test_power_and_weather_of_two_files_are_held_against_each_other(tmp_path: Path) -> None:
    power = plain(tmp_path)
    halves = files.quarters(384, JUNE)[::2]
    weather = [f"{each:%Y-%m-%d %H:%M},{files.power(each, 900)}" for each in halves]

    text = said(power, written(tmp_path, "weather.csv", ["t,ghi", *weather]))

    assert "correlation of power with ghi 1.00" in text


def test_what_came_out_is_printed_beside_a_draft_that_goes_into_a_file(tmp_path: Path) -> None:
    done = draft(plain(tmp_path))

    came_out = done.stdout[done.stdout.index("# What came out") :]
    assert done.stderr == came_out
    assert all(line.startswith("#") for line in done.stderr.splitlines())


def test_a_draft_is_readable_on_80_columns(tmp_path: Path) -> None:
    path = written(tmp_path, "power.csv", list(several_powers()))
    assert max(map(len, draft(path).stdout.splitlines())) <= 80


def test_the_json_of_a_draft_holds_what_came_out(tmp_path: Path) -> None:
    (found,) = json.loads(draft(plain(tmp_path), options=(*PLACE, "--json")).stdout)

    assert found["rows"] == {"power.csv": 384}
    assert found["glob"]["value"] == "power.csv"
    (trial,) = found["came_out"]
    assert (trial["state"], trial["rows"], trial["masks"]) == ("accepted", 384, {})


# --- never a traceback --------------------------------------------------------------------------------


def zipped(count: int) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for each in range(count):
            archive.writestr(f"{each}.csv", "\n".join(["time,power (kW)", *rows("%Y-%m-%d %H:%M")]))
    return sink.getvalue()


BROKEN: dict[str, Callable[[], bytes]] = {
    "empty.csv": lambda: b"",
    "blank.csv": lambda: b"\n \n",
    "binary.csv": lambda: bytes(range(256)) * 20,
    "header.csv": lambda: b"time,power\n",
    "no_header.csv": lambda: b"2024-06-01 00:00,1\n2024-06-01 00:15,2\n",
    "no_stamp.csv": lambda: b"a,b\n1,2\n",
    "words.csv": lambda: b"time,state\n2024-06-01 00:00,on 5\n",
    "two.zip": lambda: zipped(2),
    "cut.csv.gz": lambda: gzip.compress(files.csv(2), mtime=0)[:-20],
    "fake.xlsx": lambda: b"PK\x03\x04 is no workbook",
    "fake.parquet": lambda: b"PAR1 is none PAR1",
    "old.xls": lambda: b"\xd0\xcf\x11\xe0" + bytes(600),
    "cut.json": lambda: b'{"a": [1,',
    "number.json": lambda: b'{"a": 1}',
    "deep.json": lambda: b"[" * 100_000,
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_not_understood_is_said_with_the_next_step(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, name, BROKEN[name]())

    done = draft(path)

    assert done.exit_code == 1
    message = str(done.exception)
    assert message.startswith(name)
    assert len(message) > len(name) + 30


def test_one_sample_that_is_not_understood_does_not_cost_the_others(tmp_path: Path) -> None:
    good, bad = plain(tmp_path), written(tmp_path, "empty.csv", b"")

    done = draft(good, bad)

    assert done.exit_code == 1
    assert "NOT UNDERSTOOD: empty.csv: it is empty" in done.stdout
    assert validation.read(KEY, done.stdout.encode())


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("latin-1"),
        lambda text: gzip.compress(text.encode()),
        lambda text: text.replace("\n", "\r\n").encode(),
    ],
)
def test_encodings_and_packings_are_read_alike(
    tmp_path: Path, encode: Callable[[str], bytes]
) -> None:
    text = "\n".join(
        ["Zeit;Leistung (kW)", *(row.replace(",", ";") for row in rows("%Y-%m-%d %H:%M"))]
    )
    path = written(tmp_path, "p.csv", encode(text))

    assert "accepted by power-1, 384 rows, none masked" in said(path)


def test_a_zip_with_one_file_is_read_as_that_file(tmp_path: Path) -> None:
    assert "384 rows, none masked" in said(written(tmp_path, "p.zip", zipped(1)))


def test_json_is_drafted_with_the_path_to_its_records(tmp_path: Path) -> None:
    values = [
        {"date": f"{each:%Y-%m-%d %H:%M:%S}", "power_kw": files.power(each)}
        for each in files.quarters(384, JUNE)
    ]
    body = {"site": {"alarms": [{"id": 1}], "values": values}}
    path = written(tmp_path, "p.json", json.dumps(body).encode())

    source = site(path).sources[0]

    assert (source.format, source.records) == ("json", "site.values")
    assert "384 rows, none masked" in said(path)


def test_mixed_delimiters_lose_no_row_unnoticed(tmp_path: Path) -> None:
    lines = [row.replace(",", ";") for row in rows("%Y-%m-%d %H:%M")]
    lines[7] = lines[7].replace(";", ",")
    path = written(tmp_path, "p.csv", ["time;power (kW)", *lines])

    text = said(path)

    assert "383 of 384 rows were looked at" in text
    assert "ragged_row 1" in text


@pytest.mark.parametrize("option", ["--site", "--model"])
def test_a_name_that_no_site_can_have_is_a_wrong_call(tmp_path: Path, option: str) -> None:
    done = draft(plain(tmp_path), options=(option, "My Plant"))
    assert done.exit_code == 2
    assert "is no name" in done.output


def test_numbers_that_can_be_read_in_two_ways_are_a_tie(tmp_path: Path) -> None:
    moments = files.quarters(384, JUNE)
    lines = [
        f"{each:%Y-%m-%d %H:%M};{1 + files.power(each):.3f}".replace(".", ",") for each in moments
    ]
    path = written(tmp_path, "p.csv", ["time;power (kW)", *lines])

    text = said(path)

    assert (
        "GUESSED, a tie: p.csv: the numbers of column 'power (kW)' can be read in two ways" in text
    )
    assert site(path).sources[0].decimal == ","


@pytest.mark.parametrize("cell", ["1e999", "inf", '"8', "8 kW", "-99", "-1", "\x85"])
def test_a_strange_cell_costs_at_most_itself(tmp_path: Path, cell: str) -> None:
    lines = rows("%Y-%m-%d %H:%M")
    lines[50] = f"{lines[50].partition(',')[0]},{cell}"
    path = written(tmp_path, "p.csv", ["time,power (kW)", *lines])

    assert "accepted by power-1, 384 rows" in said(path)


@pytest.mark.parametrize(
    "name", ["a\x85b (kW)", "power\x07 (kW)", "power # (kW)", 'power "x": [kW]']
)
def test_a_name_that_no_comment_can_hold_makes_a_valid_draft(tmp_path: Path, name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    path = written(tmp_path, "p.csv", [f"time,{quoted}", *rows("%Y-%m-%d %H:%M")])

    assert isinstance(site(path), Site)


def test_an_offset_that_no_place_has_is_no_zone(tmp_path: Path) -> None:
    lines = [
        f"{each:%Y-%m-%d %H:%M}+25:59,{files.power(each)}" for each in files.quarters(384, JUNE)
    ]
    path = written(tmp_path, "p.csv", ["time,power (kW)", *lines])

    assert "GUESSED: the sun is centred on" in said(path)


def test_a_sample_that_may_not_be_opened_does_not_cost_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, locked = plain(tmp_path), plain(tmp_path, "locked.csv")
    read_bytes = Path.read_bytes

    def guarded(path: Path) -> bytes:
        if path == locked:
            raise PermissionError(13, "Permission denied")
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", guarded)
    done = draft(good, locked)

    assert done.exit_code == 1
    assert "NOT UNDERSTOOD: locked.csv: it cannot be opened (Permission denied)" in done.stdout
    assert "accepted by power-1" in done.stdout


def test_hundreds_of_unused_columns_are_not_all_named(tmp_path: Path) -> None:
    extra = [f"c{each}" for each in range(300)]
    lines = [f"{row},{','.join('1' for _ in extra)}" for row in rows("%Y-%m-%d %H:%M", days=1)]
    path = written(tmp_path, "p.csv", [f"time,power (kW),{','.join(extra)}", *lines])

    assert "c19, and 280 more" in said(path)


def test_values_that_mean_no_measurement_are_proposed_as_missing(tmp_path: Path) -> None:
    lines = rows("%Y-%m-%d %H:%M")
    for at in range(40, 52):
        lines[at] = f"{lines[at].partition(',')[0]},-999"
    path = written(tmp_path, "p.csv", ["time,power (kW)", *lines])

    assert site(path).sources[0].missing == (-999,)
    text = said(path)
    assert "GUESSED: -999 in 12 cells, far from all other values" in text
    assert "384 rows, sentinel 12" in text


def test_a_cold_night_is_no_missing_value(tmp_path: Path) -> None:
    lines = [f"{row},{-99.0 + at % 50}" for at, row in enumerate(rows("%Y-%m-%d %H:%M"))]
    path = written(tmp_path, "p.csv", ["time,power (kW),temp_air (F)", *lines])

    assert site(path).sources[0].missing == ()


# --- exports of portals and loggers -------------------------------------------------------------------


def test_minutes_after_the_hour_are_no_24th_hour(tmp_path: Path) -> None:
    moments = [JUNE + timedelta(minutes=each) for each in range(2 * 1440)]
    lines = [f"{each:%d.%m.%Y %H:%M:%S},{files.power(each)}" for each in moments]
    path = written(tmp_path, "power.csv", ["time,power (kW)", *lines])

    how = site(path).sources[0].timestamp
    assert (how.label, how.step_minutes) == ("left", 1)
    assert "accepted by power-1, 2880 rows, none masked" in said(path)


@pytest.mark.parametrize(
    "name", ["energy", "PV_Energie", "énergie", "Tagesertrag", "inverter yield"]
)
@pytest.mark.parametrize("capacity", [(), ("--ac-capacity-kw", "9")])
def test_a_column_that_is_called_energy_is_no_power(
    tmp_path: Path, name: str, capacity: tuple[str, ...]
) -> None:
    lines = [
        f"{each:%Y-%m-%d %H:%M},{files.power(each, 8.0) / 4:.3f}" for each in files.quarters(96 * 4)
    ]
    path = written(tmp_path, "power.csv", [f"time,{name}", *lines])

    column = site(path, options=(*PLACE, *capacity)).sources[0].columns["power_ac"]
    assert (column.column, column.unit) == (name, "kWh")
    if not capacity:
        assert "by its name each is the energy of an interval" in said(path)


def test_a_column_that_is_called_energy_but_is_not_by_the_capacity_is_asked_about(
    tmp_path: Path,
) -> None:
    lines = [
        f"{each:%Y-%m-%d %H:%M},{files.power(each, 8.0):.3f}" for each in files.quarters(96 * 4)
    ]
    path = written(tmp_path, "power.csv", ["time,energy", *lines])

    assert "a power, like kW, may; please check" in said(
        path, options=(*PLACE, "--ac-capacity-kw", "9")
    )


def test_numbers_with_their_units_are_measurements(tmp_path: Path) -> None:
    def shown(kilowatts: float) -> str:
        return f"{kilowatts:.2f} kW" if kilowatts >= 1 else f"{kilowatts * 1000:.0f} W"

    lines = [f"{each:%Y-%m-%d %H:%M},{shown(files.power(each))}" for each in files.quarters(384)]
    path = written(tmp_path, "panel.csv", ["Time,PV Power", *lines])

    assert "accepted by power-1, 384 rows, none masked" in said(path)
    assert "highest power 8 kW" in said(path)


def test_a_decimal_comma_before_an_exponent_separates_no_thousands(tmp_path: Path) -> None:
    lines = [
        f"{each:%Y-%m-%d %H:%M};{files.power(each):.4E}".replace(".", ",")
        for each in files.quarters(384)
    ]
    path = written(tmp_path, "power.csv", ["time;power kW", *lines])

    assert site(path).sources[0].thousands is None
    assert "accepted by power-1, 384 rows, none masked" in said(path)


def test_stretches_of_other_steps_leave_the_step_out(tmp_path: Path) -> None:
    quarters = files.quarters(96 * 5)
    hours = [quarters[-1] + timedelta(minutes=15 + 60 * each) for each in range(48)]
    lines = [f"{each:%Y-%m-%d %H:%M},{files.power(each) / 4:.4f}" for each in quarters]
    lines += [f"{each:%Y-%m-%d %H:%M},{files.power(each):.4f}" for each in hours]
    path = written(tmp_path, "energy.csv", ["time,energy (kWh)", *lines])

    assert site(path).sources[0].timestamp.step_minutes is None
    assert "stretches of the file have other steps (15 min, 60 min)" in said(path)
    assert "accepted by power-1, 528 rows, none masked" in said(path)


def test_a_column_of_volts_names_no_inverters(tmp_path: Path) -> None:
    lines = [
        f"{name},{each:%Y-%m-%d %H:%M},{files.power(each, 8 * part):.3f},{230 + each.minute % 3}"
        for name, part in (("INV-1", 0.45), ("INV-2", 0.35), ("INV-3", 0.2))
        for each in files.quarters(384)
    ]
    head = "ManageObject,Start Time,Active power(kW),Grid voltage(V)"
    path = written(tmp_path, "report.csv", [head, *lines])

    assert site(path).sources[0].sum_by == "ManageObject"
    assert "accepted by power-1, 384 rows, none masked" in said(path)


def test_the_ac_side_is_taken_before_the_modules(tmp_path: Path) -> None:
    lines = [
        f"{each:%Y-%m-%d %H:%M},{files.power(each, 8240):.0f},{files.power(each, 8000):.0f}"
        for each in files.quarters(384)
    ]
    path = written(tmp_path, "power.csv", ["Time,Ppv(W),Pac(W)", *lines])

    assert site(path).sources[0].columns["power_ac"].column == "Pac(W)"


def test_sun_is_taken_before_consumption_in_any_language(tmp_path: Path) -> None:
    lines = [
        f"{each:%Y-%m-%d}\t{each:%H:%M}\t{5000 + each.hour}\t{files.power(each, 900):.0f}"
        for each in files.quarters(384)
    ]
    head = "Date\tHeures\tConsommation\tSolaire"
    path = written(tmp_path, "rte.csv", [head, *lines])

    assert site(path).sources[0].columns["power_ac"].column == "Solaire"


def test_irradiance_in_stars_is_no_power(tmp_path: Path) -> None:
    lines = [
        f"{each:%Y-%m-%dT%H:%M}\t{files.power(each, 900):.0f}\t{15 + each.hour / 3:.1f}"
        for each in files.quarters(384)
    ]
    head = "Date/Time\tSWD [W/m**2]\tT2 [deg C]"
    path = written(tmp_path, "bsrn.csv", [head, *lines])

    found = site(path, options=(*PLACE, "--ac-capacity-kw", "10"))
    assert found.sources[0].columns.keys() == {"ghi", "temp_air"}


def test_days_and_clocks_with_a_colon_between_them_are_known(tmp_path: Path) -> None:
    path = plain(tmp_path, form="%Y%m%d:%H%M")

    assert site(path).sources[0].timestamp.format == "%Y%m%d:%H%M"
    assert "accepted by power-1, 384 rows, none masked" in said(path)


def test_names_that_several_columns_have_are_told(tmp_path: Path) -> None:
    lines = [
        f"{each:%d.%m.%Y %H:%M};{files.power(each, 500):.0f};{files.power(each, 300):.0f}"
        for each in files.quarters(384)
    ]
    done = draft(written(tmp_path, "box.csv", ["TimeStamp;Udc;Udc", *lines]))

    assert "'Udc' name several columns each" in str(done.exception)


# --- what other columns are -----------------------------------------------------------------------------


def table(folder: Path, header: str, row: Callable[[float], str], name: str = "power.csv") -> Path:
    lines = [
        f"{each:%Y-%m-%d %H:%M},{row(files.power(each))}" for each in files.quarters(96 * 4, JUNE)
    ]
    return written(folder, name, [f"time,{header}", *lines])


CAPACITY = (*PLACE, "--ac-capacity-kw", "8")


def test_three_phases_of_the_plant_are_added_up(tmp_path: Path) -> None:
    path = table(
        tmp_path, "P_L1 [kW],P_L2 [kW],P_L3 [kW]", lambda kw: f"{kw * 0.3},{kw * 0.3},{kw * 0.4}"
    )

    column = site(path, options=CAPACITY).sources[0].columns["power_ac"]

    assert column.columns == ("P_L1 [kW]", "P_L2 [kW]", "P_L3 [kW]")
    assert "its 3 phases are added up" in said(path, options=CAPACITY)
    assert "highest power 8 kW" in said(path, options=CAPACITY)


def test_solar_is_preferred_to_the_sum_of_all_kinds_of_plants(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        "Solar (kW),Wind (kW),Nuclear (kW),Total (kW)",
        lambda kw: f"{kw},{3 + kw / 9},5,{8 + kw / 9 + kw}",
    )

    assert site(path, options=CAPACITY).sources[0].columns["power_ac"].column == "Solar (kW)"


def test_what_goes_into_an_inverter_is_not_what_it_gives(tmp_path: Path) -> None:
    path = table(tmp_path, "Total input power(kW),Active power(kW)", lambda kw: f"{kw * 1.03},{kw}")

    assert site(path, options=CAPACITY).sources[0].columns["power_ac"].column == "Active power(kW)"


@pytest.mark.parametrize(
    ("module", "air"),
    [
        ("Temperatura módulo (ºC)", "Temperatura ambiente (ºC)"),
        ("Température panneau (°C)", "Température extérieure (°C)"),
        ("Modultemperatur [°C]", "Außentemperatur [°C]"),
    ],
)
def test_names_with_accents_are_known(tmp_path: Path, module: str, air: str) -> None:
    path = table(tmp_path, f"power (kW),{module},{air}", lambda kw: f"{kw},{20 + 4 * kw},{18 + kw}")

    columns = site(path).sources[0].columns

    assert columns["temp_module"].column == module
    assert columns["temp_air"].column == air


def test_the_temperature_in_an_inverters_own_file_is_not_that_of_the_air(tmp_path: Path) -> None:
    row = "Vpv1(V),Vac1(V),Pac(kW),{}"
    for name, is_air in (("Temperature(℃)", False), ("Ambient temperature(℃)", True)):
        path = table(tmp_path, row.format(name), lambda kw: f"610,231,{kw},{30 + 3 * kw}")
        assert ("temp_air" in site(path).sources[0].columns) == is_air


def test_a_tab_within_quotes_delimits_nothing(tmp_path: Path) -> None:
    path = table(tmp_path, "SN,power (kW)", lambda kw: f'"1031\t",{kw}')

    assert "accepted by power-1, 384 rows, none masked" in said(path)


def test_a_plane_that_no_name_says_is_marked(tmp_path: Path) -> None:
    path = table(tmp_path, "power (kW),Irradiance (W/m2)", lambda kw: f"{kw},{kw * 120}")

    assert "call it poa_global" in said(path)
    path = table(tmp_path, "power (kW),GHI (W/m2)", lambda kw: f"{kw},{kw * 120}")
    assert "call it poa_global" not in said(path)


@pytest.mark.parametrize("mark", [",", " ", "\u202f", "\u00a0", "'", "\u2019"])
def test_cells_with_thousands_and_a_unit_are_power_and_irradiance_is_not(
    tmp_path: Path, mark: str
) -> None:
    path = table(
        tmp_path, "P,G", lambda kw: f'"{kw * 1000:,.1f} W",{kw * 110}'.replace(",", mark, kw >= 1)
    )

    columns = site(path, options=CAPACITY).sources[0].columns

    assert (columns["power_ac"].column, columns["power_ac"].unit) == ("P", "W")
    assert "highest power 8 kW" in said(path, options=CAPACITY)


@pytest.mark.parametrize(("part", "marked"), [(0.5, True), (1.0, False)])
def test_energies_without_a_unit_are_marked(tmp_path: Path, part: float, *, marked: bool) -> None:
    half_hours = files.quarters(96 * 4, JUNE)[::2]
    lines = [f"{each:%Y-%m-%d %H:%M},{files.power(each) * part:.3f}" for each in half_hours]
    path = written(tmp_path, "power.csv", ["time,power", *lines])

    assert (
        "as kWh of an interval of 30 minutes it would be 100%" in said(path, options=CAPACITY)
    ) == marked


def counted(name: str, share: float, begun: float = 5000.0) -> dict[str, list[float]]:
    readings, total = [], begun
    for each in files.quarters(96 * 4, JUNE):
        readings.append(round(total, 3))
        total += share * files.power(each) / 4
    return {name: readings}


@pytest.mark.parametrize(
    ("columns", "chosen", "marked"),
    [
        (
            counted("WR1 Total [kWh]", 0.4) | counted("WR2 Total [kWh]", 0.6, 70.0),
            ("WR1 Total [kWh]", "WR2 Total [kWh]"),
            "GUESSED: 2 counters, one per inverter",
        ),
        (
            counted("WR1 [kWh]", 0.4)
            | counted("WR2 [kWh]", 0.6, 70.0)
            | counted("Summe [kWh]", 1.0, 9e4),
            "Summe [kWh]",
            "it grows by the sum of WR1 [kWh], WR2 [kWh]",
        ),
        (
            counted("E-Total (kWh)", 1.0) | counted("E-Ertrag (kWh)", 1.0, 9e4),
            "E-Total (kWh)",
            "GUESSED, a tie: others like it: E-Ertrag (kWh)",
        ),
    ],
)
def test_counters_of_inverters_are_added_up_and_others_are_a_tie(
    tmp_path: Path, columns: dict[str, list[float]], chosen: str | tuple[str, ...], marked: str
) -> None:
    lines = [",".join(["time", *columns])]
    for each, *values in zip(files.quarters(96 * 4, JUNE), *columns.values(), strict=True):
        lines.append(",".join([f"{each:%Y-%m-%d %H:%M}", *map(str, values)]))
    path = written(tmp_path, "counters.csv", lines)
    options = (*PLACE, "--ac-capacity-kw", "8")

    power = site(path, options=options).sources[0].columns["power_ac"]

    assert (power.columns or power.column) == chosen
    assert power.kind == "counter"
    assert marked in said(path, options=options)
    assert "100% of the AC capacity" in said(path, options=options)


def test_all_sheets_with_the_same_columns_are_looked_at(tmp_path: Path) -> None:
    sheets: dict[str, list[list[Any]]] = {
        f"Day {day + 1}": [
            ["time", "power (kW)"],
            *([each, files.power(each)] for each in files.quarters(96, JUNE + timedelta(days=day))),
        ]
        for day in range(3)
    }
    others = {"About": [["Plant", "East"]], "Sums": [["day", "kWh"], ["1", 61.0]]}
    path = written(tmp_path, "power.xlsx", workbook.several(others | sheets))
    assert "288 rows were looked at" in said(path)


def test_joules_are_energies_of_their_interval(tmp_path: Path) -> None:
    rows = [
        f"{each:%Y-%m-%d %H:%M},{files.power(each) * 0.9:.4f}" for each in files.quarters(384, JUNE)
    ]
    path = written(tmp_path, "power.csv", ["time,Energy (MJ)", *rows])
    options = (*PLACE, "--ac-capacity-kw", "8")
    assert site(path, options=options).sources[0].columns["power_ac"].unit == "MJ"
    assert "highest power 8 kW, 100% of the AC capacity" in said(path, options=options)


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("name", ["Hora", "Heure", "Hour"])
def test_hours_are_no_minutes_though_their_column_may_hold_both(
    tmp_path: Path, name: str, first: int
) -> None:
    rows = [
        f"{each:%d/%m/%Y};{each.hour + first};{files.power(each)}"
        for each in (JUNE + timedelta(hours=hour) for hour in range(24 * 14))
    ]
    path = written(tmp_path, "power.csv", [f"Fecha;{name};kWh", *rows])
    how = site(path).sources[0].timestamp
    assert (how.format, how.step_minutes) == ("%d/%m/%Y %H", 60)


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("time,Power,Power.1", ("Power", "Power.1")),
        ("time,Power (kW),Power (kW)_2", ("Power (kW)", "Power (kW)_2")),
        ("Date,Inverter 1,Inverter 2", ("Inverter *",)),
    ],
)
def test_columns_that_are_called_alike_are_added_up_as_a_guess(
    tmp_path: Path, header: str, columns: tuple[str, ...]
) -> None:
    lines = [header]
    for each in files.quarters(96 * 4, JUNE):
        watt = files.power(each)
        lines.append(f"{each:%Y-%m-%d %H:%M},{watt * 0.4:.3f},{watt * 0.6:.3f}")
    path = written(tmp_path, "power.csv", lines)
    options = (*PLACE, "--ac-capacity-kw", "8")
    assert site(path, options=options).sources[0].columns["power_ac"].columns == columns
    text = said(path, options=options)
    assert "100% of the AC capacity" in text
    assert "GUESSED: 2 columns that begin alike" in text or "GUESSED: the names of 2" in text


@pytest.mark.parametrize("word", ["Standby", "Offline", "--", ""])
@pytest.mark.parametrize("above", [[], ["Plant East", "2024-06-01"]])
def test_a_night_of_words_is_no_header(tmp_path: Path, word: str, above: list[str]) -> None:
    lines = [
        f"{each:%Y-%m-%d %H:%M},{files.power(each) or word}" for each in files.quarters(192, JUNE)
    ]
    path = written(tmp_path, "power.csv", [*above, "time,power (kW)", *lines])
    source = site(path).sources[0]
    assert source.columns["power_ac"].column == "power (kW)"
    assert source.timestamp.column == "time"
    assert "192 rows were looked at" in said(path)


def test_a_header_with_fewer_fields_than_the_rows_is_shown(tmp_path: Path) -> None:
    lines = ["time,kW,W/m2"]
    for each in files.quarters(96, JUNE):
        comma = f"{files.power(each):.2f}".replace(".", ",")
        lines.append(f"{each:%Y-%m-%d %H:%M},{comma},{comma}")
    done = draft(written(tmp_path, "power.csv", lines))
    message = " ".join((done.output + str(done.exception)).split())
    assert "has 3 fields and the rows 5" in message
    assert "decimal comma" in message


def test_thousands_between_commas_are_no_sample(tmp_path: Path) -> None:
    lines = [
        f"{each:%Y-%m-%d %H:%M},{1000 * files.power(each):,.1f}"
        for each in files.quarters(192, JUNE)
    ]
    done = draft(written(tmp_path, "power.csv", ["time,power (W)", *lines]))
    assert "commas between thousands" in " ".join((done.output + str(done.exception)).split())


@pytest.mark.parametrize("drawn", [False, True])
def test_registers_that_count_what_was_fed_in_are_added_up(tmp_path: Path, *, drawn: bool) -> None:
    lines = ["time;Register;Volume (kWh)"]
    for each in files.quarters(96 * 7, JUNE):
        by_day = 7 <= each.hour < 16 and each.weekday() < 5
        energy = files.power(each) / 4
        lines.append(f"{each:%Y-%m-%d %H:%M};Injectie Dag;{energy * by_day:.4f}")
        lines.append(f"{each:%Y-%m-%d %H:%M};Injectie Nacht;{energy * (not by_day):.4f}")
        if drawn:
            lines.append(f"{each:%Y-%m-%d %H:%M};Afname Dag;{0.1 * by_day:.4f}")
            lines.append(f"{each:%Y-%m-%d %H:%M};Afname Nacht;{0.1 * (not by_day):.4f}")
    path = written(tmp_path, "meter.csv", lines)
    options = (*PLACE, "--ac-capacity-kw", "8")
    source = site(path, options=options).sources[0]
    assert source.sum_by == "Register"
    assert source.where == ({"Register": ("Injectie Dag", "Injectie Nacht")} if drawn else {})
    assert "highest power 8 kW, 100% of the AC capacity" in said(path, options=options)
    assert "672 rows, none masked" in said(path, options=options)


# --- what is above the data, and beside it --------------------------------------------------------------

DAYS = files.quarters(96 * 3, JUNE)
EIGHT = (*PLACE, "--ac-capacity-kw", "8")


def test_meta_data_with_a_date_and_a_number_is_no_row_of_data(tmp_path: Path) -> None:
    above = ["Meter;Kind;From;To;Unit", "12345678901234;Curve;01/06/2024;15/06/2024;W"]
    lines = [f"{each:%Y-%m-%dT%H:%M}:00+00:00;{files.power(each) * 1000:.0f}" for each in DAYS]
    path = written(tmp_path, "curve.csv", [*above, "Time;Value", *lines])
    source = site(path, options=EIGHT).sources[0]
    assert (source.timestamp.column, source.columns["power_ac"].column) == ("Time", "Value")
    assert "288 rows, none masked" in said(path, options=EIGHT)


@pytest.mark.parametrize("names", ["filled", "repeated"])
def test_names_below_merged_cells_are_drafted(tmp_path: Path, names: str) -> None:
    header = {
        "filled": ["Date;Time;Production;;Weather", ";;Inverter 1;Inverter 2;GHI"],
        "repeated": [";;Inverter 1;;Inverter 2", "Date;Time;P (kW);U (V);P (kW)"],
    }[names]
    lines = []
    for each in DAYS:
        one, two, light = (part * files.power(each) for part in (0.45, 0.55, 100))
        cells = (one, two, light) if names == "filled" else (one, 230, two)
        lines.append(f"{each:%d/%m/%Y;%H:%M};" + ";".join(f"{cell:.3f}" for cell in cells))
    path = written(tmp_path, "report.csv", [*header, *lines])
    power = site(path, options=EIGHT).sources[0].columns["power_ac"]
    told = said(path, options=EIGHT)
    assert power.columns == (("Inverter *",) if names == "filled" else ("Inverter * P (kW)",))
    assert "highest power 8 kW, 100% of the AC capacity" in told
    assert "288 rows, none masked" in told


def test_the_hour_of_a_stamp_tells_no_series_apart(tmp_path: Path) -> None:
    """Rows are put in order by a program that takes hours for texts: 1, 10, 11, …, 2."""
    hours = [each for each in files.quarters(96 * 12, JUNE) if not each.minute]
    hours.sort(key=lambda each: (each.date(), str(each.hour + 1)))
    lines = [f"{each:%Y-%m-%dT%H:%M}:00Z,{each.hour + 1},{files.power(each)}" for each in hours]
    source = site(written(tmp_path, "g.csv", ["begin,HR,MW", *lines])).sources[0]
    assert (source.where, source.sum_by) == ({}, None)
    assert (source.timestamp.step_minutes, source.columns["power_ac"].kind) == (60, "value")


@pytest.mark.parametrize("code", [-2147483648, 4294967295, 4286578687])
def test_largest_numbers_of_registers_are_no_power(tmp_path: Path, code: int) -> None:
    lines = [
        f"{each:%Y-%m-%d %H:%M},{round(files.power(each) * 1000) or code}"
        for each in files.quarters(96 * 4, JUNE)
    ]
    path = written(tmp_path, "modbus.csv", ["time,PAC_W", *lines])
    source = site(path, options=EIGHT).sources[0]
    assert source.missing == (code,)
    assert "highest power 8 kW, 100% of the AC capacity" in said(path, options=EIGHT)


def test_a_counter_of_what_was_fed_in_is_a_counter(tmp_path: Path) -> None:
    total, lines = 1234.0, []
    for each in DAYS:
        lines.append(f"{each:%Y-%m-%d %H:%M},{total:.4f}")
        total += files.power(each) / 4
    path = written(tmp_path, "meter.csv", ["time,Export (kWh)", *lines])
    power = site(path, options=EIGHT).sources[0].columns["power_ac"]
    assert (power.kind, power.unit) == ("counter", "kWh")


def test_a_column_of_units_says_the_unit_of_the_values_beside_it(tmp_path: Path) -> None:
    lines = []
    for each in files.quarters(96 * 7, JUNE):
        of_day = "Dag" if 7 <= each.hour < 16 else "Nacht"
        for kind, energy in (("Afname", 0.1), ("Injectie", files.power(each) / 4)):
            register = f"{kind} {of_day}"
            lines.append(f"{each:%Y-%m-%d %H:%M};54144;{register};{energy:.4f};kWh")
    path = written(tmp_path, "meter.csv", ["time;EAN;Register;Volume;Eenheid", *lines])
    source = site(path, options=EIGHT).sources[0]
    assert (source.columns["power_ac"].column, source.columns["power_ac"].unit) == ("Volume", "kWh")
    # Each register has hours of its own, so that there is nothing to add up.
    assert (set(source.where["Register"]), source.sum_by) == (  # type: ignore[arg-type]
        {"Injectie Dag", "Injectie Nacht"},
        None,
    )
    assert "672 rows, none masked" in said(path, options=EIGHT)


@pytest.mark.parametrize(
    ("encoding", "time", "power"),
    [
        ("cp932", "日時", "発電電力(kW)"),
        ("gb18030", "时间", "有功功率(kW)"),
        ("cp949", "일시", "발전전력(kW)"),
        ("cp1251", "Дата и время", "Мощность (kW)"),
        ("cp1250", "Čas", "Výkon (kW)"),
        ("cp1252", "Uhrzeit", "Leistung gemäß Zähler (kW)"),
        ("utf-8", "日時", "発電電力(kW)"),
    ],
)
def test_names_are_drafted_in_the_letters_of_their_country(
    tmp_path: Path, encoding: str, time: str, power: str
) -> None:
    lines = [f"{time},{power}", *rows("%Y-%m-%d %H:%M")]
    path = written(tmp_path, "p.csv", "\n".join(lines).encode(encoding))
    source = site(path).sources[0]
    assert (source.timestamp.column, source.columns["power_ac"].column) == (time, power)
    assert "384 rows, none masked" in said(path)


def test_the_power_of_a_service_is_known_beside_its_count_of_devices(tmp_path: Path) -> None:
    intervals = [
        {"end_at": int(each.timestamp()), "devices_reporting": 12, "powr": round(watt * 1000)}
        for each in files.quarters(96 * 4, JUNE)
        if (watt := files.power(each))
    ]
    path = written(tmp_path, "stats.json", json.dumps({"intervals": intervals}).encode())
    power = site(path, options=EIGHT).sources[0].columns["power_ac"]
    assert (power.column, power.unit) == ("powr", "W")


# --- which column, and what it is -----------------------------------------------------------------------


def test_the_numbers_before_each_unit_are_read_in_their_own_way(tmp_path: Path) -> None:
    """850 W and 1.234 kW: no point between thousands."""
    lines = [
        f"{each:%Y-%m-%d %H:%M},{watt * 1000:.0f} W" if watt < 1 else f"{each:%Y-%m-%d %H:%M},{watt:.3f} kW"
        for each in DAYS
        for watt in [files.power(each)]
    ]  # fmt: skip
    path = written(tmp_path, "p.csv", ["time,Solar", *lines])
    source = site(path, options=EIGHT).sources[0]
    assert (source.thousands, source.decimal) == (None, None)
    assert "highest power 8 kW, 100% of the AC capacity" in said(path, options=EIGHT)


def test_the_mean_is_chosen_before_the_least_and_the_highest(tmp_path: Path) -> None:
    lines = [
        f"{each:%Y-%m-%d %H:%M},{watt * 900:.0f},{watt * 1100:.0f},{watt * 1000:.0f}"
        for each in DAYS
        for watt in [files.power(each)]
    ]
    path = written(tmp_path, "p.csv", ["time,min,max,mean", *lines])
    assert site(path, options=EIGHT).sources[0].columns["power_ac"].column == "mean"


def test_power_of_the_phases_is_added_up_and_no_direct_current(tmp_path: Path) -> None:
    lines = []
    for each in DAYS:
        watt = files.power(each) * 1000
        lines.append(f"{each:%d.%m.%Y %H:%M}\t{watt * 1.04:.1f}\t230" + f"\t{watt / 3:.1f}" * 3)
    header = "Zeit\tDC1 P\tAC1 U\tAC1 P\tAC2 P\tAC3 P"
    path = written(tmp_path, "piko.csv", [header, *lines])
    power = site(path, options=EIGHT).sources[0].columns["power_ac"]
    assert (power.columns, power.unit) == (("AC* P",), "W")
    assert "highest power 8 kW, 100% of the AC capacity" in said(path, options=EIGHT)


@pytest.mark.parametrize("name", ["capacity_factor", "POWER"])
@pytest.mark.parametrize(("capacity", "scale"), [("8", 8), ("12000", 12000)])
def test_shares_of_the_capacity_are_a_guess(
    tmp_path: Path, name: str, capacity: str, scale: int
) -> None:
    lines = [f"{each:%Y-%m-%d %H:%M},{files.power(each, 0.9):.4f}" for each in DAYS]
    path = written(tmp_path, "p.csv", [f"time,{name}", *lines])
    options = (*PLACE, "--ac-capacity-kw", capacity)
    power = site(path, options=options).sources[0].columns["power_ac"]
    assert (power.unit, power.scale) == ("kW", scale)
    assert "GUESSED: " in said(path, options=options)
    assert "1 is taken for" in said(path, options=options)


@pytest.mark.parametrize(("capacity", "unit"), [("1.1", "kW"), ("1000", "MW")])
def test_values_to_one_that_are_a_power_are_no_share(
    tmp_path: Path, capacity: str, unit: str
) -> None:
    lines = [f"{each:%Y-%m-%d %H:%M},{files.power(each, 0.9):.4f}" for each in DAYS]
    path = written(tmp_path, "p.csv", ["time,power", *lines])
    power = (
        site(path, options=(*PLACE, "--ac-capacity-kw", capacity)).sources[0].columns["power_ac"]
    )
    assert (power.unit, power.scale) == (unit, 1.0)


@pytest.mark.parametrize(
    ("level", "tilted", "power"),
    [
        ("Irradiancia horizontal (W/m²)", "Irradiancia inclinada (W/m²)", "Potencia activa (kW)"),
        ("Globalstrahlung [W/m²]", "Einstrahlung Modulebene [W/m²]", "Leistung [kW]"),
        ("Instrålning", "POA", "Effekt"),
    ],
)
def test_irradiance_on_the_modules_is_known_by_its_name(
    tmp_path: Path, level: str, tilted: str, power: str
) -> None:
    lines = []
    for each in DAYS:
        kilowatt = files.power(each)
        lines.append(
            f"{each:%Y-%m-%d %H:%M};{kilowatt};{kilowatt * 100 * (1 + each.hour / 99)};{kilowatt * 110}"
        )
    path = written(tmp_path, "p.csv", [f"time;{power};{level};{tilted}", *lines])
    columns = site(path, options=EIGHT).sources[0].columns
    found = {name: each.column for name, each in columns.items()}
    assert found == {"power_ac": power, "ghi": level, "poa_global": tilted}


@pytest.mark.parametrize("first", ["WR;Pac;Temp;WR;Pac;Temp", "Status;Pac;Temp;Status;Pac;Temp"])
def test_columns_of_one_name_are_added_up_as_a_guess(tmp_path: Path, first: str) -> None:
    """A logger repeats the names for each inverter."""
    lines = []
    for each in DAYS:
        watt = files.power(each) * 1000
        lines.append(f"{each:%d.%m.%y;%H:%M};1;{watt * 0.4:.1f};30;2;{watt * 0.6:.1f};31")
    path = written(tmp_path, "min.csv", [f"#Date;Time;{first}", *lines])
    columns = site(path, options=EIGHT).sources[0].columns
    assert columns.keys() == {"power_ac"}
    assert (columns["power_ac"].columns, columns["power_ac"].unit) == (("Pac",), "W")
    told = said(path, options=EIGHT)
    assert "GUESSED: 2 columns are called so" in told
    assert "highest power 8 kW, 100% of the AC capacity" in told


def test_energies_in_watt_seconds_are_drafted(tmp_path: Path) -> None:
    lines = [f"{each:%Y-%m-%d %H:%M},{files.power(each) * 900_000:.0f}" for each in DAYS]
    path = written(tmp_path, "logger.csv", ["time,Energy [Ws]", *lines])
    assert site(path, options=EIGHT).sources[0].columns["power_ac"].unit == "Ws"
    assert "highest power 8 kW, 100% of the AC capacity" in said(path, options=EIGHT)
