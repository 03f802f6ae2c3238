"""How pages are written: templates, and how figures and moments read in them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse

from console.client.fleet import Fleet
from console.client.health import reader_in_words
from console.client.notices import state_in_words
from console.client.rights import NEEDED
from console.client.standing import named
from console.client.words import counted, percent, sentence, sentences
from console.target import System
from console.web.guard import Guard

HERE = Path(__file__).parent
MENU = (
    ("Fleet", "/"),
    ("Files", "/files"),
    ("Runs", "/runs"),
    ("Decisions", "/decisions"),
    ("Forecast", "/forecast"),
    ("Status", "/status"),
    ("Notices", "/notices"),
    ("Costs", "/costs"),
)

NOTHING = "-"  # where nobody knows a figure


@dataclass(frozen=True, slots=True)
class Site:
    """What every page needs: the system, the guard, and the templates.

    Attributes
    ----------
    by
        The caller's name, as `solar` gives it with every change.
    fleet
        Returns the fleet as it was some seconds ago, at most.
    lacking
        Returns the rights that the caller lacks, asked once.
    """

    system: System
    guard: Guard
    by: str
    templates: Environment
    fleet: Callable[[], Fleet]
    lacking: Callable[[], dict[str, str]]

    def page(
        self, request: Request, template: str, *, status_code: int = 200, **content: Any
    ) -> HTMLResponse:
        """Return a page."""
        path = request.url.path
        about = {
            "menu": MENU,
            "here": path,
            "query": dict(request.query_params),
            "url": _again(request),
            "looks_again": to(
                path, **{k: v for k, v in request.query_params.items() if k != "done"}
            ),
            "where": self.where,
            "by": self.by,
            "token": self.guard.token,
            "read_only": self.guard.read_only,
            "lacks": self.lacks,
            "now": datetime.now(UTC),
        }
        text = self.templates.get_template(template).render(**about, **content)
        return HTMLResponse(text, status_code=status_code)

    @property
    def lacks(self) -> dict[str, str]:
        """By what is changed, why its button is grey; nothing of what the caller may do."""
        lacking = self.lacking()
        if self.guard.read_only:
            return dict.fromkeys(NEEDED, "a console without --read-only")
        return {what: lacking.get(what, "") for what in NEEDED}

    @property
    def where(self) -> str:
        """The system that the page shows, in words."""
        return "local platform" if self.system.kind == "local" else f"AWS {self.system.region}"


def _again(request: Request) -> str:
    """Return the link that tries again: of a form that was sent, the form as it was filled in."""
    form: str = getattr(request.state, "form", "")
    path, query = request.url.path, request.url.query
    return form or (f"{path}?{query}" if query else path)


def environment() -> Environment:
    """Return the templates; whatever they show is escaped."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        when=when,
        day=day,
        share=share,
        score=score,
        figure=figure,
        money=money,
        cost=cost,
        counted=counted,
        exactly=exactly,
        notice_state=state_in_words,
        link=link,
        took=took,
        lasted=lasted,
        clock=lambda moment: f"{moment:%H:%M:%S}",
        size=size,
        short=short,
        sentence=sentence,
        sentences=sentences,
        short_runs=short_runs,
        as_json=lambda value: json.dumps(value, default=str, separators=(",", ":")),
        ago=ago,
        named=named,
        reader=reader_in_words,
        words=lambda text: str(text).replace("_", " "),
    )
    made.globals.update(to=to, spark=spark)
    return made


def to(path: str, /, **query: Any) -> str:
    """Return a link with a query; what is None or '' is left out."""
    kept = {name: value for name, value in query.items() if value not in {None, ""}}
    return f"{path}?{urlencode(kept)}" if kept else path


def link(text: Any) -> str:
    """Return a text as one part of a link's path."""
    return quote(str(text), safe="")


def when(moment: str | datetime | None) -> str:
    """Return a moment to the minute, in UTC."""
    if moment is None or moment == "":
        return ""
    found = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return f"{found.astimezone(UTC):%Y-%m-%d %H:%M}"


def exactly(moment: str) -> str:
    """Return a moment to the second, in UTC."""
    return f"{datetime.fromisoformat(moment).astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def day(moment: str | None) -> str:
    """Return a day as it is, and of a moment the minute in UTC."""
    return moment if moment and len(moment) <= len("2026-06-01") else when(moment)


def ago(moment: str | None, now: datetime) -> str:
    """Return how long ago a moment was, in words."""
    if not moment:
        return "never"
    seconds = (now - datetime.fromisoformat(moment)).total_seconds()
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        count = int(seconds // length)
        if count >= 1:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "now"


def share(value: float | None, digits: int = 1, *, signed: bool = False) -> str:
    """Return a share as people read it; - for None."""
    return percent(value, digits=digits, signed=signed) or NOTHING


def score(value: float | None) -> str:
    """Return a score with three digits; - for None."""
    return NOTHING if value is None else f"{value:.3f}"


def figure(value: float | None) -> str:
    """Return a number as people read it; - for None."""
    return NOTHING if value is None else f"{value:,.4g}" if abs(value) < 1e4 else f"{value:,.0f}"  # noqa: PLR2004


def money(usd: float | None) -> str:
    """Return US dollars to the cent; - where nobody knows."""
    if usd is None:
        return NOTHING
    return "< 0.01 $" if 0 < usd < 0.01 else f"{usd:,.2f} $"  # noqa: PLR2004 - a cent


def cost(usd: float | None) -> str:
    """Return what something costs as a part of a sentence; nothing where nobody knows."""
    if usd is None:
        return ""
    return "costs less than 0.01 $" if 0 < usd < 0.01 else f"costs about {money(usd)}"  # noqa: PLR2004


def took(begun: str | None, ended: str | None) -> str:
    """Return how long something took, from its ISO times."""
    if not begun or not ended:
        return ""
    return lasted((datetime.fromisoformat(ended) - datetime.fromisoformat(begun)).total_seconds())


def lasted(seconds: float) -> str:
    """Return a length of time as people read it."""
    return f"{seconds:.0f} s" if seconds < 600 else f"{seconds / 60:.0f} min"  # noqa: PLR2004 - shown


def lasted_long(time: timedelta) -> str:
    """Return a length of days or hours as people read it."""
    days = time / timedelta(days=1)
    count, unit = (days, "day") if days >= 1 else (days * 24, "hour")
    return f"{count:,.4g} {unit}{'' if count == 1 else 's'}"


def size(count: int | None) -> str:
    """Return bytes as people read them."""
    if count is None:
        return ""
    for unit, length in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= length:
            return f"{count / length:.1f} {unit}"
    return f"{count} B"


def short(identifier: str | None) -> str:
    """Return a run's name with its attempt, enough to recognise it by."""
    recipe, _, attempt = (identifier or "").rpartition("-")
    return f"{recipe[:8]}…-{attempt}" if len(recipe) > 8 else identifier or ""  # noqa: PLR2004 - shown


_RUN = re.compile(r"\b[0-9a-f]{32}-\d+\b")


def short_runs(text: str | None) -> str:
    """Return a sentence with its runs by their short names; a page is no place for 32 digits."""
    return _RUN.sub(lambda found: short(found[0]), text or "")


WIDTH, HEIGHT = 120.0, 28.0  # of a line in a table


def spark(values: list[float | None], floor: float = 0.0) -> str:
    """Return the points of a small line, 120 by 28; missing values are left out."""
    known = [(place, value) for place, value in enumerate(values) if value is not None]
    if not known:
        return ""
    top = max([floor + 1e-9, *(value for _, value in known)])
    low = min([floor, *(value for _, value in known)])
    step = WIDTH / max(len(values) - 1, 1)
    return " ".join(
        f"{place * step:.1f},{HEIGHT - 2 - (value - low) / (top - low) * (HEIGHT - 4):.1f}"
        for place, value in known
    )
