"""Who is told of a notice, when, and how it is written for them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from fnmatch import fnmatchcase

from services.notifier.domain.notice import Notice, Severity
from shared.notifications import SEVERITIES, Recipient
from shared.solar.zones import tzinfo_of

_STAMP = re.compile(r"\b(\d{4}-\d\d-\d\d \d\d:\d\d) UTC\b")
_ENERGY = re.compile(r"\b(\d[\d,]*(?:\.\d+)?) kWh\b")
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rule:
    """What one recipient wants; without a recipient's configuration everything, at once, as it is."""

    recipient: Recipient | None = None

    def wants(self, notice: Notice) -> bool:
        """Whether a notice is for the recipient; what is about no model or site is for any."""
        return self.concerns(notice.severity, notice.kind, notice.model, notice.site)

    def concerns(self, severity: Severity, kind: str, model: str, site: str) -> bool:
        """Whether something of a kind about a model or site, where it is about one, is for the recipient."""
        asked = self.recipient
        return asked is None or (
            severity.name.lower() in asked.severities
            and _is_among(kind, asked.kinds)
            and self.is_about(model, site)
        )

    def is_about(self, model: str, site: str) -> bool:
        """Whether the recipient wants to hear of a model and a site; '' is about none, and for any."""
        asked = self.recipient
        return asked is None or (
            (not model or _is_among(model, asked.models))
            and (not site or _is_among(site, asked.sites))
        )

    @property
    def wants_all_sites(self) -> bool:
        """Whether no model and no site is left out: then what counts over all is for the recipient."""
        asked = self.recipient
        return asked is None or ("*" in asked.models and "*" in asked.sites)

    @property
    def wants_everything(self) -> bool:
        """Whether the recipient leaves out nothing."""
        asked = self.recipient
        return asked is None or (
            self.wants_all_sites and "*" in asked.kinds and set(asked.severities) == set(SEVERITIES)
        )

    def quiet_until(self, notice: Notice, now: datetime) -> datetime | None:
        """Return when the recipient's quiet hours end, where a notice has to wait for that."""
        if self.recipient is None or self.recipient.quiet_hours is None:
            return None
        if notice.severity is Severity.CRITICAL:
            return None
        quiet = self.recipient.quiet_hours
        local = now.astimezone(self._zone)
        for day in (local.date() - _DAY, local.date()):
            begin = datetime.combine(day, quiet.begin, self._zone)
            last = day if quiet.end > quiet.begin else day + _DAY
            end = datetime.combine(last, quiet.end, self._zone)
            if begin <= local < end:
                return end.astimezone(UTC)
        return None

    def written(self, notice: Notice) -> Notice:
        """Return a notice with the recipient's time zone and units."""
        if self.recipient is None or (
            self.recipient.timezone == "UTC" and self.recipient.units == "kWh"
        ):
            return notice
        return replace(
            notice,
            subject=self._text(notice.subject),
            lines=tuple(map(self._text, notice.lines)),
            facts=tuple((label, self._text(value)) for label, value in notice.facts),
            happened_at=notice.happened_at.astimezone(self._zone),
        )

    @property
    def _zone(self) -> tzinfo:
        return tzinfo_of(self.recipient.timezone if self.recipient else "UTC")

    def _text(self, text: str) -> str:
        """Return a text with every stamp in the recipient's zone, and every energy in its unit."""
        local = _STAMP.sub(lambda found: self._stamp(found[1]), text)
        if self.recipient is None or self.recipient.units == "kWh":
            return local
        return _ENERGY.sub(lambda found: _megawatt_hours(found[1]), local)

    def _stamp(self, said: str) -> str:
        moment = datetime.fromisoformat(said).replace(tzinfo=UTC).astimezone(self._zone)
        return f"{moment:%Y-%m-%d %H:%M} {moment:%Z}"


def _megawatt_hours(kilowatt_hours: str) -> str:
    return f"{float(kilowatt_hours.replace(',', '')) / 1000:,.3f} MWh"


def _is_among(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, each) for each in patterns)
