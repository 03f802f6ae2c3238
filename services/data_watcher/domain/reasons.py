"""What each reason code means: why a file is refused, and why rows or values of an accepted one are left out.

The words for one file, with its figures and its remedy, are where the fault is found. `docs/files.md` shows
them for an example of each.
"""

from __future__ import annotations

from dataclasses import dataclass

REFUSED: dict[str, str] = {
    "unknown_site": "no configuration of the folder's site is in force; read as soon as there is one",
    "bad_key": "the key is not in a site's folder, or has empty or dotted folder names",
    "no_source": "the file's name fits none of the site's sources",
    "too_large": "the file has more bytes, rows, columns or cells than the function can hold",
    "unreadable": "broken gzip, zip, Parquet or text, another format than the YAML says, or a header that "
    "names a column twice",
    "empty": "no bytes, no rows, or no value in any column",
    "missing_column": "the file lacks a column, or a sheet, that the YAML names",
    "second_header": "a header comes again further down with its columns in another order: two files joined",
    "day_rows": "a row is a whole day or hour and has a column for each interval, or power of a day is more "
    "than its mean can be",
    "no_timestamps": "more than a fifth of the stamps do not fit the format",
    "wrong_label": "stamps say hour 24, at which no interval begins, and the YAML that they are beginnings",
    "day_month_swapped": "days lie a month or a year apart, and in a row once they are swapped",
    "wrong_step": "the stamps do not lie `step_minutes` apart, or a forecast's steps cannot be told",
    "mixed_rows": "rows repeat a stamp with other values, or series lie below each other or take turns",
    "no_such_series": "no row has what `where` names, or no row names an inverter for `sum_by`",
    "number_format": "`decimal` and `thousands` of the YAML, or the delimiter, do not fit the numbers, or "
    "they can be read in two ways",
    "total_among_columns": "one of the columns that are added up is the sum of the others, or a copy of "
    "the other",
    "counter": "the column of power counts energy, and the YAML does not say `kind: counter`",
    "no_counter": "the YAML says `kind: counter`, but the column falls again and again",
    "coarse_counter": "the counter has too few digits for its step: power would stand still and jump",
    "wrong_sign": "power is negative when it is large: the meter counts what is drawn as positive",
    "net_power": "power is clearly negative through the nights: it is the plant's less what others use",
    "power_at_night": "there is power through all of the night: the column is not what the plant gives",
    "accumulated": "irradiance of a forecast adds up since its issue, and the YAML does not say "
    "`kind: accumulated`",
    "not_accumulated": "the YAML says `kind: accumulated`, but the column falls and goes on falling",
    "averaged": "irradiance of a forecast is the mean since its issue or since a mark, and the YAML does not "
    "say `kind: averaged`",
    "not_averaged": "the YAML says `kind: averaged`, but for single intervals less than nothing would "
    "be left",
    "unknown_issue": "the file does not say when a forecast was issued in the way that the YAML says",
    "issued_after_target": "most rows of a forecast begin before it was issued",
    "wrong_unit": "power does not fit the AC capacity, the sun or its irradiance, irradiance does not fit "
    "the sun or power, temperature does not fit the season or modules the air, or humidity is a fraction",
    "wrong_clock": "power or irradiance is centred hours off solar noon, some of it in the night, its days "
    "are as long as those of the other half of the year, they are a day apart, or stamps mark an hour that "
    "the zone has once",
    "too_much_masked": "one reason would mask more than a tenth of the rows in daylight or with power",
    "cannot_be_read": "reading it killed the function three times",
}

# How far a promise reaches: what is found, and what a file alone cannot tell.
REACH: dict[str, tuple[str, ...]] = {
    "wrong_unit": (
        "power that goes over to energies of its intervals (of 30 minutes or less), or from them to power, "
        "is found with its row where power follows a clear sky for an hour on each side (two hours where "
        "rows are 30 minutes long), with nothing but power in the file",
        "where it falls into a night or into clouds, it is found where the same four hours were clear on a "
        "day before it and on a day after it, at most five days apart",
        "power that is counted twice on one side is found so where that is more than the AC capacity allows; "
        "half of a plant that is off is true and accepted, but where rows are 30 minutes long it looks like "
        "energies, and is asked about",
        "under clouds a half or a quarter may be the weather: without irradiance beside it neither a change "
        "nor a whole dull file in another unit is told by that file alone. Energies of half hours in a whole "
        "file look like a plant of half the size; a week of such files makes their source suspect",
    ),
    "wrong_clock": (
        "irradiance of the day before or after is found in files of two days and more where the clouds of a "
        "day show in the power of the other one (rows of 30 minutes or less; hours need five days); clear "
        "days are too much alike to tell",
    ),
}


_OTHERWISE = "correct the values, or the column in the site's YAML"


@dataclass(frozen=True, slots=True)
class Masking:
    """Why a value of an accepted file is lost, a row left out, or a stamp moved.

    `remedy` says what to do where that happens to many rows.
    """

    what: str
    remedy: str


MASKED: dict[str, Masking] = {
    "sentinel": Masking(
        "the value is one that the YAML names under `missing`", "nothing is to be done"
    ),
    "no_number": Masking(
        "the cell holds something else than a number",
        "look at the cells: a separator of thousands, a decimal sign or a unit that the YAML does not name "
        "(thousands, decimal, unit), or a word for 'no measurement' (missing)",
    ),
    "out_of_range": Masking(
        "no plant gives and no instrument measures such a value",
        "look at the unit and the scale of the column in the site's YAML",
    ),
    "inverter_missing": Masking(
        "one of the columns or inverters that are added up has no value, so the sum would be too small",
        "look whether the YAML's list or glob of columns names one that is mostly empty",
    ),
    "inverter_off": Masking(
        "one of the inverters that are added up gives nothing while the others generate: an outage, or its "
        "values got lost",
        "look at the inverter; where it belongs to another plant, or is a battery's, leave it out of the "
        "YAML's list or glob of columns",
    ),
    "unnamed_sentinel": Masking(
        "the value is a common code for 'no measurement', like 65535 or -999, and does not fit its "
        "neighbours",
        "say it under missing in the site's YAML; where it is a measurement, look at its neighbours",
    ),
    "dropout": Masking(
        "power or irradiance is exactly 0 for a single row between large values, a temperature for some rows "
        "between others far from it: the reading got lost",
        "look at the connection between logger and inverter",
    ),
    "stuck": Masking(
        "irradiance stays the same for over four hours, power with it, into the night or until it falls at "
        "once to what a clear sky gives, a temperature for over a day, or an inverter through the others' "
        "night: the sensor or the record hangs",
        "look at the sensor and the logger; where the column does not belong to the plant, leave it out",
    ),
    "held_back": Masking(
        "power stands at one value for an hour and a half or longer under a moving sun, and the plant gives "
        "more on other days: somebody held it back, or the record hangs",
        "look whether the plant was held back for days (feed-in management, a limit of the grid), or its "
        "logger repeats a reading",
    ),
    "outage": Masking(
        "power is nothing for an hour or longer by day, and falls and comes back at once: the plant was off, "
        "or its readings got lost",
        "look at the plant and at the connection between logger and inverter",
    ),
    "straight_line": Masking(
        "the values lie on a straight line for hours: somebody drew it over a gap",
        "export the file without interpolation, so that gaps stay empty",
    ),
    "dark_sensor": Masking(
        "irradiance is next to nothing by day while the plant gives power: its sensor is off, or covered",
        "look at the sensor; where it is off for long, export the file without its column",
    ),
    "member_missing": Masking(
        "a member of the ensemble has no value, and the mean of the others is another one",
        "look whether the YAML's list or glob of columns names a member that is mostly empty",
    ),
    "above_any_sky": Masking(
        "irradiance of a forecast is more than any sky gives at that time: more than comes from the sun",
        "look at the unit of the column, the zone and the label of the stamps",
    ),
    "dark_day": Masking(
        "irradiance of a forecast is nothing all day, under a high sun",
        "look at the provider: it may write 0 where it has no value (missing: [0] would lose the nights)",
    ),
    "accumulation_gap": Masking(
        "a lead is missing before this one, so it is not known in which interval the sum grew",
        "look at the provider's file: sums, and means that go on, need every lead, from the issue on",
    ),
    "accumulation_reset": Masking(
        "the sum began anew in this interval, and what is left of it does not fit the sky or its neighbours",
        "look how the provider adds up; where each value is of one interval, leave out kind: accumulated",
    ),
    "contradicting_rows": Masking(
        "rows with the same stamp have other values, and nobody knows which is right",
        "remove the rows that do not count, or say which do (where: in the site's YAML)",
    ),
    "cut_off": Masking(
        "the last number of the file seems to lack its end: the transfer broke off",
        "upload the whole file again",
    ),
    "counter_gap": Masking(
        "the counter was not read for a while, or its second reading is in the next file",
        "look at the logger: it does not read the counter at each step",
    ),
    "counter_reset": Masking(
        "the counter began anew in this interval",
        "look at the meter: it loses its count again and again",
    ),
    "counter_dropout": Masking(
        "the counter showed nothing for a moment, and then its old value again",
        "look at the connection between logger and meter",
    ),
    "ragged_row": Masking(
        "the row has more or fewer fields than the header, or the record (JSON) other ones than the first",
        "export the file again; look whether its columns change further down",
    ),
    "no_name": Masking(
        "the row does not name its inverter",
        "correct sum_by in the site's YAML, or name the inverter in each row",
    ),
    "bad_timestamp": Masking(
        "the stamp is no time in the stated format, or lies years away from all others",
        "correct timestamp.format in the site's YAML, or the stamps in the file",
    ),
    "no_such_local_time": Masking(
        "the local time does not exist: the clock skipped it when summer time began",
        "if the logger's clock has no summer time, give the YAML an offset like +01:00 as timezone",
    ),
    "no_issue": Masking(
        "the row of a forecast does not say when it was issued",
        "correct issued in the site's YAML (column, format), or the cells",
    ),
    "before_issue": Masking(
        "the interval begins before its forecast was issued: it is no forecast",
        "nothing is to be done where an issue begins with the past; else correct issued, or the timezones",
    ),
    "beyond_horizon": Masking(
        "the row reaches beyond the horizon that the YAML says", "nothing is to be done"
    ),
    "duplicate_stamp": Masking(
        "the stamp (of a forecast: issue and stamp) comes more than once; one of its rows counts, or none "
        "where they contradict each other",
        "look whether the export holds rows twice; where the hour at the end of summer time comes twice, "
        "export stamps in UTC or with their offset",
    ),
    "snapped": Masking(
        "the stamp was up to a minute off the file's own grid, and was moved onto it",
        "nothing is to be done",
    ),
    "out_of_order": Masking(
        "days or weeks come in any order in the file, but no stamp twice and none between those of others; "
        "the rows were put in order",
        "nothing is to be done",
    ),
}


def remedy_where_many(reason: str) -> str:
    """Return what to do where a reason takes many rows; general advice for a reason that is not listed."""
    known = MASKED.get(reason)
    return known.remedy if known else _OTHERWISE


def meaning(code: str) -> str:
    """Return what a reason of either kind means; nothing for one that is not listed."""
    return MASKED[code].what if code in MASKED else REFUSED.get(code, "")
