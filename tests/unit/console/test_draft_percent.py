"""Power in percent of the capacity: a draft scales it by the capacity, or says what is to be done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from services.data_watcher.adapters.reading import read
from services.data_watcher.domain import validation
from shared.errors import InvalidConfigError, UnreadableFileError
from shared.solar.site import Site
from tests.corpus.files import power, quarters
from tests.unit.console.test_draft_ends import values
from tests.unit.console.test_draft_samples import KEY, PLACE, draft, said, site, written

JUNE = datetime(2024, 6, 27)  # noqa: DTZ001 - a plant's clock
MOMENTS = quarters(96 * 4, JUNE)
OPTIONS = (*PLACE, "--ac-capacity-kw", "500")


def percent(
    folder: Path,
    header: str,
    cell: Callable[[float], str] = str,
    more: str = "",
    name: str = "p.csv",
) -> Path:
    rows = [f"{each:%Y-%m-%d %H:%M},{cell(power(each, 95))}{more}" for each in MOMENTS]
    return written(folder, name, [header, *rows])


def expected(of: float = 500.0) -> dict[datetime, float]:
    return {each: pytest.approx(power(each, 95) / 100 * of, abs=0.01) for each in MOMENTS}


@pytest.mark.parametrize(
    "header", ["Power (%)", "Power [%]", "P_AC %", "Output percent", "Leistung Prozent"]
)
def test_percent_of_the_capacity_is_scaled_by_it(tmp_path: Path, header: str) -> None:
    path = percent(tmp_path, f"time,{header}")

    found = site(path, options=OPTIONS)

    column = found.sources[0].columns["power_ac"]
    assert (column.column, column.unit, column.scale) == (header, "kW", 5.0)
    assert values(path, found) == expected()
    assert "GUESSED" in said(path, options=OPTIONS).partition("scale:")[0].rpartition("unit:")[2]


def test_fractions_called_percent_are_scaled_as_such(tmp_path: Path) -> None:
    path = percent(tmp_path, "time,Power (%)", lambda each: f"{each / 100:.5f}")

    found = site(path, options=OPTIONS)

    assert found.sources[0].columns["power_ac"].scale == 500.0
    assert values(path, found) == expected()


def test_without_the_capacity_percent_is_a_question_whose_answer_works(tmp_path: Path) -> None:
    path = percent(tmp_path, "time,Power (%)")

    done = draft(path)

    assert done.exit_code != 0
    assert "give the capacity that 100 % is with --ac-capacity-kw" in str(done.exception)


def test_power_in_kw_is_taken_before_percent(tmp_path: Path) -> None:
    rows = [f"{each:%Y-%m-%d %H:%M},{power(each, 95)},{power(each, 450)}" for each in MOMENTS]
    path = written(tmp_path, "p.csv", ["time,Power (%),Power (kW)", *rows])

    column = site(path, options=OPTIONS).sources[0].columns["power_ac"]

    assert (column.column, column.unit, column.scale) == ("Power (kW)", "kW", 1.0)


def test_percent_beside_weather_does_not_hide_the_weather(tmp_path: Path) -> None:
    path = percent(tmp_path, "time,Power (%),T_amb (C)", more=",20.5")

    text = said(path)

    assert "temp_air:" in text
    assert "power_ac:" not in text
    assert "'Power (%)' holds percent; if it is power, give the capacity" in text


def test_humidity_in_percent_stays_what_it_is(tmp_path: Path) -> None:
    rows = [f"{each:%Y-%m-%d %H:%M},{power(each, 450)},{60 + each.hour}" for each in MOMENTS]
    for name in ("Humidity (%)", "RH percent"):
        path = written(tmp_path, "p.csv", [f"time,Power (kW),{name}", *rows])
        columns = site(path, options=OPTIONS).sources[0].columns
        humidity = columns["relative_humidity"]
        assert (humidity.column, humidity.unit, humidity.scale) == (name, "%", 1.0)


# --- the reader ---------------------------------------------------------------------------------------------


def described(unit: str, more: str = "") -> Site:
    found = validation.read(KEY, yaml(unit, more))
    assert isinstance(found, Site)
    return found


def yaml(unit: str, more: str = "") -> bytes:
    return f"""site_id: my-site
model_id: m
latitude: 50
longitude: 13.4
timezone: "+01:00"
ac_capacity_kw: 500
sources:
  - name: power
    timestamp: {{column: time, step_minutes: 15}}
    columns:
      power_ac: {{column: "Power (%)", unit: "{unit}"{more}}}
""".encode()


def test_percent_as_a_unit_is_refused_with_a_scale_that_works(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfigError) as caught:
        validation.read(KEY, yaml("%"))
    assert "for percent of the capacity of 500 kW say unit: kW and scale: 5" in str(caught.value)

    path = percent(tmp_path, "time,Power (%)")
    found = described("kW", ", scale: 5")
    assert values(path, found) == expected()


def test_percent_read_as_kw_is_refused_with_a_scale_that_works(tmp_path: Path) -> None:
    path = percent(tmp_path, "time,Power (%)")
    with pytest.raises(UnreadableFileError) as caught:
        read(path.read_bytes(), "raw/my-site/p.csv", described("kW"))
    assert caught.value.code == "wrong_unit"
    assert "say unit: kW and scale: 5 for power_ac" in caught.value.remedy


def test_cells_with_the_sign_are_refused_with_a_remedy_that_works(tmp_path: Path) -> None:
    path = percent(tmp_path, "time,Power (%)", "{} %".format)
    with pytest.raises(UnreadableFileError) as caught:
        read(path.read_bytes(), "raw/my-site/p.csv", described("kW", ", scale: 5"))
    assert (caught.value.code, "'0.0 %'" in caught.value.reason) == ("wrong_unit", True)
    assert "numbers without the sign" in caught.value.remedy

    for sign in ("{}%", "{} %"):
        drafted = draft(percent(tmp_path, "time,Power", sign.format), options=OPTIONS)
        assert drafted.exit_code != 0
        assert "the numbers without the sign below a header like Power (%)" in str(
            drafted.exception
        )


def test_cells_with_a_unit_of_power_are_read_as_before(tmp_path: Path) -> None:
    rows = [f"{each:%Y-%m-%d %H:%M},{power(each, 475)} kW" for each in MOMENTS]
    path = written(tmp_path, "p.csv", ["time,Power (%)", *rows])
    assert values(path, described("kW")) == expected()
