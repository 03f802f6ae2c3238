"""A drafted YAML says why, and with its gaps filled in it reads the very files it was drafted from."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pvanalytics
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from console.app import app
from services.data_watcher.adapters.reading import read
from services.data_watcher.domain import validation
from shared.errors import InvalidConfigError, UnreadableFileError
from shared.solar.site import Site
from tests.corpus import files, workbook

REAL = Path(pvanalytics.__file__).parent / "data"
KEY = "config/sites/my-site.yaml"


def drafted(*paths: Path, longitude: float = 13.4, options: tuple[str, ...] = ()) -> str:
    place = ["--latitude", "50", "--longitude", str(longitude)]
    done = CliRunner().invoke(app, ["sites", "draft", *map(str, paths), *place, *options])
    assert done.exit_code == 0, done.output
    return done.output


def german() -> bytes:
    lines = ["Anlage Ost;;", "", "Datum;Uhrzeit;Leistung [kW];GHI [W/m²];Lufttemperatur (°C)"]
    for each in files.quarters(96 * 14):
        power = f"{files.power(each):.2f}".replace(".", ",")
        lines.append(
            f"{each:%d.%m.%Y};{each:%H:%M};{power};{files.power(each, 900):.0f};18,{each.hour % 10}"
        )
    return "\r\n".join(lines).encode("latin-1")


def inverters() -> bytes:
    lines = ["time,INV1_P_AC (W),INV2_P_AC (W)"]
    lines += [
        f"{each:%m/%d/%Y %H:%M},{files.power(each, 900)},{files.power(each, 1100)}"
        for each in files.quarters(96 * 5)
    ]
    return "\n".join(lines).encode()


def parquet() -> bytes:
    sink = io.BytesIO()
    moments = files.quarters(96 * 3)
    pq.write_table(
        pa.table({"when": moments, "ac_power_kw": list(map(files.power, moments))}), sink
    )
    return sink.getvalue()


@pytest.mark.parametrize(
    ("name", "body", "says"),
    [
        (
            "ost.csv",
            german(),
            ['time_column: "Uhrzeit"', 'decimal: ","'],
        ),
        ("inverters.csv", inverters(), ['columns: ["INV*_P_AC (W)"]', "%m/%d/%Y %H:%M"]),
        ("plant.parquet", parquet(), ["format: parquet", 'unit: "kW"  # the header says']),
        ("plant.xlsx", workbook.xlsx([["t", "power kW"], *files.sheet(3)[1:]]), []),
    ],
)
def test_a_draft_reads_the_files_it_was_drafted_from(
    tmp_path: Path, name: str, body: bytes, says: list[str]
) -> None:
    path = tmp_path / name
    path.write_bytes(body)

    text = drafted(path)
    site = validation.read(KEY, text.encode())

    assert all(each in text for each in says), text
    rows = read(body, f"raw/my-site/{name}", site).rows  # type: ignore[arg-type]
    assert rows.count >= 96 * 3
    assert rows.masked == 0


def test_a_real_plant_is_drafted() -> None:
    name = "serf_east_15min_ac_power.csv"
    text = drafted(REAL / name, longitude=-105.17)

    site = validation.read(KEY, text.encode())
    assert site.timezone == "-07:00", text  # type: ignore[union-attr]
    assert read((REAL / name).read_bytes(), name, site).rows.count >= 500  # type: ignore[arg-type]


def test_a_real_plant_whose_stamps_name_another_offset_than_its_clock_has_is_found_out() -> None:
    name = "ac_power_inv_7539.csv"  # local time, labelled +00:00
    text = drafted(REAL / name, longitude=-105.17)

    site = validation.read(KEY, text.encode())
    assert site.timezone == "+00:00", text  # type: ignore[union-attr]
    with pytest.raises(
        UnreadableFileError, match=r"wrong_clock: power is centred [67]\.\d hours before"
    ):
        read((REAL / name).read_bytes(), name, site)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        (
            "nrel_RSF_II.csv",
            {
                "power_ac": ("ac_power_kw_1137", "kW"),
                "temp_air": ("ambient_temp__1053", "C"),
                "temp_module": ("module_temp__1056", "C"),
                "wind_speed": ("wind_speed__1051", "m/s"),
            },
        ),
        (
            "rmis_weather_data.csv",
            {
                "ghi": ("Global Horizontal", "W/m2"),
                "dni": ("Direct Normal", "W/m2"),
                "dhi": ("Diffuse Horizontal", "W/m2"),
                "poa_global": ("Plane of array", "W/m2"),
                "pressure": ("Barometric Pressure", "hPa"),
                "temp_air": ("Ambient Temperature", "C"),
            },
        ),
        (
            "serf_west_15min.csv",
            {"power_ac": ("ac_power__773", "kW"), "temp_air": ("ambient_temp__780", "C")},
        ),
        ("midc_bms_ghi_20220120.csv", {"ghi": ("Global CMP22 (vent/cor) [W/m^2]", "W/m2")}),
        ("system_15_poa_irradiance.parquet", {"poa_global": ("poa_irradiance__484", "W/m2")}),
        (
            "serf_east_psm3_data.csv",
            {"ghi": ("ghi", "W/m2"), "temp_air": ("temp_air", "C")},
        ),
    ],
)
def test_real_files_are_understood(name: str, columns: dict[str, tuple[str, str]]) -> None:
    filled_in = drafted(REAL / name, longitude=-105.2).replace(
        "ac_capacity_kw:  # FILL IN", "ac_capacity_kw: 100  #"
    )
    site = validation.read(KEY, filled_in.encode())

    found = {
        canonical: (each.column, each.unit)
        for canonical, each in site.sources[0].columns.items()  # type: ignore[union-attr]
    }
    assert found.items() >= columns.items()
    assert not any("clear" in str(column) or "dc" in str(column) for column, _ in found.values())
    assert read((REAL / name).read_bytes(), name, site).rows.count >= 400  # type: ignore[arg-type]


def test_every_guess_has_its_evidence(tmp_path: Path) -> None:
    path = tmp_path / "power_2024-07.csv"
    path.write_bytes(files.csv(3, header="t,output"))

    done = CliRunner().invoke(app, ["sites", "draft", str(path), "--json"])

    (found,) = json.loads(done.output)
    guesses = [found["timestamp"]["column"], *found["columns"]["power_ac"].values()]
    assert all(each["why"] for each in guesses)
    assert "GUESSED" in found["columns"]["power_ac"]["unit"]["why"]
    assert found["noon"] == pytest.approx(12, abs=0.2)


def test_what_a_draft_cannot_know_is_refused_until_it_is_filled_in(tmp_path: Path) -> None:
    path = tmp_path / "power_2024-07.csv"
    path.write_bytes(files.csv(3, header="t,output"))

    text = CliRunner().invoke(app, ["sites", "draft", str(path)]).output

    with pytest.raises(InvalidConfigError) as refused:
        validation.read(KEY, text.encode())
    assert all(name in refused.value.reason for name in ("latitude", "longitude", "timezone"))


@pytest.mark.parametrize(
    ("option", "value"),
    [("--latitude", "95"), ("--longitude", "400"), ("--ac-capacity-kw", "-5")],
)
def test_a_place_that_is_none_is_a_wrong_call(tmp_path: Path, option: str, value: str) -> None:
    path = tmp_path / "power_2024-07.csv"
    path.write_bytes(files.csv(3))
    assert CliRunner().invoke(app, ["sites", "draft", str(path), option, value]).exit_code == 2


@pytest.mark.parametrize(
    ("header", "quantity"),
    [
        ("lmd_temperature", "temp_air"),
        ("site temp", "temp_air"),
        ("nwp_temperature", "forecast_temp_air"),
        ("module_temp_1", "temp_module"),
        ("inverter_temp", None),
        ("heatsink temperature", None),
    ],
)
def test_temperatures_are_told_apart(tmp_path: Path, header: str, quantity: str | None) -> None:
    path = tmp_path / "station07.csv"
    lines = [f"{each:%Y-%m-%d %H:%M},{files.power(each)},21.5" for each in files.quarters(96)]
    path.write_text("\n".join([f"t,power,{header}", *lines]))

    columns = canonical(path)

    assert columns == {"power_ac", quantity} - {None}


def canonical(path: Path) -> set[str]:
    """Return the canonical columns of a draft, once it is said when forecasts were issued."""
    said = drafted(path).replace("issued: # FILL IN", "issued: {lead: 24h}")
    site = validation.read(KEY, said.encode())
    assert isinstance(site, Site)
    return {name for each in site.sources for name in each.canonical_columns}


def measured_and_forecast() -> bytes:
    lines = [
        "t,nwp_globalirrad,nwp_directirrad,sky_globalirrad,lmd_totalirrad,lmd_winddirection,power"
    ]
    for at, each in enumerate(files.quarters(96 * 5)):
        cloud = 0.4 + 0.6 * (at * 7919 % 13) / 12
        sky, power = files.power(each, 900), files.power(each, 17)
        row = [sky, 0.6 * sky, sky * (1 - cloud), sky * cloud, at % 360, power * cloud]
        lines.append(f"{each:%Y-%m-%d %H:%M}," + ",".join(f"{value:.3f}" for value in row))
    return "\n".join(lines).encode()


def test_what_was_measured_and_what_was_forecast_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "station07.csv"
    path.write_bytes(measured_and_forecast())

    said = drafted(path).replace("issued: # FILL IN", "issued: {lead: 24h}")
    site = validation.read(KEY, said.encode())
    assert isinstance(site, Site)
    forecast, measured = site.sources

    assert (forecast.is_forecast, forecast.in_files_of) == (True, measured.name)
    assert set(forecast.columns) == {"ghi"}
    assert forecast.columns["ghi"].column == "nwp_globalirrad"
    assert set(measured.columns) == {"power_ac", "ghi"}
    assert (
        measured.columns["ghi"].column == "lmd_totalirrad"
    )  # power follows it, not the one before it


def test_columns_that_are_not_used_are_named(tmp_path: Path) -> None:
    path = tmp_path / "station07.csv"
    path.write_bytes(measured_and_forecast())

    assert "# not used: nwp_directirrad, sky_globalirrad, lmd_winddirection" in drafted(path)


@pytest.mark.parametrize(
    ("capacity", "unit", "says"),
    [
        ("20000", "MW", "of the capacity"),
        ("20", "kW", "of the capacity"),
        ("100000", "MW", "an energy per interval, like MWh, may"),
    ],
)
def test_the_capacity_tells_the_unit_of_power(
    tmp_path: Path, capacity: str, unit: str, says: str
) -> None:
    path = tmp_path / "station07.csv"
    path.write_bytes(measured_and_forecast())

    text = drafted(path, options=("--ac-capacity-kw", capacity))

    site = validation.read(KEY, text.replace("issued: # FILL IN", "issued: {lead: 24h}").encode())
    assert site.sources[1].columns["power_ac"].unit == unit  # type: ignore[union-attr]
    assert site.ac_capacity_kw == float(capacity)  # type: ignore[union-attr]
    assert says in text


def test_files_that_read_alike_are_one_source(tmp_path: Path) -> None:
    paths = [tmp_path / "power_2024-07.csv", tmp_path / "power_2024-08.csv"]
    for path in paths:
        path.write_bytes(files.csv(3))

    text = drafted(*paths, options=("--site", "ost", "--model", "ost"))

    site = validation.read("config/sites/ost.yaml", text.encode())
    assert len(site.sources) == 1  # type: ignore[union-attr]
    assert site.model_id == "ost"  # type: ignore[union-attr]
    assert "# from power_2024-07.csv, power_2024-08.csv" in text


@pytest.mark.parametrize("body", [b"a,b\n1,2\n", b"", b"\n \n"])
def test_a_file_without_stamps_is_said_to_be_not_understood(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(body)

    done = CliRunner().invoke(app, ["sites", "draft", str(path)])

    assert "holds a time stamp" in str(done.exception)


@pytest.mark.parametrize(("value", "delimiter"), [("BZN|DE-LU,{:.1f}", ","), ("{:.1f}|DE-LU", "|")])
def test_a_bar_in_a_name_is_no_delimiter(tmp_path: Path, value: str, delimiter: str) -> None:
    head = delimiter.join(
        ["time", *(["area", "power kW"] if delimiter == "," else ["power kW", "area"])]
    )
    rows = [
        f"{each:%Y-%m-%d %H:%M}{delimiter}{value.format(files.power(each))}"
        for each in files.quarters(192)
    ]
    path = tmp_path / "power_2024-07.csv"
    path.write_text("\n".join([head, *rows]))

    text = drafted(path)

    assert f'delimiter: "{delimiter}"' in text
    assert "192 rows, none masked" in text


def test_the_row_of_a_file_that_is_not_understood_is_quoted_whole_or_cut(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b\n" + "x,1\n" * 300 + f"{'y' * 40},2\n")

    done = CliRunner().invoke(app, ["sites", "draft", str(path)])

    assert f"its last row is '{'y' * 30}…', '2'. Known are" in str(done.exception)


@pytest.mark.parametrize(
    ("capacity", "step", "says"),
    [
        (
            "16",
            30,
            "GUESSED: with it the peak is 50% of the capacity, as kWh of an interval of 30 minutes it ",
        ),
        ("8", 30, "# with it the peak is 100% of the capacity\n"),
        ("16", 60, "# with it the peak is 50% of the capacity\n"),
    ],
)
def test_numbers_that_may_be_energies_as_well_as_power_are_asked_about(
    tmp_path: Path, capacity: str, step: int, says: str
) -> None:
    path = tmp_path / "meter_2024-07.csv"
    rows = [
        f"{each:%Y-%m-%d %H:%M},{files.power(each)}" for each in files.quarters(960)[:: step // 15]
    ]
    path.write_text("\n".join(["time,power", *rows]))

    text = drafted(path, options=("--ac-capacity-kw", capacity))

    assert " ".join(says.split()) in " ".join(text.replace("        #  ", "").split()), text
