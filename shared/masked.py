"""Stretches of a site's time whose rows a check took out, as Preprocess leaves them for people."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel, ConfigDict

# Why rows are taken out, in words; `docs/model.md` has the rules.
MASKS = {
    "excluded": "a person excluded this time",
    "frozen_record": "the record stood still, through the night or in all columns",
    "night_power": "power although the sun was well below the horizon",
    "negative_power": "more draw than an inverter's at night",
    "above_capacity": "above the stated AC capacity",
    "dead_irradiance": "the irradiance sensor was dark at high sun while the plant generated",
    "copied_power": "a day's power is another day's, up to a factor",
    "above_any_sky": "irradiance above what the sun gives outside the atmosphere",
    "collapsed_irradiance": "irradiance stayed near nothing for days while the plant went on",
    "outage": "next to no power for an hour or more at high sun",
    "curtailed": "power held flat, or far below the usual on bright days",
}
# What looks strange and stays, in words.
SUSPICIONS = {
    "night_offset": "irradiance at night: the sensor has an offset",
    "snow_or_soiling": "next to no power although bright, and cold enough for snow",
    "clipped": "flat at the plant's own top: its inverters clip",
    "censored_peaks": "no power where it is brightest",
}


class Stretch(BaseModel):
    """Neighbouring rows in [start, end) that were taken out for one reason."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: AwareDatetime
    end: AwareDatetime
    reason: str
    rows: int


class MaskedStretches(BaseModel):
    """What the checks took out of a site's part of a dataset, in the order of time.

    A person's exclusions are not among it: they say themselves what they are.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    site_id: str
    dataset_id: str
    stretches: tuple[Stretch, ...] = ()
