"""A site: where a plant stands, how large it is, which model it belongs to and how its files read.

This is the schema of `config/sites/<site_id>.yaml`.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Annotated, Literal

from pydantic import (
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from shared.messages import Name
from shared.solar.issued import IssueFormat, Span
from shared.solar.stamp_format import halves, is_counted
from shared.solar.zones import Zone
from shared.solar.zones import tzinfo_of as tzinfo_of  # noqa: PLC0414 - a site's zone, read with the site
from shared.strict import Strict

POWER = "power_ac"
FORECAST_PREFIX = "forecast_"
_HOUR_ENDING = re.compile(r"\bHE ?%H")
_HOUR_AS_NUMBER = (" %H", " %H%M", " %H%M%S")  # behind a date: 1 to 24, or 830

# Canonical columns, their unit, and every unit that a file may use for them.
CANONICAL_UNITS: dict[str, str] = {
    "power_ac": "kW",
    "ghi": "W/m2",
    "dni": "W/m2",
    "dhi": "W/m2",
    "poa_global": "W/m2",
    "temp_air": "C",
    "temp_module": "C",
    "wind_speed": "m/s",
    "relative_humidity": "%",
    "pressure": "hPa",
}


def canonical_unit(column: str) -> str | None:
    """Return the unit of a canonical column, forecasts included, or None for no canonical column."""
    return CANONICAL_UNITS.get(column.removeprefix(FORECAST_PREFIX))


def _named(said: object) -> object:
    some = said if isinstance(said, list | tuple) else [said]
    if not some or not all(isinstance(each, str) for each in some):
        message = "input should be the name of a column, or a list of names"
        raise ValueError(message)
    return said


# Of a column; blanks around it are of no file's header, as it is read.
ColumnName = Annotated[str, StringConstraints(strip_whitespace=True)]
Names = Annotated[ColumnName | tuple[ColumnName, ...], BeforeValidator(_named)]


class TimestampFormat(Strict):
    """How a file writes its time stamps."""

    column: Names = Field(
        description="Name of the column, or a list of names: [Year, Month, Day], [Year, DOY]."
    )
    time_column: Names | None = Field(
        default=None,
        description="Column of the time of day, where `column` holds only the date; or a list: "
        "[Hour, Minute].",
    )
    interval_column: ColumnName | None = Field(
        default=None,
        description="Column that counts the intervals of the stamp's hour (1 to 4), or of its day (1 to 48) "
        "where the stamp is a date.",
    )
    format: str | None = Field(
        default=None,
        description="strptime format; without it ISO 8601 is expected. Of several columns: of all, "
        "joined by a space, like %Y %j %H%M. Of stamps that name an interval's beginning and end, both: "
        "%d.%m.%Y %H:%M - %d.%m.%Y %H:%M, or %d.%m.%Y %H:%M-%H:%M. excel: days since 1899-12-30, 44197.25. "
        "local_since_1970: seconds since 1970, or parts of them, as a clock in the stated zone counts them; "
        "without it they are UTC.",
    )
    timezone: Zone | None = Field(
        default=None, description="Zone of stamps without offset; the site's zone where absent."
    )
    label: Literal["left", "center", "right", "end"] = Field(
        default="left",
        description="What a stamp names: the interval's beginning (left), its end (right), or its middle "
        "(center), as with values of a moment that satellites give every half-hour. end: the date is that of "
        "the beginning and the time that of the end, so that 00:00 belongs to the day after.",
    )
    step_minutes: Annotated[int, Field(gt=0, le=1440)] | None = Field(
        default=None,
        description="Length of an interval [min]; needed to move labels to the left. A forecast may leave it "
        "out: the stamps of each issue show it, also where later leads are coarser.",
    )

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of all columns that make up a stamp, in their order."""
        return (*_names(self.column), *_names(self.time_column))

    @property
    def is_counted(self) -> bool:
        """Whether columns hold numbers, like a year, or 830 for 8:30, instead of a date and a time of day."""
        form = self.format
        if form is None or len(self.names) == 1 or halves(form) is not None or not is_counted(form):
            return False
        apart = not isinstance(self.column, str) or not isinstance(self.time_column, str)
        return apart or form.endswith(_HOUR_AS_NUMBER) or _HOUR_ENDING.search(form) is not None

    @model_validator(mode="after")
    def _parts_need_a_format(self) -> TimestampFormat:
        if self.format is None and not (
            isinstance(self.column, str) and not isinstance(self.time_column, tuple)
        ):
            message = f"several columns ({', '.join(self.names)}) need format, like %Y %m %d %H %M"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _an_hour_ending_ends(self) -> TimestampFormat:
        if _HOUR_ENDING.search(self.format or "") and "label" not in self.model_fields_set:
            message = (
                "HE is the hour ending, so a stamp is the end of an interval; say label: right"
            )
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _half_a_step_is_on_the_grid(self) -> TimestampFormat:
        if self.label == "center" and self.step_minutes is not None and self.step_minutes % 30:
            message = "label: center is for steps of whole half-hours; half of another one is no quarter-hour"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _an_interval_begins_where_it_says(self) -> TimestampFormat:
        if halves(self.format) is not None and self.label in {"center", "end"}:
            message = (
                f"the format names the beginning and the end of an interval, so label: {self.label} cannot "
                "be; leave label out"
            )
            raise ValueError(message)
        return self


def _names(column: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return (column,) if isinstance(column, str) else column or ()


class ColumnFormat(Strict):
    """Which column of a file holds a canonical quantity, or which columns add up to it, and in which unit."""

    column: ColumnName | None = None
    columns: tuple[ColumnName, ...] = Field(
        default=(),
        description="Names or globs (INV*) of columns, one per inverter, sensor or interval, instead of "
        "`column`.",
    )
    combine: Literal["sum", "mean", "in_turn"] = Field(
        default="sum",
        description="What the columns together mean; a row that lacks one is masked. in_turn: each holds an "
        "interval, which follow each other from the row's stamp on, like [Q1, Q2, Q3, Q4] of an hour.",
    )
    unit: str
    scale: float = 1.0
    kind: Literal["value", "counter", "accumulated", "averaged"] = Field(
        default="value",
        description="counter: the column counts energy, since ever or since midnight; what it grows by in an "
        "interval is that interval's energy. The unit is one of energy (kWh). accumulated, in forecasts: the "
        "column adds up irradiance since the issue (J/m2), or since it began anew. averaged, in forecasts: "
        "the column is the mean irradiance since the issue (W/m2), or since a mark (every).",
    )
    every: Span | None = Field(
        default=None,
        description="With kind: averaged, the span of lead after which the mean begins anew, like 6h.",
    )
    missing: tuple[float | str, ...] = Field(
        default=(), description="Values of this column that mean 'no measurement'."
    )

    @model_validator(mode="after")
    def _names_one_or_several(self) -> ColumnFormat:
        if (self.column is None) == (not self.columns):
            message = "name either column, or columns (a list)"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _a_mean_begins_anew(self) -> ColumnFormat:
        if self.every is not None and self.kind != "averaged":
            message = (
                "every is for kind: averaged; it says after which span of lead the mean begins anew"
            )
            raise ValueError(message)
        return self


class SourceFormat(Strict):
    """How the files of one source read."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,32}$")]
    kind: Literal["measured", "forecast"] = Field(
        default="measured",
        description="forecast: weather that somebody predicted; its columns become forecast_ghi and so on.",
    )
    provider: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,32}$")] | None = Field(
        default=None, description="Who made the forecast; the source's name where absent."
    )
    issued: IssueFormat | None = Field(
        default=None, description="When a forecast was issued; it must be said."
    )
    horizon: Span | None = Field(
        default=None, description="Rows that reach farther are left out, like 48h."
    )
    in_files_of: str | None = Field(
        default=None,
        description="For forecasts: the source whose files hold these columns, too. Each of them is uploaded "
        "a second time, with this source's name and an underscore before its own; solar upload does so.",
    )
    files: Annotated[str, Field(description="Glob on the file's name, e.g. *power*.csv.")] = "*"
    format: Literal["csv", "parquet", "xlsx", "json"] = "csv"
    records: str | None = Field(
        default=None,
        description="With format: json, the path to the list of records, e.g. data.values or homes[0].nodes; "
        "without it the only list there is. One record a line is read, too, and, as columns time and value, "
        "pairs of a time and a value, and values whose names are their times, or the seconds since a start "
        "beside them. Series with labels are rows below each other (where, sum_by: metric.inverter). A star "
        "is any name, which the column series holds: Body.Data.*.Data.Energy.Values with sum_by: series.",
    )
    sheet: str | None = Field(
        default=None, description="Name of the XLSX sheet; all that have the columns where absent."
    )
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    decimal: Literal[".", ","] | None = Field(
        default=None,
        description="Decimal sign; without it each column decides as a whole, and one that fits both ways "
        "is refused.",
    )
    thousands: Literal[",", ".", " ", "'"] | None = Field(
        default=None,
        description="Separator of thousands; without it each column decides as a whole.",
    )
    where: dict[
        ColumnName, str | float | Annotated[tuple[str | float, ...], Field(min_length=1)]
    ] = Field(
        default={},
        description="Only rows with these values are read, {column: value} or {column: [value, value]}: one "
        "sensor or plant of a file that holds several below each other, or some that sum_by adds up.",
    )
    sum_by: ColumnName | None = Field(
        default=None,
        description="Column that names a row's inverter, where inverters are below each other: power is "
        "added up over them, other quantities are averaged.",
    )
    timestamp: TimestampFormat
    columns: Annotated[dict[str, ColumnFormat], Field(min_length=1)]
    missing: tuple[float | str, ...] = Field(
        default=(), description="Values that mean 'no measurement', besides empty cells."
    )

    @property
    def decimal_sign(self) -> str | None:
        """Return the decimal sign as stated, or as the separator of thousands leaves it."""
        return "," if self.decimal is None and self.thousands == "." else self.decimal

    @property
    def is_forecast(self) -> bool:
        """Whether its files hold what somebody predicted."""
        return self.kind == "forecast"

    @property
    def made_by(self) -> str:
        """Return who makes its forecasts; '' for what was measured."""
        return (self.provider or self.name) if self.is_forecast else ""

    def second_name(self, name: str) -> str:
        """Return the name under which a file of another source brings its forecasts."""
        return f"{self.name}_{name}"

    @property
    def canonical_columns(self) -> tuple[str, ...]:
        """Return the canonical names of its columns."""
        prefix = FORECAST_PREFIX if self.is_forecast else ""
        return tuple(prefix + name for name in self.columns)

    @property
    def issue_names(self) -> tuple[str, ...]:
        """Return the name of the column that says when a row was issued, where there is one."""
        return (self.issued.column,) if self.issued and self.issued.column else ()

    @property
    def series_names(self) -> tuple[str, ...]:
        """Return the names of the columns that say which sensor, inverter or interval a row is of."""
        return (*self.where, *filter(None, (self.sum_by, self.timestamp.interval_column)))

    @property
    def is_in_turn(self) -> bool:
        """Whether a row holds several intervals, each in a column of its own."""
        return any(each.combine == "in_turn" for each in self.columns.values())

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Return the names of all columns that its files must have; those with a pattern come extra.

        Found once for all files: `model_copy` with other columns would keep the old names.
        """
        plain = (each.column for each in self.columns.values() if each.column is not None)
        return (*self.timestamp.names, *self.issue_names, *self.series_names, *plain)

    @cached_property
    def patterns(self) -> tuple[str, ...]:
        """Return the patterns of which each must fit a column of its files."""
        return tuple(each for column in self.columns.values() for each in column.columns)

    @field_validator("timestamp")
    @classmethod
    def _moved_label_needs_a_step(
        cls, stamp: TimestampFormat, said: ValidationInfo
    ) -> TimestampFormat:
        is_measured = said.data.get("kind", "measured") == "measured"
        is_said = stamp.step_minutes is not None or halves(stamp.format) is not None
        if is_measured and stamp.label != "left" and not is_said:
            message = f"label: {stamp.label} needs step_minutes, the length of an interval"
            raise ValueError(message)
        return stamp

    @model_validator(mode="after")
    def _is_measured_or_forecast(self) -> SourceFormat:
        fault = _fault_of_forecast(self) if self.is_forecast else _fault_of_measured(self)
        if fault:
            raise ValueError(fault)
        return self

    @model_validator(mode="after")
    def _intervals_within_a_stamp_have_a_length(self) -> SourceFormat:
        fault = _fault_of_intervals(self)
        if fault:
            raise ValueError(fault)
        return self

    @model_validator(mode="after")
    def _one_mark_is_not_two_things(self) -> SourceFormat:
        if self.decimal is not None and self.decimal == self.thousands:
            message = (
                f"decimal and thousands are both {self.decimal!r}; one of them is another sign"
            )
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _a_reading_of_a_counter_is_no_middle(self) -> SourceFormat:
        counters = [name for name, each in self.columns.items() if each.kind == "counter"]
        if counters and self.timestamp.label == "center":
            message = (
                f"{counters[0]} is a counter, which is read at the beginning (label: left) or at the end "
                "(label: right) of an interval, not in its middle"
            )
            raise ValueError(message)
        named = "label" in self.timestamp.model_fields_set
        if counters and not named and halves(self.timestamp.format) is not None:
            message = (
                f"{counters[0]} is a counter, and the stamps name the beginning and the end of an interval; "
                "say when it was read: label: right (at the end), or label: left (at the beginning)"
            )
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _columns_are_canonical(self) -> SourceFormat:
        for name in self.columns:
            if canonical_unit(name) is None:
                known = ", ".join(CANONICAL_UNITS)
                message = (
                    f"{name!r} is no canonical column; use one of {known}, or forecast_ before one"
                )
                raise ValueError(message)
        return self


def _fault_of_intervals(source: SourceFormat) -> str | None:
    """Say what is wrong with how a source numbers the intervals of an hour or a day."""
    stamp, kinds = source.timestamp, {each.combine for each in source.columns.values()}
    if stamp.interval_column is None and not source.is_in_turn:
        return None
    said = "combine: in_turn" if source.is_in_turn else "interval_column"
    if source.is_forecast:
        return f"{said} is for what was measured"
    if source.is_in_turn and (len(kinds) > 1 or stamp.interval_column is not None):
        return "combine: in_turn holds for all columns of a source, and needs no interval_column"
    if stamp.step_minutes is None or stamp.label in {"center", "end"}:
        return f"{said} needs step_minutes, the length of one interval, and label: left or right"
    counters = [name for name, each in source.columns.items() if each.kind == "counter"]
    return f"{counters[0]} is a counter, and {said} is for intervals" if counters else None


def _fault_of_measured(source: SourceFormat) -> str | None:
    of_forecasts = ("provider", "issued", "horizon", "in_files_of")
    said = [name for name in of_forecasts if getattr(source, name) is not None]
    if said:
        return f"{said[0]} is for forecasts; say kind: forecast, or leave it out"
    of_issues = {"accumulated", "averaged"}
    adding = [name for name, each in source.columns.items() if each.kind in of_issues]
    if adding:
        kind = source.columns[adding[0]].kind
        return (
            f"{adding[0]} says kind: {kind}, which is for forecasts (kind: forecast of the source); "
            "what counts energy at the plant is kind: counter"
        )
    return None


def _fault_of_forecast(source: SourceFormat) -> str | None:
    if source.issued is None:
        return (
            "a forecast says when it was issued: issued: {column: …}, {file_name: …}, {lead: …}, "
            "{day_before_at: …}, {daily_at: …} or {upload: true}"
        )
    if source.sum_by is not None:
        return (
            "sum_by adds up inverters, and a forecast has none; where: names the rows of one place"
        )
    return next(filter(None, (_column_fault(source, name) for name in source.columns)), None)


def _column_fault(source: SourceFormat, name: str) -> str | None:
    column = source.columns[name]
    if name.startswith(FORECAST_PREFIX):
        plain = name.removeprefix(FORECAST_PREFIX)
        return (
            f"write {plain}, not {name}: kind: forecast puts the prefix before each column itself"
        )
    if name == POWER:
        return (
            "a forecast holds weather, and power is what the model predicts from it; leave power_ac out, or "
            "remove kind: forecast where it was measured"
        )
    if fault := _kind_fault(source, name):
        return fault
    if column.columns and column.combine != "mean" and not _is_direct_and_diffuse(name, column):
        return (
            f"{name} has several columns; the members of an ensemble are averaged: combine: mean. Direct and "
            "diffuse irradiance on the horizontal are added up to ghi: name both, with combine: sum"
        )
    return None


def _is_direct_and_diffuse(name: str, column: ColumnFormat) -> bool:
    """Whether two columns are said to add up; left out, combine may have been forgotten of an ensemble."""
    said = "combine" in column.model_fields_set
    return name == "ghi" and said and len(column.columns) == len(("direct", "diffuse"))


def _kind_fault(source: SourceFormat, name: str) -> str | None:
    """Say what is wrong with how the values of a forecast's column go on from row to row."""
    kind = source.columns[name].kind
    if kind == "counter":
        return (
            f"{name} says kind: counter, which is for meters; in a forecast say kind: accumulated"
        )
    if kind == "value":
        return None
    if source.timestamp.label not in {"right", "end"}:
        return (
            f"{name} is {kind}, which means up to its stamp: the interval ends there (label: right)"
        )
    if kind == "averaged" and source.issued is not None and source.issued.lead is not None:
        return (
            f"{name} is averaged since the issue, and the YAML says how long before each interval its issue "
            "was; where each value is the mean of its own interval, leave out kind: averaged"
        )
    return None


class MaskTolerance(Strict):
    """How much of a file one reason may mask before the file is refused, and why more than a tenth."""

    share: Annotated[float, Field(ge=0.1, le=1)]
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class Site(Strict):
    """A plant as its owner describes it."""

    site_id: Name
    model_id: Name
    name: str = ""
    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    altitude: Annotated[float, Field(ge=-430, le=9000)] = Field(
        default=0.0,
        description="Above sea level [m]; a measured pressure is checked against it. 0 is not checked.",
    )
    surface_tilt: Annotated[float, Field(ge=0, le=90)] | None = None
    surface_azimuth: Annotated[float, Field(ge=0, lt=360)] | None = None
    timezone: Zone
    ac_capacity_kw: Annotated[float, Field(gt=0)]
    clock: Literal["as_stated", "correct"] = Field(
        default="as_stated",
        description="Whether Preprocess may correct a clock that it finds wrong.",
    )
    weather_source: Literal["on_site", "satellite", "forecast", "unknown"] = "unknown"
    silent_after_hours: Annotated[float, Field(gt=0)] = 48.0
    most_masked: MaskTolerance | None = Field(
        default=None,
        description="Share of the rows that matter (daylight, or with power) that a file may lose for one "
        "reason; a tenth where absent. It needs a reason.",
    )
    sources: Annotated[tuple[SourceFormat, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _second_names_are_read(self) -> Site:
        fault = next(filter(None, (_second_fault(self, each) for each in self.sources)), None)
        if fault:
            raise ValueError(fault)
        return self


def _second_fault(site: Site, source: SourceFormat) -> str | None:
    """Say why the files of another source would not bring a source's forecasts."""
    if source.in_files_of is None:
        return None
    name = source.name
    first = next((each for each in site.sources if each.name == source.in_files_of), None)
    if first is None or first.in_files_of is not None:
        names = ", ".join(each.name for each in site.sources if each.in_files_of is None)
        return f"source {name}: in_files_of names no source with files of its own; it is one of {names}"
    same = [each for each in site.sources if each.in_files_of == first.name] + [first]
    if any(each is not source and each.made_by == source.made_by for each in same):
        return (
            f"source {name}: another source reads the same files as forecasts of {source.made_by}, too, and "
            "the same bytes count once for each provider; name another provider"
        )
    # The glob of the first stands for its names: a star in it is matched by a star.
    second = source.second_name(first.files)
    if source.files != second and not fnmatchcase(second, source.files):
        return (
            f"source {name}: in_files_of needs files: {second!r}, for a file of {first.name} is uploaded a "
            f"second time with {name}_ before its name"
        )
    before = list(site.sources[: site.sources.index(source)])
    caught = next((each for each in before if fnmatchcase(second, each.files)), None)
    if caught is not None:
        return (
            f"source {name}: files like {second} are read by source {caught.name}, which stands before it; "
            f"move {name} above it"
        )
    return None


def names_of(site: Site | None, name: str) -> tuple[str, ...]:
    """Return under which names a file is uploaded: its own, and one for each source that reads it, too."""
    source = source_of(site, name) if site else None
    if site is None or source is None:
        return (name,)
    others = (each for each in site.sources if each.in_files_of == source.name)
    return (name, *(each.second_name(name) for each in others))


def source_of(site: Site, key: str) -> SourceFormat | None:
    """Return the first of a site's sources whose glob matches the file's name, with or without `.gz`."""
    name = key.rpartition("/")[2]
    packed = name.removesuffix(".gz")
    for each in site.sources:
        if fnmatchcase(name, each.files) or (packed != name and fnmatchcase(packed, each.files)):
            return each
    return None
