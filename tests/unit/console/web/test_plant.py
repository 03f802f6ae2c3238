"""A site's page: what does not count is shaded and said, files are bars; weather, and the YAML's history."""

from __future__ import annotations

import html
import io
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from console.client import measurements
from console.web import strips
from console.web.charts import Chart, in_utc
from shared import layout
from tests.unit.console.web import world as worlds
from tests.unit.console.web.world import RUN, Browser, Kept, World, browser, file, world

__all__ = ["browser", "world"]  # the fixtures

BEGIN = datetime(2026, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
WEEK = "/sites/east?from=2026-06-01&to=2026-06-08"
YEAR = "/sites/east?from=2025-06-08&to=2026-06-08"


def put(
    world: World, name: str, begin: datetime, hours: int = 24, **columns: float
) -> dict[str, Any]:
    """Keep a canonical file of hourly rows, and return it as the ledger has it."""
    times = [begin + HOUR * number for number in range(hours)]
    table = {"timestamp": pa.array(times, pa.timestamp("us", "UTC"))}
    sink = io.BytesIO()
    pq.write_table(pa.table(table | {key: [value] * hours for key, value in columns.items()}), sink)
    world.clients["s3"].kept[f"canonical/east/{name}.parquet"] = sink.getvalue()
    return file(
        f"raw/east/{name}.csv",
        "accepted",
        canonical_uri=f"s3://bucket/canonical/east/{name}.parquet",
        window_start=begin.isoformat(),
        window_end=(begin + hours * HOUR).isoformat(),
    )


def serve(world: World, *files: dict[str, Any]) -> None:
    world.answers["data_watcher", "files"] = lambda asked: {
        "files": [each for each in files if asked.get("state") in {None, each["state"]}],
        "next": None,
    }


def charts(text: str) -> list[dict[str, Any]]:
    return [json.loads(html.unescape(each)) for each in re.findall(r'data-chart="([^"]*)"', text)]


def lines(chart: dict[str, Any]) -> dict[str, list[float]]:
    return {each["name"]: each["y"] for each in chart["traces"]}


def test_weather_is_a_chart_for_each_unit_over_the_same_time_as_the_power(
    world: World, browser: Browser
) -> None:
    serve(world, put(world, "all", BEGIN, power_ac=2.0, ghi=500.0, temp_air=20.0, temp_module=30.0))
    power, light, warmth = charts(browser.get(WEEK).text)
    assert lines(power) == {"measured": [2.0] * 24}
    assert lines(light) == {"global horizontal": [500.0] * 24}
    assert lines(warmth) == {"air": [20.0] * 24, "modules": [30.0] * 24}
    assert power["span"] == light["span"] == ["2026-06-01T00:00:00Z", "2026-06-08T00:00:00Z"]
    assert all(each["zooms"] for each in (power, light, warmth))


def test_of_a_long_time_weather_is_each_days_mean_and_power_without_a_score_its_energy(
    world: World, browser: Browser
) -> None:
    midnight = BEGIN + 22 * HOUR  # of June 2nd in Berlin
    serve(world, put(world, "all", midnight, 48, power_ac=2.0, ghi=500.0))
    energy, light = charts(browser.get(YEAR).text)
    days = {each["name"]: each["x"] for each in energy["traces"]}
    assert days["measured, without a score"] == ["2026-06-02", "2026-06-03"]
    assert lines(energy)["measured, without a score"] == [48.0, 48.0]
    assert days["measured"] == ["2026-06-01"], "which was scored"
    assert light["traces"][0]["x"] == ["2026-06-02", "2026-06-03"]


def test_of_a_time_the_later_upload_counts(world: World) -> None:
    first = put(world, "first", BEGIN, power_ac=1.0)
    later = put(world, "later", BEGIN, 1, power_ac=9.0) | {"uploaded_at": "2026-07-01"}
    found = measurements.power(world, [later, first], BEGIN, BEGIN + 2 * HOUR)
    assert [value for _, value in found] == [9.0, 1.0]


def test_what_does_not_count_is_shaded_and_in_a_table_with_its_reason_and_whose_it_is(
    world: World, browser: Browser
) -> None:
    kept = world.clients["s3"].kept
    stretch = {
        "start": "2026-06-02T10:00:00Z",
        "end": "2026-06-02T12:00:00Z",
        "reason": "outage",
        "rows": 8,
    }
    said = {"site_id": "east", "dataset_id": "d", "stretches": [stretch]}
    kept[layout.masked_stretches(RUN, "east")] = json.dumps(said).encode()
    out = {
        "start": "2026-06-03T02:00:00+02:00",
        "end": "2026-06-04T02:00:00+02:00",
        "reason": "<b>swapped</b>",
        "excluded_by": "ben",
    }
    said = {"site_id": "east", "exclusions": [out]}
    kept[layout.active_exclusions("east")] = json.dumps(said).encode()
    covers = {
        "window_start": "2026-06-05T00:00:00+00:00",
        "window_end": "2026-06-06T00:00:00+00:00",
    }
    serve(
        world,
        put(world, "power", BEGIN, power_ac=1.0),
        file("raw/east/kw.csv", "quarantined", reason="in W", **covers),
        file("raw/east/html.csv", "quarantined", reason="this is HTML"),
    )
    text = browser.get(WEEK).text
    shaded = [(each["role"], each["x0"], each["label"]) for each in charts(text)[0]["shapes"]]
    assert shaded == [
        (
            "masked",
            "2026-06-02T10:00:00Z",
            "masked: outage: next to no power for an hour or more at high sun",
        ),
        ("excluded", "2026-06-03T00:00:00Z", "excluded: <b>swapped</b>"),
        ("refused", "2026-06-05T00:00:00Z", "refused: in W"),
    ]
    table = text[text.index('aria-label="What does not count"') : text.index("Day by day")]
    for each in ("2026-06-02 10:00", "next to no power", "&lt;b&gt;swapped", "ben", "kw.csv"):
        assert each in table
    assert "its stamps cannot be read" in table
    assert f"/runs/{RUN}?model=golden" in table


def test_where_all_counts_that_is_said(world: World, browser: Browser) -> None:
    serve(world, put(world, "power", BEGIN, power_ac=1.0))
    text = browser.get(WEEK).text
    assert "could not be read" not in text
    assert "All of this time counts" in text
    assert "No run has said yet which rows its checks masked" in text


def test_each_file_is_a_bar_that_leads_to_it_and_none_covers_another(
    world: World, browser: Browser
) -> None:
    day = 24 * HOUR
    files = [
        put(world, "a", BEGIN, 48, power_ac=1.0),
        put(world, "b", BEGIN + day, 24, ghi=1.0),
        put(world, "c", BEGIN + 2 * day, 24, power_ac=1.0)
        | {"state": "quarantined", "reason": "in W"},
    ]
    strip = strips.of_files(files, BEGIN, BEGIN + 4 * day)
    assert [(each.x, each.width, each.y) for each in strip.bars] == [
        (0.0, 500.0, 0),
        (250.0, 250.0, 16),
        (500.0, 250.0, 0),
    ]
    assert (strip.height, strip.left_out) == (32, 0)
    serve(world, *files)
    text = browser.get(WEEK).text
    assert (
        '<a href="/file?key=raw%2Feast%2Fc.csv" aria-label="c.csv, quarantined, 2026-06-03' in text
    )
    assert '<rect class="quarantined"' in text


def test_files_that_overlap_too_much_are_counted_and_one_of_a_minute_is_seen(world: World) -> None:
    files = [
        put(world, f"f{number}", BEGIN, 1, power_ac=1.0) for number in range(strips.MOST_LANES + 2)
    ]
    strip = strips.of_files(files, BEGIN, BEGIN + timedelta(days=3650))
    assert (len(strip.bars), strip.left_out) == (strips.MOST_LANES, 2)
    assert {each.width for each in strip.bars} == {strips.LEAST}


def test_years_are_asked_for_piece_by_piece(world: World, browser: Browser) -> None:
    asked: list[tuple[str, str]] = []

    def card(question: dict[str, Any]) -> dict[str, Any]:
        asked.append((question["first"], question["last"]))
        assert question["days"] <= 400
        return {"lines": [worlds.LINE], "total": [], "left_out": 0}

    world.answers["deployer", "scorecard"] = card
    browser.get("/sites/east?from=2023-01-01&to=2026-01-01")
    assert [first for first, _ in asked] == ["2023-01-01", "2024-02-03", "2025-03-07"]
    assert asked[-1][1] == "2026-01-01"


def test_the_yaml_says_since_when_by_whom_and_how_two_of_them_differ(
    world: World, browser: Browser
) -> None:
    s3, active, stated = world.clients["s3"], layout.active_site("east"), layout.site_config("east")
    for number, capacity in enumerate((5, 6), start=1):
        config = {"ac_capacity_kw": capacity, "config_version": f"0123456789a{number}"}
        since = BEGIN + number * HOUR
        s3.versions[stated, f"u{number}"] = Kept(
            f"ac_capacity_kw: {capacity} # <b>\n".encode(), since, {layout.BY: f"ann{number}"}
        )
        s3.versions[active, f"a{number}"] = Kept(
            json.dumps(config).encode(), since, {layout.UPLOAD: f"u{number}"}
        )
    text = browser.get(WEEK).text
    table = text[text.index('aria-label="Its YAML before"') :]
    assert table.index("ann2") < table.index("ann1"), "the newest first"
    assert "2026-06-01 02:00" in table
    text = browser.get("/sites/east/history?first=1&second=2").text
    assert (
        "<del>-ac_capacity_kw: 5 # &lt;b&gt;</del><ins>+ac_capacity_kw: 6 # &lt;b&gt;</ins>" in text
    )
    assert "no version 9" in browser.get("/sites/east/history?first=9&second=2").text


def test_a_dismissed_file_is_marked_and_comes_after_those_that_are_open(
    world: World, browser: Browser
) -> None:
    settled = file("raw/east/a.csv", "quarantined", reason="in W", dismissed="by ann: a test")
    still_open = file("raw/east/b.csv", "quarantined", reason="in W")
    serve(world, settled, still_open)
    text = browser.get(WEEK).text
    table = text[text.index('aria-label="Refused, of any time"') :].partition("</table>")[0]
    assert table.index("b.csv") < table.index("a.csv")
    assert '<span class="state dismissed">dismissed</span>' in table
    assert table.count('<span class="state quarantined">') == 1


def test_a_chart_says_by_whose_clock_its_times_are(world: World, browser: Browser) -> None:
    serve(world, put(world, "all", BEGIN, power_ac=2.0, ghi=500.0))
    text = browser.get(WEEK).text
    assert "Measured and predicted power [kW], times in UTC<" in text
    assert "Irradiance [W/m²], times in UTC<" in text
    assert "days of the site&#39;s clock, Europe/Berlin<" in browser.get(YEAR).text


def test_figures_have_plain_names_and_units(world: World, browser: Browser) -> None:
    serve(world, put(world, "all", BEGIN, power_ac=2.0, ghi=500.0, temp_air=20.0))
    text = browser.get(WEEK).text
    for heading in ("time (UTC)", "measured [kW]", "global horizontal [W/m²]", "air [°C]"):
        assert f'<th scope="col">{heading}</th>' in text


def test_figures_of_days_are_days_also_beside_a_gap() -> None:
    chart = Chart("energy", "kWh")
    days = [f"2026-06-{day:02}" for day in (1, 2, 3, 9, 10)]
    chart.line("measured", [(day, 1.0) for day in days], "measured")
    assert [row[0] for row in chart.rows] == days
    assert {len(each) for each in chart.traces[0]["x"]} == {10}


def test_the_strip_of_days_has_a_legend_and_its_first_and_last_day(browser: Browser) -> None:
    text = browser.get(WEEK).text
    key = text[text.index('class="key"') :]
    assert "2026-06-01 to 2026-06-01" in key
    assert "no power, no weather or an outage" in key


def test_a_site_without_data_says_how_they_come_and_not_that_all_counts(
    world: World, browser: Browser
) -> None:
    world.answers["data_watcher", "sites"] = {"sites": [worlds.site("new", last_upload_at=None)]}
    serve(world)
    text = browser.get("/sites/new").text
    assert "Nothing came yet. <code>solar upload new FILE…</code>" in text
    assert "All of this time counts" not in text
    assert "No file has rows of this time." in text


def test_the_only_version_of_a_yaml_is_compared_with_nothing(
    world: World, browser: Browser
) -> None:
    config = json.dumps({"ac_capacity_kw": 5, "config_version": "0123456789a1"}).encode()
    world.clients["s3"].versions[layout.active_site("east"), "a1"] = Kept(config, BEGIN)
    text = browser.get("/sites/east/history").text
    assert "There is only one version, in force since 2026-06-01 00:00" in text
    assert "They say the same" not in text
    answer = browser.get("/sites/east/history?first=1&second=2")
    assert answer.status == 404
    assert "no version 2 of this configuration; there are 1" in answer.text


@pytest.mark.parametrize(
    ("moment", "utc"),
    [
        ("2026-06-01", "2026-06-01"),
        ("2026-06-01T02:00:00+02:00", "2026-06-01T00:00:00Z"),
        ("2026-06-01T00:00:00Z", "2026-06-01T00:00:00Z"),
    ],
)
def test_what_is_drawn_is_in_utc(moment: str, utc: str) -> None:
    assert in_utc(moment) == utc


def test_a_site_whose_model_does_not_serve_yet_shows_the_last_week_of_what_waits(
    world: World, browser: Browser
) -> None:
    waits = [
        {"file_id": f"canonical/east/{n}.parquet", "since": "2026-11-29T16:00:00+00:00"}
        | {"reason": "no version serves yet", "window_start": None, "window_end": end}
        for n, end in enumerate(["2024-12-31T00:00:00+00:00", "2024-03-01T00:00:00+00:00", None])
    ]
    world.answers["deployer", "predictions"] = {"predictions": [], "waiting": waits}
    text = browser.get("/sites/east").text
    assert 'value="2024-12-24 00:00"' in text
    assert 'value="2024-12-31 00:00"' in text
