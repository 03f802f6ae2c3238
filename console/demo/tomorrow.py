"""The second story of the demo: tomorrow's power of two sites, from forecasts as they are issued."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from console import forecast_charts, forecasts
from console.commands import forecasting, live, system
from console.commands.forecasting import Ahead
from console.commands.runs import all_runs
from console.demo.made_up import PROVIDERS, SHARP
from console.demo.plant import Plant, PlantFile
from console.demo.stage import CONFIG, Stage, counted, r2_of
from console.demo.telling import Teller
from console.demo.years import MovedPlant, Span, months
from console.forecasts import Series
from console.state import state
from shared import layout, names
from shared.evaluation import Evaluation
from shared.solar.fleet import Energy

MODEL, MODEL_YAML = "tomorrow", "tomorrow.yaml"
SITE, OTHER = "golden-a", "golden-b"
LIVE_DAYS = 7
DAY = timedelta(days=1)
_SCORE_SECONDS = 60.0
_LEAST_HOURS = 24  # of the newest issues are left at any time of day


def sites(plant: Plant, now: datetime) -> dict[str, MovedPlant]:
    """Return the sites of the story: the plant, and the same a year earlier."""
    return {SITE: MovedPlant(plant, now), OTHER: MovedPlant(plant, now, years_earlier=1)}


def site_yaml(site_id: str) -> str:
    """Return the YAML of a site; the sites differ by their names only."""
    text = (CONFIG / f"{SITE}.yaml").read_text(encoding="utf-8")
    return text.replace(f"site_id: {SITE}", f"site_id: {site_id}", 1)


def history_of(plant: MovedPlant) -> Iterator[PlantFile]:
    """Yield the files from before the story, a file a month of power and of each provider."""
    end = plant.last_issue - LIVE_DAYS * DAY
    for name, span in months(Span(plant.first_day, end)):
        for provider in PROVIDERS:
            yield plant.issues(provider.name, span, name)
        yield plant.power(span, name)


def days_of(plant: MovedPlant) -> Iterator[PlantFile]:
    """Yield the files of the days of the story in their order: the issues of a day, then its power."""
    for day in _live_days(plant):
        yield from issues_of(plant, day)
        yield plant.power(Span(day, day + DAY), f"{day}")


def issues_of(plant: MovedPlant, day: date) -> Iterator[PlantFile]:
    """Yield what is issued on a day, a file a provider; the sharp one's last issue does not come."""
    for provider in PROVIDERS:
        if provider is not SHARP or day != plant.last_issue:
            yield plant.issues(provider.name, Span(day, day + DAY), f"{day}")


def better_provider(lines: Iterable[Mapping[str, Any]]) -> str | None:
    """Return the provider whose forecasts were nearer; None where not all of them were scored.

    The story's week comes within seconds, so that its last issues are predicted when their first intervals
    are over. That is hindsight, of a few hours that may say anything.

    Parameters
    ----------
    lines
        A scorecard by provider.
    """
    nmae: dict[str, float] = {
        line["name"]: line["nmae"]
        for line in lines
        if line["inputs"] == "forecast" and line["nmae"] is not None
    }
    if set(nmae) != {each.name for each in PROVIDERS}:
        return None
    return min(nmae, key=nmae.__getitem__)


def _live_days(plant: MovedPlant) -> list[date]:
    last = plant.last_issue
    return [last - number * DAY for number in reversed(range(LIVE_DAYS + 1))]


@dataclass(slots=True)
class Tomorrow:
    """Two sites get forecasts: one retrain, days that are scored, days to come, an issue that is late."""

    tell: Teller
    stage: Stage
    plants: Mapping[str, MovedPlant]
    uploads: int = field(default=0, init=False)

    def onboard(self) -> None:
        """Say what is real and what is not; the YAML of two sites and of a model."""
        self.tell.chapter("Two sites are onboarded, for a model of forecasts")
        self.tell.say(
            "PVDAQ system 50, NREL, Golden, Colorado: measured power, its years moved by whole years so that "
            f"they end today. {OTHER} is the same plant a year earlier."
        )
        self.tell.say(
            "The weather forecasts are MADE UP: the satellite's weather, blurred, with errors that grow with "
            "the lead (docs/forecasts.md). The figures show that things work, not how good they are."
        )
        self.stage.configure(MODEL_YAML, layout.model_config(MODEL))
        for site_id in self.plants:
            replaced = (f"site_id: {SITE}", f"site_id: {site_id}")
            self.stage.configure(f"{SITE}.yaml", layout.site_config(site_id), replaced)

    def history(self) -> None:
        """A history of power and forecasts are one retrain; its report tells by lead."""
        self.tell.chapter("A year of power and of two providers' forecasts arrives")
        for site_id, plant in self.plants.items():
            for file in history_of(plant):
                self._put(site_id, file)
        balance = self.stage.settled(self.uploads)
        self.tell.expect(
            f"every upload is accounted for: {counted(balance)}",
            holds=balance["balanced"] and balance["accepted"] == self.uploads,
        )
        run = self.stage.ended_run(1)
        evaluation = self.stage.evaluation(run)
        self._tell_report(evaluation)
        self.tell.expect(
            f"one retrain, registered: R² {r2_of(evaluation)} for forecasts made a day ahead",
            holds=len(all_runs()) == 1 and run["status"] == "registered",
        )
        self.stage.deployed(int(run["model_package_version"]))

    def _tell_report(self, evaluation: Evaluation) -> None:
        for line in evaluation.reasons:
            self.tell.say(f"the report: {line}")
        found = evaluation.forecast
        for each in (*found.by_lead, *found.by_provider) if found else ():
            self.tell.say(f"{each.name}: R² {_figure(each.r2)}, nMAE {live.percent(each.nmae)}")
        self.tell.expect(
            "the report tells scores by lead and by provider",
            holds=found is not None and len(found.by_lead) > 1 and len(found.by_provider) > 1,
        )

    def days_come(self) -> None:
        """Each day the issues come, then the power; what was predicted is scored by lead and provider."""
        self.tell.chapter(
            f"{LIVE_DAYS} days pass: each brings an issue of each provider, then its power"
        )
        for site_id, plant in self.plants.items():
            for file in days_of(plant):
                self._put(site_id, file)
        balance = self.stage.settled(self.uploads)
        self.tell.expect(
            "every file of them is accepted", holds=balance["accepted"] == self.uploads
        )
        by_lead = self.tell.wait("the days are scored", self._scored_days, _SCORE_SECONDS)
        by_provider = self._card("provider")
        for line in (*by_lead["lines"], *by_provider["lines"]):
            self.tell.say(
                f"{live.named(line)}: predicted {line['predicted_kwh']:.1f} kWh, measured "
                f"{line['measured_kwh']:.1f} kWh, nMAE {live.percent(line['nmae'])} of capacity"
            )
        self.tell.expect("live scores by lead", holds=len(by_lead["lines"]) > 1)
        self.tell.expect(
            f"{SHARP.name} is found to be the better provider",
            holds=better_provider(by_provider["lines"]) == SHARP.name,
        )

    def _scored_days(self) -> dict[str, Any] | None:
        if not (system.is_idle("data_watcher") and system.is_idle(names.LIVE)):
            return None
        days = self._card("day")["lines"]
        scored = [line for line in days if line["days"].get("scored")]
        return self._card("lead") if len(scored) >= LIVE_DAYS else None

    def _card(self, by: str) -> dict[str, Any]:
        return dict(state.system.ask("deployer", "scorecard", model_id=MODEL, by=by))

    def look_ahead(self) -> None:
        """What comes: a chart, a picture, and the sum of both sites with its band."""
        self.tell.chapter(f"What comes: solar forecast {SITE} --chart")
        one = forecasting.ahead(SITE)
        for line in forecast_charts.in_terminal(forecasts.hourly(one.total), self._width):
            self.tell.show(line)
        picture = self.stage.home / "forecast.png"
        forecasting.draw(one, picture)
        self.tell.say(f"the same as a picture: {picture}")
        is_whole = len(one.total.starts) >= _LEAST_HOURS and bool((one.total.p50 > 0).any())
        self.tell.expect(
            f"{len(one.total.starts)} hours are foreseen, with P10 and P90", holds=is_whole
        )
        kept = [layout.latest_forecast(MODEL, SITE, form) for form in ("csv", "json", "parquet")]
        self.tell.expect(
            f"other systems find it in {kept[0]}, .json and .parquet",
            holds=all(map(self.stage.is_there, kept)),
        )
        both = forecasting.ahead(MODEL)
        energies = {name: self._energy(each, both) for name, each in both.series.items()}
        together = self._energy(both.total, both)
        for name, energy in {**energies, "together": together}.items():
            self.tell.say(
                f"{name}: {energy.p50:.1f} kWh (P10 {energy.p10:.1f}, P90 {energy.p90:.1f}) until "
                f"{both.total.starts[-1] + both.total.step:%a %d %b %H:%M}"
            )
        widths = sum(each.p90 - each.p10 for each in energies.values())
        self.tell.expect(
            f"the band of the sum is {together.p90 - together.p10:.1f} kWh wide, narrower than the sites' "
            f"bands together ({widths:.1f}): their errors are alike by {both.alike['dependence']:.2f} of 1",
            holds=0 < together.p90 - together.p10 < widths,
        )

    def _energy(self, found: Series, ahead: Ahead) -> Energy:
        days = forecasts.energy_by_day(found, ahead.alike["day_dependence"]).values()
        return Energy(*(sum(getattr(day, name) for day in days) for name in ("p10", "p50", "p90")))

    @property
    def _width(self) -> int:
        return self.tell.screen.width

    def an_issue_is_missing(self) -> None:
        """An issue that does not come is late after a while; the one before goes on."""
        self.tell.chapter(f"The last issue of {SHARP.name} did not come")
        now = forecasting.ahead(SITE)
        feed = next(each for each in now.sites[SITE]["feeds"] if each["provider"] == SHARP.name)
        for provider in PROVIDERS:
            issues = [row for row in now.sites[SITE]["rows"] if row["provider"] == provider.name]
            self.tell.say(
                f"{len(issues)} hours are of {provider.name}, issued {', '.join(_issues(issues))}"
            )
        first = now.sites[SITE]["rows"][0]
        self.tell.expect(
            "its issue of the day before goes on where it reaches",
            holds=first["provider"] == SHARP.name
            and first["issued_at"][:10] < str(self._last_issue),
        )
        self.tell.expect("nothing is late yet", holds=not forecasting.late(now))
        self.tell.expect("when its next one is due is known", holds=feed["due_at"] is not None)
        if feed["due_at"] is None:
            return
        later = datetime.fromisoformat(feed["due_at"]) + timedelta(minutes=1)
        late = [
            line
            for line in forecasting.late(forecasting.ahead(SITE, at=later))
            if SHARP.name in line
        ]
        for line in late:
            self.tell.say(f"solar forecast {SITE} --at {later:%Y-%m-%dT%H:%MZ}: {line}")
        self.tell.expect(
            "it will be late half a day after it is usually here", holds=len(late) == 1
        )

    @property
    def _last_issue(self) -> date:
        return self.plants[SITE].last_issue

    def _put(self, site_id: str, file: PlantFile) -> None:
        self.stage.put(site_id, file)
        self.uploads += 1


def _issues(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(
        {f"{datetime.fromisoformat(row['issued_at']):%Y-%m-%d %H:%M} UTC" for row in rows}
    )


def _figure(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"
