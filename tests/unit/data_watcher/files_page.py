"""One small file for each reason, and what is really said of it; run as a program it writes docs/files.md."""

from __future__ import annotations

import gzip
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from services.data_watcher.adapters.reading import read
from services.data_watcher.domain import admission, transitions
from services.data_watcher.domain.reasons import MASKED, REACH, REFUSED
from services.data_watcher.domain.versions import Fault, Pending, RowSummary, Upload
from shared.active import ActiveSite
from shared.errors import UnreadableFileError
from shared.solar.site import Site
from tests.unit.data_watcher import forecast_files
from tests.unit.data_watcher.plant_files import CAPACITY_W, plant

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs/files.md"
DAY = 1440
HEAD = """\
# Reasons: why files are refused, and rows are left out
Every reason code with a small file that has the fault, what is said of it, and what to do. The examples are
really read: a test compares this page with what the reader says, and `make docs` writes it anew.

To hear this of your own files before you upload them: `solar sites check SITE.yaml --sample FILE`. To see it
of uploaded ones: `solar files --state quarantined`, and `solar files --reasons` for counts.

The plant of the examples has 6 kW and stands at 52.1° N, 5.1° E. Its YAML reads files of this kind:

```yaml
{yaml}```

Its forecasts (`nwp…`) are read by this source:

```yaml
{forecast}```

An example shows what its YAML says differently. `…` stands for more rows of the same kind.
"""
MIDDLE = """
## Rows and values that are left out
The file is accepted; `solar files` counts these reasons, and `solar files --reasons` adds them up. Where one
reason would take more than a tenth of the rows in daylight or with power, the file is refused instead
([too_much_masked](#too_much_masked)).
"""
SOURCE: dict[str, Any] = {
    "name": "power",
    "files": "power*.csv",
    "timestamp": {"column": "time", "step_minutes": 15},
    "columns": {"power_ac": {"column": "power", "unit": "W"}},
}
PLACE: dict[str, Any] = {
    "latitude": 52.1,
    "longitude": 5.1,
    "timezone": "UTC",
    "ac_capacity_kw": CAPACITY_W / 1000,
}
NAMES: dict[str, Any] = {"site_id": "east", "model_id": "fleet"}
NOW = datetime(2024, 7, 1, tzinfo=UTC)
Row = tuple[datetime, float]


@dataclass(frozen=True)
class Example:
    """A file, what its YAML says differently, and the lines that show the fault.

    `shown` names rows of the file, counted from one; without it the file's first rows are shown.
    """

    body: bytes
    source: dict[str, Any] = field(default_factory=dict)
    site: dict[str, Any] = field(default_factory=dict)
    shown: tuple[int, ...] = ()
    key: str = "raw/east/power.csv"

    def configured(self) -> ActiveSite:
        """Return the site by which the file is read."""
        sources = {"sources": [SOURCE | self.source]}
        return ActiveSite.of(Site.model_validate(NAMES | PLACE | self.site | sources))


def csv(rows: list[str], header: str = "time,power") -> bytes:
    return "\n".join([header, *rows, ""]).encode()


def line(moment: datetime, watt: float, *more: object, form: str = "%Y-%m-%d %H:%M") -> str:
    return ",".join([f"{moment:{form}}", f"{watt:.0f}", *map(str, more)])


def healthy(days: int = 3, step: int = 15) -> list[Row]:
    return list(plant(days, step))


def lines(days: int = 3) -> list[str]:
    return [line(*row) for row in healthy(days)]


NOON = 48  # rows after midnight
POWER = SOURCE["columns"]["power_ac"]


def _inverters(third: Callable[[float], object]) -> Example:
    rows = [line(at, watt * 0.4, f"{watt * 0.6:.0f}", third(watt)) for at, watt in healthy()]
    columns = {"power_ac": {"columns": ["inverter *"], "unit": "W"}}
    body = csv(rows, "time,inverter 1,inverter 2,inverter total")
    return Example(body, {"columns": columns}, shown=(NOON, NOON + 1))


def _below(column: str, names: list[str], source: dict[str, Any]) -> Example:
    rows = [
        line(at, watt / (1 + n), name) for n, name in enumerate(names) for at, watt in healthy()
    ]
    return Example(csv(rows, f"time,power,{column}"), source, shown=(NOON, NOON + 288))


def _counter(step: int = 15, digits: int = 2, source: dict[str, Any] | None = None) -> Example:
    total, rows = 1200.0, []
    for at, watt in healthy(step=step):
        rows.append(f"{at:%Y-%m-%d %H:%M},{total:.{digits}f}")
        total += watt / 1000 * step / 60
    column = {"column": "energy", "unit": "kWh"}
    said = {"columns": {"power_ac": column | {"kind": "counter"}}} if source is None else source
    return Example(csv(rows, "time,energy"), said, shown=(NOON, NOON + 1, NOON + 2))


def _second_header() -> Example:
    both = [line(at, watt, f"{watt / 7:.0f}") for at, watt in healthy(2)]
    other = [f"{at:%Y-%m-%d %H:%M},{watt / 7:.0f},{watt:.0f}" for at, watt in healthy(4)[192:]]
    columns = {"power_ac": POWER, "ghi": {"column": "ghi", "unit": "W/m2"}}
    body = csv([*both, "time,ghi,power", *other], "time,power,ghi")
    return Example(body, {"columns": columns}, shown=(1, 192, 193, 194))


def _masked(count: int) -> list[str]:
    """Return rows of which some in daylight hold a word instead of a number."""
    rows = lines()
    for at in range(count):
        rows[NOON + at] = f"{rows[NOON + at].partition(',')[0]},error"
    return rows


def _thousands() -> Example:
    rows = [f'{at:%Y-%m-%d %H:%M},"{watt:,.0f}"' for at, watt in healthy()]
    return Example(csv(rows), {"decimal": ","}, shown=(20, NOON))


def _shifted(hours: int) -> list[str]:
    return [line(at + timedelta(hours=hours), watt) for at, watt in healthy()]


FORECAST = forecast_files.SOURCE | {"files": "nwp*.csv"}
FORECASTS = forecast_files.forecasts()
FORECAST_KEY = "raw/east/nwp_2024-06-01.csv"


def _forecast(
    rows: list[forecast_files.Row] = FORECASTS,
    *,
    body: bytes | None = None,
    shown: tuple[int, ...] = (1, 13),
    **source: Any,
) -> Example:
    """Return a file of forecasts; the numbers in `shown` are hours after the first issue, and one."""
    written = forecast_files.csv(rows) if body is None else body
    return Example(written, FORECAST | source, shown=shown, key=FORECAST_KEY)


def _issued(hours: int) -> list[forecast_files.Row]:
    late = timedelta(hours=hours)
    return [replace(row, issued=row.issued + late) for row in FORECASTS]


def _changed(at: int, **values: Any) -> list[forecast_files.Row]:
    return [replace(row, **values) if n == at else row for n, row in enumerate(FORECASTS)]


def _without(body: bytes, row: int) -> bytes:
    """Return a file without one of its rows, counted from one."""
    return b"\n".join(line for n, line in enumerate(body.split(b"\n")) if n != row)


def _members() -> Example:
    lines = [
        f"{row.issued:%Y-%m-%d %H:%M},{row.begins:%Y-%m-%d %H:%M},{row.ghi:.0f},"
        + ("" if n == NOON_OF_ISSUE else f"{row.ghi:.0f}")
        for n, row in enumerate(FORECASTS)
    ]
    ghi = {"columns": ["m*"], "combine": "mean", "unit": "W/m2"}
    shown = (NOON_OF_ISSUE, NOON_OF_ISSUE + 1)
    return _forecast(body=csv(lines, "run,time,m01,m02"), shown=shown, columns={"ghi": ghi})


def _dark() -> list[forecast_files.Row]:
    rows = forecast_files.forecasts(issues=14, hours=24, every=24)
    return [replace(row, ghi=0.0) if row.begins.day == 2 else row for row in rows]


def _sum_anew() -> bytes:
    """Return sums that begin anew within an hour, of which most is lost."""
    rows = forecast_files.forecasts(clear=0.8)
    noon = rows[NOON_OF_ISSUE]
    rows = [replace(row, ghi=row.ghi / 5) if row is noon else row for row in rows]
    return forecast_files.added_up(rows, anew=lambda row: row.pair == noon.pair)


def _day_rows() -> Example:
    """Return a row for each day, with a column for each of its hours."""
    rows = healthy(7, step=60)
    days = [rows[at : at + 24] for at in range(0, len(rows), 24)]
    lines = [
        ",".join([f"{day[0][0]:%Y-%m-%d}", *(f"{watt:.0f}" for _, watt in day)]) for day in days
    ]
    header = ",".join(["time", *(f"h{hour}" for hour in range(24))])
    column = {"power_ac": {"column": "h12", "unit": "W"}}
    return Example(csv(lines, header), {"timestamp": {"column": "time"}, "columns": column})


def _ending_at_24() -> Example:
    def end(moment: datetime) -> str:
        later = moment + timedelta(minutes=15)
        is_midnight = later.date() > moment.date()
        return f"{moment:%Y-%m-%d} 24:00" if is_midnight else f"{later:%Y-%m-%d %H:%M}"

    return Example(
        csv([f"{end(at)},{watt:.0f}" for at, watt in healthy()]), shown=(1, 2, 95, 96, 97)
    )


NOON_OF_ISSUE = 12  # rows after its first

EXAMPLES: dict[str, Example] = {
    "unknown_site": Example(csv(lines()), key="raw/west/power.csv"),
    "bad_key": Example(csv(lines()), key="raw/power.csv"),
    "no_source": Example(csv(lines()), key="raw/east/report_2024-06.csv"),
    "too_large": Example(
        csv(["2024-06-01 00:00,0" + ",0" * 6000], "time,power," + ",".join(map(str, range(6000)))),
        shown=(99,),
    ),
    "unreadable": Example(
        gzip.compress(csv(lines()), mtime=0)[:-20], shown=(9999,), key="raw/east/power.csv.gz"
    ),
    "empty": Example(csv([])),
    "missing_column": Example(csv(lines(), "time,ac_power")),
    "second_header": _second_header(),
    "day_rows": _day_rows(),
    "no_timestamps": Example(csv([line(*row, form="%d.%m.%Y %H:%M") for row in healthy()])),
    "wrong_label": _ending_at_24(),
    "day_month_swapped": Example(
        csv([line(*row, form="%m/%d/%Y %H:%M") for row in healthy(7)]),
        {"timestamp": SOURCE["timestamp"] | {"format": "%d/%m/%Y %H:%M"}},
        shown=(1, 2, 97, 98),
    ),
    "wrong_step": Example(csv([line(*row) for row in healthy(step=60)])),
    "mixed_rows": _below("sensor", ["roof", "garage"], {}),
    "no_such_series": _below("sensor", ["roof", "garage"], {"where": {"sensor": "Roof"}}),
    "number_format": _thousands(),
    "total_among_columns": _inverters(lambda watt: f"{watt:.0f}"),
    "counter": _counter(source={"columns": {"power_ac": {"column": "energy", "unit": "kWh"}}}),
    "no_counter": Example(
        csv(lines()),
        {"columns": {"power_ac": {"column": "power", "unit": "kWh", "kind": "counter"}}},
        shown=(NOON, NOON + 20, NOON + 24),
    ),
    "coarse_counter": _counter(digits=0),
    "accumulated": _forecast(
        body=forecast_files.added_up(FORECASTS), shown=(1, 13, 14, 24),
        timestamp=forecast_files.ENDS, columns={"ghi": {"column": "ghi", "unit": "J/m2"}}),
    "not_accumulated": _forecast(
        body=forecast_files.csv(FORECASTS, number=lambda row: round(row.ghi * 3600), late=timedelta(hours=1)),
        shown=(13, 14, 15, 16), **forecast_files.ADDED_UP),
    "averaged": _forecast(
        body=forecast_files.averaged(FORECASTS, 6, digits=1), shown=(13, 18, 21, 22, 23, 24),
        timestamp=forecast_files.ENDS),
    "not_averaged": _forecast(
        body=forecast_files.csv(FORECASTS, late=timedelta(hours=1)), shown=(13, 14, 15, 16),
        timestamp=forecast_files.ENDS,
        columns={"ghi": {"column": "ghi", "unit": "W/m2", "kind": "averaged", "every": "6h"}}),
    "unknown_issue": _forecast(issued={"file_name": "nwp_%Y-%m-%d_%H.csv", "timezone": "UTC"}),
    "issued_after_target": _forecast(_issued(60)),
    "wrong_sign": Example(csv([line(at, 4 - watt) for at, watt in healthy()]), shown=(1, NOON, NOON + 1)),
    "net_power": Example(
        csv([line(at, watt - 480) for at, watt in healthy(5)]), shown=(1, NOON, NOON + 1)
    ),
    "power_at_night": Example(
        csv([line(at, 600 + 90 * (at.hour % 7)) for at, _ in healthy()]), shown=(1, NOON, NOON + 1)
    ),
    "wrong_unit": Example(
        csv(lines()), {"columns": {"power_ac": {"column": "power", "unit": "kW"}}}, shown=(NOON, NOON + 1)
    ),
    "wrong_clock": Example(csv(_shifted(6)), shown=(NOON, NOON + 24)),
    "too_much_masked": Example(csv(_masked(40)), shown=(NOON, NOON + 1, NOON + 2)),
    "cannot_be_read": Example(csv(lines())),
}  # fmt: skip


def _edited(at: int, row: str) -> bytes:
    rows = lines()
    rows[at] = row
    return csv(rows)


def _with(at: int, *more: str) -> bytes:
    rows = lines()
    return csv([*rows[: at + 1], *more, *rows[at + 1 :]])


def _counter_that(change: Callable[[list[float]], list[float | None]]) -> Example:
    readings = [1200.0]
    for _, watt in healthy():
        readings.append(readings[-1] + watt / 4000)
    moments = [at for at, _ in healthy()]
    rows = [
        f"{at:%Y-%m-%d %H:%M},{value:.2f}"
        for at, value in zip(moments, change(readings), strict=False)
        if value is not None
    ]
    columns = {"power_ac": {"column": "energy", "unit": "kWh", "kind": "counter"}}
    return Example(csv(rows, "time,energy"), {"columns": columns}, shown=(NOON, NOON + 1, NOON + 2))


def _reset(readings: list[float]) -> list[float | None]:
    return [each if n <= NOON else each - readings[NOON + 1] for n, each in enumerate(readings)]


def _written(rows: dict[int, float], days: int = 3) -> bytes:
    """Return a file with other power in some rows."""
    return csv([line(at, rows.get(n, watt)) for n, (at, watt) in enumerate(healthy(days))])


def _no_light() -> Example:
    off = range(NOON, NOON + 8)
    rows = [
        line(at, watt, f"{0 if n in off else watt / 6.3:.0f}")
        for n, (at, watt) in enumerate(healthy())
    ]
    columns = {"power_ac": POWER, "ghi": {"column": "ghi", "unit": "W/m2"}}
    return Example(
        csv(rows, "time,power,ghi"), {"columns": columns}, shown=(NOON, NOON + 1, NOON + 8)
    )


def _hangs() -> Example:
    rows = [
        line(at, watt, 488 if NOON <= n < NOON + 18 else f"{watt / 6.3:.0f}")
        for n, (at, watt) in enumerate(healthy(7))
    ]
    columns = {"power_ac": POWER, "ghi": {"column": "ghi", "unit": "W/m2"}}
    shown = (NOON, NOON + 1, NOON + 2, NOON + 18)
    return Example(csv(rows, "time,power,ghi"), {"columns": columns}, shown=shown)


def _limited() -> Example:
    rows = {n: 3000 for n, (_, watt) in enumerate(healthy(2)) if n < 96 and watt > 3000}
    first = min(rows)
    return Example(_written(rows), shown=(first - 1, first, first + 1, 96 + NOON))


def _drawn() -> Example:
    ends = [healthy()[n][1] for n in (28, 48)]
    drawn = {n: ends[0] + (n - 28) / 20 * (ends[1] - ends[0]) for n in range(28, 48)}
    return Example(_written(drawn, 7), shown=(30, 31, 32, 33))


def _off() -> Example:
    rows = [
        line(at, watt * 0.4, 0 if 96 <= n < 192 else f"{watt * 0.6:.0f}")
        for n, (at, watt) in enumerate(healthy())
    ]
    columns = {"power_ac": {"columns": ["inverter *"], "unit": "W"}}
    shown = (NOON, 96 + NOON, 96 + NOON + 1)
    return Example(csv(rows, "time,inverter 1,inverter 2"), {"columns": columns}, shown=shown)


MASKING: dict[str, Example] = {
    "sentinel": Example(_edited(NOON, "2024-06-01 12:00,-99"), {"missing": [-99]}, shown=(NOON, NOON + 1)),
    "no_number": Example(_edited(NOON, "2024-06-01 12:00,error"), shown=(NOON, NOON + 1)),
    "out_of_range": Example(_edited(4, "2024-06-01 01:00,-4000"), shown=(4, 5)),
    "inverter_missing": Example(
        csv([line(at, watt * 0.4, "" if n == NOON else f"{watt * 0.6:.0f}")
             for n, (at, watt) in enumerate(healthy())], "time,inverter 1,inverter 2"),
        {"columns": {"power_ac": {"columns": ["inverter *"], "unit": "W"}}}, shown=(NOON, NOON + 1)),
    "inverter_off": _off(),
    "unnamed_sentinel": Example(
        _written({NOON: 9999, NOON + 96: 9999, NOON + 192: 9999}), shown=(NOON, NOON + 1)
    ),
    "dropout": Example(_written({NOON: 0}), shown=(NOON, NOON + 1, NOON + 2)),
    "stuck": _hangs(),
    "held_back": _limited(),
    "outage": Example(
        _written(dict.fromkeys(range(NOON, NOON + 6), 0)), shown=(NOON - 1, NOON, NOON + 1, NOON + 6)
    ),
    "straight_line": _drawn(),
    "dark_sensor": _no_light(),
    "member_missing": _members(),
    "above_any_sky": _forecast(_changed(NOON_OF_ISSUE, ghi=1300.0), shown=(13, 14)),
    "dark_day": _forecast(_dark(), shown=(37, 38)),
    "accumulation_gap": _forecast(
        body=_without(forecast_files.added_up(FORECASTS), 13), shown=(12, 13), **forecast_files.ADDED_UP),
    "accumulation_reset": _forecast(body=_sum_anew(), shown=(12, 13, 14), **forecast_files.ADDED_UP),
    "contradicting_rows": Example(_with(NOON, "2024-06-01 12:00,17"), shown=(NOON + 1, NOON + 2)),
    "cut_off": Example(csv(lines()[: 96 * 2 + NOON + 1])[:-3], shown=(96 * 2 + NOON, 96 * 2 + NOON + 1)),
    "counter_gap": _counter_that(
        lambda all_: [None if NOON < n < NOON + 9 else x for n, x in enumerate(all_)]
    ),
    "counter_reset": _counter_that(_reset),
    "counter_dropout": _counter_that(lambda all_: [0.0 if n == NOON else x for n, x in enumerate(all_)]),
    "ragged_row": Example(_edited(NOON, "2024-06-01 12:00"), shown=(NOON, NOON + 1)),
    "no_name": Example(
        csv([line(at, watt * part, "" if n == NOON and name == "2" else name)
             for n, (at, watt) in enumerate(healthy()) for name, part in (("1", 0.4), ("2", 0.6))],
            "time,power,inverter"),
        {"sum_by": "inverter"}, shown=(2 * NOON + 1, 2 * NOON + 2)),
    "bad_timestamp": Example(_edited(NOON, "2024-06-01 noon,3000"), shown=(NOON, NOON + 1)),
    "no_such_local_time": Example(
        csv([line(at.replace(month=3, day=at.day + 29), watt) for at, watt in healthy(2)]),
        site={"timezone": "Europe/Amsterdam"}, shown=(96 + 8, 96 + 9)),
    "no_issue": _forecast(
        body=forecast_files.csv(FORECASTS).replace(b"2024-06-01 00:00,2024-06-01 12", b",2024-06-01 12"),
        shown=(13, 14)),
    "before_issue": _forecast(_issued(3), shown=(1, 4)),
    "beyond_horizon": _forecast(horizon="24h", shown=(1, 26)),
    "duplicate_stamp": Example(_with(NOON, lines()[NOON]), shown=(NOON + 1, NOON + 2)),
    "snapped": Example(_edited(NOON, "2024-06-01 12:00:41" + lines()[NOON][16:]), shown=(NOON, NOON + 1)),
    "out_of_order": Example(csv([*lines()[:96], *lines()[192:], *lines()[96:192]]), shown=(96, 97)),
}  # fmt: skip


def verdict(code: str, example: Example) -> Fault | RowSummary:
    """Return what the product says of an example."""
    if code == "cannot_be_read":
        return _killed(example)
    site = None if code == "unknown_site" else example.configured()
    admitted = admission.admit(site, example.key, len(example.body))
    if isinstance(admitted, Fault):
        return admitted
    try:
        return read(example.body, example.key, admitted).rows
    except UnreadableFileError as error:
        return Fault(error.code, error.reason, error.remedy)


def _killed(example: Example) -> Fault | RowSummary:
    """Claim a file until the service gives up on it."""
    version: Pending | Fault = Pending(
        upload=Upload("v1", NOW, len(example.body), None), reading="r"
    )
    for attempt in range(transitions.MOST_ATTEMPTS + 1):
        assert isinstance(version, Pending)
        version = transitions.claim(version, NOW + 2 * attempt * transitions.LIFETIME)
    assert isinstance(version, Fault)
    return version


def page() -> str:
    """Return docs/files.md."""
    plant_yaml = yaml.safe_dump(PLACE | {"sources": [SOURCE]}, sort_keys=False)
    forecast = yaml.safe_dump({"sources": [FORECAST]}, sort_keys=False)
    parts = [HEAD.format(yaml=plant_yaml, forecast=forecast), "\n## Files that are refused\n"]
    parts += [_refused(code) for code in REFUSED]
    parts.append(MIDDLE)
    parts += [_left_out(reason) for reason in MASKED]
    return "\n".join(parts)


def _refused(code: str) -> str:
    example = EXAMPLES[code]
    fault = verdict(code, example)
    assert isinstance(fault, Fault), f"the example of {code} is accepted"
    assert fault.code == code, f"the example of {code} is refused as {fault.code}"
    said = [*_quoted("what is said", fault.reason), ">", *_quoted("what to do", fault.remedy)]
    return "\n".join(
        [
            f"### {code}",
            *_folded(_sentence(REFUSED[code])),
            *_reach(code),
            "",
            *_file(example),
            *said,
            "",
        ]
    )


def _reach(code: str) -> Iterator[str]:
    """Yield how far the promise reaches that such a file is refused, as a list."""
    for number, each in enumerate(REACH.get(code, ())):
        if not number:
            yield ""
        yield from textwrap.wrap(_sentence(each), 118, initial_indent="- ", subsequent_indent="  ")


def _left_out(reason: str) -> str:
    example = MASKING[reason]
    rows = verdict(reason, example)
    assert isinstance(rows, RowSummary), f"the example of {reason} is refused: {rows}"
    assert reason in rows.masks, f"the example of {reason} is masked by {dict(rows.masks)}"
    counted = ", ".join(f"{name} {count}" for name, count in rows.masks.items())
    about = MASKED[reason]
    return "\n".join([
        f"### {reason}", *_folded(_sentence(about.what)), "", *_file(example), "",
        f"> *what is said:* {rows.count} rows; {counted}", ">",
        *_quoted("what to do where it takes many rows", about.remedy), "",
    ])  # fmt: skip


def _file(example: Example) -> Iterator[str]:
    base = FORECAST if example.key == FORECAST_KEY else {}
    differs = example.site | {
        name: said for name, said in example.source.items() if said != base.get(name)
    }
    name = example.key
    if name != "raw/east/power.csv":
        yield f"`{name}`"
        yield ""
    if differs:
        yield from ["```yaml", *yaml.safe_dump(differs, sort_keys=False).splitlines(), "```"]
    rows = example.body.decode("utf-8", errors="replace").splitlines()
    shown = [each for each in example.shown or (1, 2) if each < len(rows)]
    if example.shown and not shown:
        return
    yield "```"
    yield rows[0]
    before = 0
    for each in shown:
        if each > before + 1:
            yield "…"
        yield rows[each]
        before = each
    if before + 1 < len(rows):
        yield "…"
    yield "```"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _folded(text: str) -> list[str]:
    return textwrap.wrap(text, 120, break_long_words=False, break_on_hyphens=False)


def _quoted(title: str, text: str) -> list[str]:
    said = _folded(f"*{title}:* {text}".replace("<", "&lt;"))
    return [f"> {each}" for each in said]


if __name__ == "__main__":
    PAGE.write_text(page())
