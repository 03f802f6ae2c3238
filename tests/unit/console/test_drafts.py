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
from services.data_watcher import configuration
from services.data_watcher.reading import read
from tests.corpus import files, workbook

REAL = Path(pvanalytics.__file__).parent / "data"
KEY = "config/sites/my-site.yaml"


def drafted(*paths: Path, longitude: float = 13.4) -> str:
    done = CliRunner().invoke(
        app, ["sites", "draft", *map(str, paths), "--latitude", "50", "--longitude", str(longitude)]
    )
    assert done.exit_code == 0, done.output
    return done.output


def german() -> bytes:
    lines = ["Anlage Ost;;", "", "Datum;Uhrzeit;Leistung [kW];GHI [W/m²];Lufttemperatur (°C)"]
    for each in files.quarters(96 * 14):
        power = f"{files.power(each):.2f}".replace(".", ",")
        lines.append(f"{each:%d.%m.%Y};{each:%H:%M};{power};{files.power(each, 900):.0f};18,5")
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
    site = configuration.read(KEY, text.encode())

    assert all(each in text for each in says), text
    rows = read(body, f"raw/my-site/{name}", site).rows  # type: ignore[arg-type]
    assert rows.count >= 96 * 3
    assert rows.masked == 0


@pytest.mark.parametrize(
    ("name", "longitude", "zone"),
    [
        ("serf_east_15min_ac_power.csv", -105.17, "-07:00"),
        ("ac_power_inv_7539.csv", -105.17, "+00:00"),
    ],
)
def test_a_real_plant_is_drafted(name: str, longitude: float, zone: str) -> None:
    text = drafted(REAL / name, longitude=longitude)

    site = configuration.read(KEY, text.encode())
    assert site.timezone == zone, text  # type: ignore[union-attr]
    assert read((REAL / name).read_bytes(), name, site).rows.count >= 500  # type: ignore[arg-type]


def test_every_guess_has_its_evidence(tmp_path: Path) -> None:
    path = tmp_path / "power_2024-07.csv"
    path.write_bytes(files.csv(3, header="t,output"))

    done = CliRunner().invoke(app, ["sites", "draft", str(path), "--json"])

    (found,) = json.loads(done.output)
    guesses = [found["timestamp"]["column"], *found["columns"]["power_ac"].values()]
    assert all(each["why"] for each in guesses)
    assert "GUESSED" in found["columns"]["power_ac"]["unit"]["why"]
    assert found["noon"] == pytest.approx(12, abs=0.2)


def test_a_file_without_stamps_is_said_to_be_not_understood(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"a,b\n1,2\n")

    done = CliRunner().invoke(app, ["sites", "draft", str(path)])

    assert "holds a time stamp" in str(done.exception)
