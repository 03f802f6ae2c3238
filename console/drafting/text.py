"""A draft as the YAML of a site: each guess with its evidence, each gap to be filled in."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from console.drafting import beside, summer
from console.drafting.guess import Changes, Guess, SourceDraft
from console.drafting.plant_power import Several
from services.data_watcher.adapters.reading.zone_names import as_offset
from shared.solar.stamp_format import halves

HOUR_OF_NOON = 12.0
_HALF_HOURS = (-3.5, 3.5, 4.5, 5.5, 6.5, 9.5)  # of Newfoundland to Adelaide
_FARTHEST_WEST, _FARTHEST_EAST = -12, 14  # h
_INDIA = (70.0, 88.0, 5.5)  # degrees east, h: hardly anybody there lives by another clock
_LIKELY = 0.45  # h
_SURELY = 0.2  # h; a plant may face east or west
WIDTH = 80  # of a terminal
_GAP = " # FILL IN"  # with the space behind the colon
_FEW = 5  # files that are named
_MANY = 20  # columns that are named


@dataclass(frozen=True, slots=True)
class Plant:
    """What a person says of a plant; None is not known."""

    site: str
    model: str
    latitude: float | None = None
    longitude: float | None = None
    capacity_kw: float | None = None


def yaml(sources: Sequence[SourceDraft], plant: Plant) -> Iterator[str]:
    """Yield the lines of a site's YAML."""
    yield "# A draft: check what says GUESSED or FILL IN. Then `solar sites check THIS_FILE"
    yield "# --sample FILE` reads samples by it, and `solar sites add THIS_FILE` adds it."
    for key, name in (("site_id", plant.site), ("model_id", plant.model)):
        gap = "  # FILL IN: a-z, 0-9 and -, at most 32" if name.startswith("my-") else ""
        yield f"{key}: {name}{gap}"
    yield f"latitude: {plant.latitude if plant.latitude is not None else _GAP}"
    yield f"longitude: {plant.longitude if plant.longitude is not None else _GAP}"
    yield from _line("timezone", *_zone(sources, plant.longitude), 0)
    yield from _line("ac_capacity_kw", *_capacity(sources, plant.capacity_kw), 0)
    yield "sources:"
    names = names_of(sources)
    for each, name in zip(sources, names, strict=True):
        yield from _source(
            each, name, names[beside.partner(each, sources)] if each.is_beside else None
        )


def names_of(sources: Sequence[SourceDraft]) -> list[str]:
    """Return the names of sources in the YAML."""
    return [_name_of(each, number) for number, each in enumerate(sources, start=1)]


def _name_of(source: SourceDraft, number: int) -> str:
    kind = "forecast" if source.forecast else "weather"
    return f"{'power' if 'power_ac' in source.columns else kind}-{number}"


def value_of(guess: Guess) -> Any:
    """Return a guess's value as YAML and JSON hold it."""
    return list(guess.value.patterns) if isinstance(guess.value, Several) else guess.value


def comment(text: str, indent: int = 0) -> Iterator[str]:
    """Yield a comment, folded between words to the width of a terminal."""
    edge = " " * indent
    yield from textwrap.wrap(
        _printable(text),
        WIDTH - 1,
        initial_indent=f"{edge}# ",
        subsequent_indent=f"{edge}#   ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _printable(text: str) -> str:
    """Return a text without what YAML takes in no comment: control characters, ends of lines."""
    return "".join(each if each.isprintable() else " " for each in text)


def _source(each: SourceDraft, name: str, partner: str | None) -> Iterator[str]:
    more = f", and {len(each.files) - _FEW} more" if len(each.files) > _FEW else ""
    line = f"  - name: {name}  # from {_printable(', '.join(each.files[:_FEW]))}{more}"
    yield line if len(line) < WIDTH else f"  - name: {name}"
    counts = dict(zip(each.files, each.rows, strict=True))
    shown = ", ".join(f"{file} {rows}" for file, rows in list(counts.items())[:_FEW])
    yield from comment(f"{sum(each.rows)} rows were looked at: {shown}{more}", 4)
    for note in (*each.warnings[:_FEW], *each.notes):
        yield from comment(note, 4)
    yield from _second_name(each, name, partner)
    yield from _issued(each)
    glob = each.glob
    if partner:
        glob = Guess(f"{name}_{glob.value}", f"the second names of the files of {partner}")
    yield from _lines({"files": glob}, 4)
    yield f"    format: {each.format}"
    yield from _lines(each.layout, 4)
    yield "    timestamp:"
    yield from _lines(each.timestamp, 6)
    if "label" not in each.timestamp and not _names_intervals(each):
        yield "      # label: right  # if stamps are the END of an interval; center: the middle"
        if each.forecast:
            yield from comment("look: irradiance of most models is the mean BEFORE its stamp", 6)
    yield "    columns:"
    for canonical, guesses in each.columns.items():
        yield f"      {canonical}:"
        yield from _lines(guesses, 8)
    if each.unused:
        rest = len(each.unused) - _MANY
        more = f", and {rest} more" if rest > 0 else ""
        yield from comment(f"not used: {', '.join(each.unused[:_MANY])}{more}", 6)


def _names_intervals(each: SourceDraft) -> bool:
    """Whether stamps name the end of their interval as well as its beginning."""
    return "format" in each.timestamp and halves(each.timestamp["format"].value) is not None


def _second_name(each: SourceDraft, name: str, partner: str | None) -> Iterator[str]:
    """Yield that the files of another source hold these forecasts, and how they get here."""
    if partner is None:
        return
    example = f"{name}_{each.files[0]}"
    yield from comment(
        f"GUESSED: the files of {partner} hold these forecasts beside what was measured. Each file is "
        f"uploaded twice, a second time as {example}: `solar upload` does that by itself; who writes to S3 "
        "puts it there under both names. Remove this source where nobody needs tomorrow's power",
        4,
    )
    yield f"    in_files_of: {partner}"


def _issued(each: SourceDraft) -> Iterator[str]:
    """Yield who made a forecast and when it was issued."""
    if not each.forecast:
        return
    yield from _lines({name: each.forecast[name] for name in ("kind", "provider")}, 4)
    issued = each.forecast["issued"]
    yield from comment(issued.why, 4)
    yield "    issued:" + ("" if issued.value else _GAP)
    for name, said in (issued.value or {}).items():
        yield f"      {name}:{_GAP}" if said is None else f"      {name}: {_scalar(said)}"
    yield "    # horizon: 48h  # rows that reach farther are left out"


def _lines(guesses: dict[str, Guess], indent: int) -> Iterator[str]:
    for name, guess in guesses.items():
        value = "" if guess.is_open else _scalar(value_of(guess))
        yield from _line(name, value, guess.why, indent)


def _line(name: str, value: str, why: str, indent: int) -> Iterator[str]:
    """Yield a line with its reason behind it, or above it where both are too long for one."""
    edge = " " * indent
    plain = f"{edge}{name}: {value}" if value else f"{edge}{name}:"
    line = f"{plain}  # {_printable(why)}" if why else plain
    if len(line) < WIDTH:
        yield line
    else:
        yield from comment(why, indent)
        yield plain if value else f"{plain}  # FILL IN"


def _scalar(value: Any) -> str:
    if isinstance(value, int | float):
        return str(value)
    said = json.dumps(value, ensure_ascii=False)
    return said if said.isprintable() else json.dumps(value)


def _zone(sources: Sequence[SourceDraft], longitude: float | None) -> tuple[str, str]:
    """Return the site's zone: that of the stamps, or for stamps without one as the sun says.

    A provider's zone is not the plant's; it decides only where there is nothing else.
    """
    sources = [each for each in sources if not each.forecast]
    if not sources:
        return '"UTC"', (
            "GUESSED: forecasts do not say by which clock the plant lives; name its zone, like Europe/Berlin"
        )
    offset_said = next((each.offset for each in sources if each.offset), None)
    plain = [each for each in sources if each.offset is None]
    sunny = next((each for each in plain if each.noon is not None), None)
    noon = sunny.noon if sunny else None
    if offset_said and noon is None and offset_said[0] not in "+-U":
        return (
            f'"{offset_said}"',
            "the stamps are by its clock; any place with the same clock will do",
        )
    if offset_said and noon is None:
        return f'"{offset_said}"', (
            "the stamps carry it; if their clock may follow summer time nevertheless, name the zone, like "
            "Europe/Berlin: only then it is looked for"
        )
    if sunny is None or noon is None:
        return "", "FILL IN: neither power nor irradiance says where noon is"
    return _by_the_sun(noon, sunny.late, sunny.summer, longitude)


def _by_the_sun(
    noon: float, late: float, changes: Sequence[Changes], longitude: float | None
) -> tuple[str, str]:
    """Return the zone of stamps that carry none: by the hour of noon, and by the changes that they show."""
    said = f"the sun is centred on {int(noon):02}:{int(noon % 1 * 60):02} by the files' clock"
    if longitude is None and changes:
        return "", (
            f"FILL IN: {said}, which follows summer time: {changes[0].why}; name its zone, like "
            "Europe/Berlin; with --longitude it is guessed"
        )
    if longitude is None:
        return "", f"FILL IN: {said}; with --longitude the offset is guessed"
    hours = noon - late - HOUR_OF_NOON + longitude / 15
    hours -= 24 * (round(hours) > _FARTHEST_EAST) - 24 * (round(hours) < _FARTHEST_WEST)
    named = summer.by_longitude(changes, hours, longitude)
    if named:
        zone, why = named
        return f'"{zone}"', (
            f"GUESSED: the files' clock follows summer time: {why}; any place with the same clock "
            "will do"
        )
    return f'"{_offset(hours, longitude)}"', (
        f"GUESSED: {said}; if the clock follows summer time, name the zone, like Europe/Berlin"
    )


def _offset(hours: float, longitude: float) -> str:
    """Return the offset that is near, of half an hour where only such a one is."""
    west, east, of_india = _INDIA
    if west < longitude < east and abs(hours - of_india) < _LIKELY:
        return as_offset(timedelta(hours=of_india))
    near = [each for each in _HALF_HOURS if abs(hours - each) < _SURELY]
    return as_offset(timedelta(hours=near[0] if near else round(hours)))


def _capacity(sources: Sequence[SourceDraft], stated: float | None) -> tuple[str, str]:
    if stated:
        return f"{stated:g}", ""
    peak = max((each.peak for each in sources if each.peak), default=None)
    if peak is None:
        return "", "FILL IN: no file holds power"
    return f"{peak:.4g}", "GUESSED: 999 of 1000 rows are below; take the inverters' nameplate"
