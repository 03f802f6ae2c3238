"""Reads the samples by their own draft, with the product's reader and checks, and says what came out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from console import output
from console.drafting import text
from console.drafting.guess import Guess, SourceDraft
from console.drafting.text import Plant
from console.figures import said
from console.trial import Trial, figures_of, try_files
from services.data_watcher.domain import validation
from shared import layout
from shared.active import ActiveSite
from shared.errors import InvalidConfigError
from shared.solar.zones import tzinfo_of

# Where nobody says where the plant is, the sun of this latitude, and a longitude that fits the files' clock.
_LATITUDE = 40.0
_CAPACITY_KW = 1.0  # where no file holds power
# Where nobody says yet when a forecast was issued.
_ISSUED, _HOUR = {"lead": "24h"}, "00:00"
_FEW = 5  # accepted files that are named
_OFF_NOON, _FAR_FROM_NOON = 20, 75  # minutes
_LITTLE, _MUCH = 0.3, 1.2  # of the AC capacity, beyond which a peak is unusual
_ABOVE_CLEAR = 1.1  # models have no edges of clouds, which are brighter
_LOOSE = 0.8  # correlation of power with irradiance


@dataclass(frozen=True, slots=True)
class Proof:
    """What came out of the samples.

    Attributes
    ----------
    fault
        Why the draft itself is no valid YAML; None where it is one.
    """

    trials: list[Trial]
    figures: dict[str, Any] | None
    plant: Plant
    fault: str | None = None


def prove(sources: Sequence[SourceDraft], plant: Plant) -> Proof:
    """Read each sample by the draft; what is to be filled in is stood in for."""
    site = _site(sources, plant)
    if isinstance(site, str):
        return Proof([], None, plant, site)
    paths = [path for each in sources if not each.is_beside for path in each.paths]
    trials = try_files(paths, site, site.site_id)
    accepted = [each for each in trials if each.rows]
    return Proof(trials, figures_of(accepted, site) if accepted else None, plant)


def _site(sources: Sequence[SourceDraft], plant: Plant) -> ActiveSite | str:
    plain = [each for each in sources if each.offset is None and each.noon is not None]
    offset = None if plain else next((each.offset for each in sources if each.offset), None)
    sunny = next((each for each in plain or sources if each.noon is not None), None)
    noon = sunny.noon if sunny else None
    changes = sunny.summer if sunny else ()
    stood_in = replace(
        plant,
        latitude=plant.latitude if plant.latitude is not None else _LATITUDE,
        longitude=plant.longitude
        if plant.longitude is not None
        else _longitude(noon, offset or (changes[0].zone if changes else "+00:00")),
        capacity_kw=plant.capacity_kw
        or (None if any(each.peak for each in sources) else _CAPACITY_KW),
    )
    lines = "\n".join(text.yaml([_filled(each) for each in sources], stood_in))
    if noon is None and offset is None:
        lines = re.sub(r"(?m)^timezone: .*$", 'timezone: "+00:00"', lines)
    try:
        active = validation.read(layout.site_config(plant.site), lines.encode())
    except InvalidConfigError as error:
        return error.reason
    return active if isinstance(active, ActiveSite) else "it is no site"


def _filled(source: SourceDraft) -> SourceDraft:
    """Return a source with something in the place of what is to be filled in."""
    source = replace(
        source,
        layout=_said(source.layout),
        columns={name: _said(each) for name, each in source.columns.items()},
    )
    issued = source.forecast.get("issued")
    if issued is None or not _is_open(source):
        return source
    known = {name: each or _HOUR for name, each in (issued.value or _ISSUED).items()}
    return replace(source, forecast={**source.forecast, "issued": Guess(known, issued.why)})


def _said(guesses: dict[str, Guess]) -> dict[str, Guess]:
    return {name: Guess(g.value, "") if g.is_open else g for name, g in guesses.items()}


def _is_open(source: SourceDraft) -> bool:
    """Whether the issue of a forecast, or its hour, is to be filled in."""
    issued = source.forecast.get("issued")
    return issued is not None and (not issued.value or None in issued.value.values())


def _longitude(noon: float | None, offset: str) -> float:
    """Return where the sun would be highest at the hour around which the files' days are centred."""
    if noon is None:
        return 0.0
    zone = tzinfo_of(offset)
    moments = (datetime(2024, month, 1, tzinfo=zone) for month in (1, 7))
    standard = min(each.utcoffset() or timedelta(0) for each in moments)
    hours = standard / timedelta(hours=1)
    east = 15.0 * (text.HOUR_OF_NOON - noon + hours)
    return round((east + 180.0) % 360.0 - 180.0, 3)


def lines(
    proof: Proof, sources: Sequence[SourceDraft], not_understood: Sequence[str]
) -> Iterator[str]:
    """Yield what came out, as comments of the YAML."""
    yield "# What came out: the samples, read with this draft by the product's own reader"
    if proof.fault:
        yield from text.comment(f"the draft itself would be refused: {proof.fault}", 0)
    yield from _stood_in(sources)
    refused = [each for each in proof.trials if each.fault]
    accepted = [each for each in proof.trials if each.rows]
    for each in refused:
        assert each.fault is not None  # noqa: S101 - for the type checker
        yield from text.comment(
            f"- {each.name}: REFUSED ({each.fault.code}): "
            + output.sentences(each.fault.reason, each.fault.remedy)
        )
    masked = [each for each in accepted if each.rows and each.rows.masks]
    shown = [*masked, *(each for each in accepted if each not in masked)][: max(_FEW, len(masked))]
    for each in shown:
        yield from text.comment(f"- {each.name}: {_rows(each)}")
    if len(accepted) > len(shown):
        rest = [each for each in accepted if each not in shown]
        rows = sum(each.rows.count for each in rest if each.rows)
        yield f"# - {len(rest)} more: accepted, {rows} rows, none masked"
    for what in not_understood:
        yield from text.comment(f"- NOT UNDERSTOOD: {what}")
    if proof.figures is not None:
        place_known = proof.plant.latitude is not None and proof.plant.longitude is not None
        for line in said(
            proof.figures,
            capacity_known=proof.plant.capacity_kw is not None,
            place_known=place_known,
        ):
            yield from text.comment(f"- {line}")
        for warning in dict.fromkeys(w for each in sources for w in each.warnings):
            yield from text.comment(f"- {warning}")
        for doubt in _doubts(proof, place_known=place_known):
            yield from text.comment(f"- LOOK: {doubt}")


def _stood_in(sources: Sequence[SourceDraft]) -> Iterator[str]:
    if any(_is_open(each) for each in sources):
        yield from text.comment(
            "- issued is to be filled in; until then forecasts are read here as if they were issued 24 h "
            "before each interval, or at 00:00 of the day that is known"
        )
    for each in sources:
        opened = [g for some in (each.layout, *each.columns.values()) for g in some.items()]
        for name, guess in opened:
            if guess.is_open:
                value, doubt = text.value_of(guess), "which may be wrong"
                if isinstance(value, dict):
                    value = f"{{{', '.join(f'{column}: {row}' for column, row in value.items())}}}"
                    doubt = "which may be another plant's"
                yield from text.comment(
                    f"- {name} is to be filled in; until then the samples are read here with {value}, {doubt}"
                )


def _rows(trial: Trial) -> str:
    rows = trial.rows
    assert rows is not None  # noqa: S101 - for the type checker
    masks = ", ".join(f"{reason} {count}" for reason, count in rows.masks.items())
    note = f"; {rows.note}" if rows.note else ""
    return f"accepted by {trial.source}, {rows.count} rows, {masks or 'none masked'}{note}"


def _doubts(proof: Proof, *, place_known: bool) -> Iterator[str]:
    """Yield what a wrong guess looks like in the figures."""
    found = proof.figures or {}
    share, minutes = found["peak_of_capacity"], found["minutes_after_solar_noon"]
    if proof.plant.capacity_kw and share is not None and not _LITTLE <= share <= _MUCH:
        yield (
            "the highest power is unusual for this capacity: is the unit of power_ac right, and the column, "
            "and --ac-capacity-kw? A winter or a few dull days may be as low"
        )
    if place_known and minutes is not None and abs(minutes) > _FAR_FROM_NOON:
        yield (
            "the day is centred far from solar noon: is timezone right, or longitude, or is a stamp the end "
            "of its interval (label)? A steep array that faces east or west is so, too"
        )
    elif place_known and minutes is not None and abs(minutes) > _OFF_NOON:
        yield (
            "the day is centred off solar noon: the array may face east or west; else the zone may have half "
            "an hour (+05:30), or a stamp be the end of its interval (label)"
        )
    highest = (found["forecast_peak"] or {}).get("of_clear_sky")
    if place_known and highest is not None and highest > _ABOVE_CLEAR:
        yield (
            f"the irradiance is at best {highest:.0%} of a clear sky: in most models it is the mean BEFORE "
            "its stamp, so say label: right, or look at the zone of the stamps"
        )
    follows = [value for name, value in found["correlation"].items() if "forecast" not in name]
    if follows and max(follows) < _LOOSE:
        yield (
            "power follows no irradiance closely: are both of the same plant and by the same clock, and is "
            "the column the plant's power?"
        )
