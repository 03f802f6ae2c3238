"""The facts of a review, read from what the services answered."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from services.notifier.domain.review.facts import (
    Decided,
    Figures,
    Files,
    ModelReview,
    Silent,
    SiteScore,
    Trend,
    Wait,
)
from shared.clock import iso_week

Answer = Mapping[str, Any]

RETRAIN = "retrain"
MOST_WORST = 10
MOST_RETRAINS = 5
WEEKS = 8  # of a trend
DAY = timedelta(days=1)


def figures(line: Answer) -> Figures:
    """Read a line of a scorecard."""
    return Figures(
        r2=line.get("r2"),
        nmae=line.get("nmae"),
        bias=line.get("energy_bias"),
        coverage=line.get("coverage_p10_p90"),
        predicted_kwh=line.get("predicted_kwh") or 0.0,
        measured_kwh=line.get("measured_kwh") or 0.0,
        scored=(line.get("days") or {}).get("scored", 0),
    )


def main_line(lines: Sequence[Answer]) -> Answer:
    """Return the line that says how a model does: that of its own kind of weather with the most scores.

    What was made from a forecast after its interval was over is no forecast, and says nothing here.
    """
    counted = [each for each in lines if each.get("inputs") != "hindsight"]
    return max(counted, key=lambda each: (each.get("days") or {}).get("scored", 0), default={})


def model(
    name: str,
    answers: Mapping[str, Answer],
    about_all: Answer,
    begin: datetime,
    end: datetime,
) -> ModelReview:
    """Read what a model did.

    Parameters
    ----------
    answers
        By query: `scorecard`, `models`, `decisions`, `pending`, `forecasts`, and for a week `weeks` and
        `runs`; one that is missing was not answered.
    about_all
        What was answered about all models at once: `served`, `holds`, `live`, `sites`.
    begin, end
        Decisions before and after belong to other reviews.
    """
    card, known = answers.get("scorecard", {}), _known(answers.get("models", {}))
    line = main_line(card.get("total", ()))
    served = about_all.get("served", {}).get(name)
    live = about_all.get("live", {}).get(name) or {}
    retrains, other = _decisions(name, answers.get("decisions", {}), begin, end)
    return ModelReview(
        model_id=name,
        sites=about_all.get("sites", {}).get(name, 0),
        serves=served["version"] if served else None,
        inputs=line.get("inputs", "measured"),
        figures=figures(line),
        standing=len(live.get("standing", ())) + (live.get("more_standing") or 0),
        worse=tuple(each["site_id"] for each in live.get("standing", ())),
        not_scored={
            state: count for state, count in (line.get("days") or {}).items() if state != "scored"
        },
        waits=(
            *_pending(name, answers.get("pending", {})),
            *_held(name, about_all.get("holds", {}).get(name)),
        ),
        retrains=retrains,
        other=other,
        late=_late(answers.get("forecasts", {})),
        spent_usd=known.get("spent_usd") or 0.0,
        budget_usd=(known.get("config") or {}).get("policy", {}).get("monthly_budget_usd"),
        trends=_trends(answers.get("weeks"), answers.get("runs", {}), end.date() - DAY),
    )


def worst(
    scorecards: Mapping[str, Answer], live: Mapping[str, Answer | None]
) -> tuple[SiteScore, ...]:
    """Return the sites with the largest error, of all models, with the cause that people were told."""
    causes = {
        (name, each["site_id"]): _cause(each)
        for name, said in live.items()
        for each in (said or {}).get("standing", ())
    }
    found = [
        SiteScore(
            site_id=line["name"],
            model_id=name,
            figures=figures(line),
            cause=causes.get((name, line["name"]), ""),
        )
        for name, card in scorecards.items()
        for line in card.get("lines", ())
        if line.get("nmae") is not None and line.get("inputs") != "hindsight"
    ]
    found.sort(key=lambda each: (-(each.figures.nmae or 0.0), each.model_id, each.site_id))
    return tuple(found[:MOST_WORST])


def silent(overview: Answer) -> tuple[Silent, ...]:
    """Return who sends nothing, the longest silence first."""
    found = [Silent(**each) for each in overview.get("silent", ())]
    return tuple(sorted(found, key=lambda each: (each.since, each.site_id)))


def sent(overview: Answer, now: datetime) -> int:
    """Return how many sites uploaded something within the last day."""
    moments = map(datetime.fromisoformat, overview.get("last_upload_at", {}).values())
    return sum(now - moment <= DAY for moment in moments)


def open_questions(overview: Answer) -> tuple[Wait, ...]:
    """Return what a person is to answer about sites: suspect sources and refused configurations."""
    suspects = [
        Wait(
            what=f"source {each['source']} of site {each['site_id']} is suspect ({each['cause']}), so that "
            f"its files enter no dataset",
            command="solar sites list",
            model_id=each["model_id"],
            site_id=each["site_id"],
        )
        for each in overview.get("suspects", ())
    ]
    refused = [
        Wait(
            what=f"{each['key']} was refused"
            + (f" at line {each['line']}" if each.get("line") else "")
            + f": {each['reason']}",
            command=f"solar sites check {str(each['key']).rpartition('/')[2]}",
            **_configured(str(each["key"])),
        )
        for each in overview.get("refused", ())
    ]
    return (*suspects, *refused)


def _configured(key: str) -> dict[str, str]:
    """Return which site or model a key of `config/` is about, if it is about one."""
    folder, _, name = key.removesuffix(".yaml").rpartition("/")
    kinds = {"config/sites": "site_id", "config/models": "model_id"}
    return {kinds[folder]: name} if folder in kinds else {}


def _known(said: Answer) -> Answer:
    found: Answer = next(iter(said.get("models", ())), {})
    return found


def _pending(name: str, said: Answer) -> list[Wait]:
    """Return which versions wait for approval."""
    found = []
    for each in said.get("pending", {}).get(name, ()):
        since = datetime.fromisoformat(each["since"])
        what = (
            f"version {each['version']} of model {name} waits for approval since {since:%Y-%m-%d}"
        )
        command = f"solar approve {each['version']} {name}"
        found.append(Wait(what=what, command=command, model_id=name))
    return found


def _held(name: str, hold: Answer | None) -> list[Wait]:
    if hold is None:
        return []
    since = datetime.fromisoformat(hold["since"])
    return [
        Wait(
            what=f"model {name} is held by {hold['by']} since {since:%Y-%m-%d}: {hold['reason']}",
            command=f"solar release {name}",
            model_id=name,
        )
    ]


def _decisions(
    name: str, said: Answer, begin: datetime, end: datetime
) -> tuple[tuple[Decided, ...], Decided | None]:
    """Return the retrains that were decided, and the last decision that was none; both may be absent."""
    found = [
        Decided(
            at=at,
            outcome=each["outcome"],
            reason=next(iter(each.get("reasons", ())), "no reason was recorded"),
        )
        for each in said.get("decisions", {}).get(name, ())
        if begin <= (at := datetime.fromisoformat(each["at"])) < end
    ]
    retrains = [each for each in found if each.outcome == RETRAIN]
    others = [each for each in found if each.outcome != RETRAIN]
    return tuple(retrains[:MOST_RETRAINS]), max(others, key=lambda each: each.at, default=None)


def _late(said: Answer) -> tuple[str, ...]:
    return tuple(
        site["site_id"]
        for site in said.get("sites", ())
        if any(feed["late"] for feed in site["feeds"])
    )


def _trends(weeks: Answer | None, runs: Answer, last: date) -> tuple[Trend, ...]:
    """Return the weeks up to a day, the oldest first; without scores of weeks there are none."""
    if weeks is None:
        return ()
    lines: dict[str, list[Answer]] = {}
    for each in weeks.get("lines", ()):
        lines.setdefault(each["name"], []).append(each)
    counts: Counter[str] = Counter()
    costs: dict[str, float] = defaultdict(float)
    for run in runs.get("runs", ()):
        week = iso_week(datetime.fromisoformat(run["started_at"]).date())
        counts[week] += 1
        costs[week] += run.get("cost_usd") or 0.0
    names = [iso_week(last - DAY * 7 * number) for number in reversed(range(WEEKS))]
    while names and names[0] not in lines and names[0] not in counts:
        names.pop(0)  # before the model
    return tuple(
        Trend(
            week=name,
            figures=figures(main_line(lines.get(name, ()))),
            runs=counts[name],
            cost_usd=costs[name],
        )
        for name in names
    )


def first_of_weeks(last: date) -> date:
    """Return the Monday of the first week of a trend."""
    return last - DAY * (last.weekday() + 7 * (WEEKS - 1))


def files(
    accepted: Mapping[date, int], refused: Mapping[date, int], first: date, last: date
) -> Files:
    """Return how many files were accepted and refused from one day to another."""
    return Files(
        accepted=sum(count for day, count in accepted.items() if first <= day <= last),
        refused=sum(count for day, count in refused.items() if first <= day <= last),
    )


def file_weeks(
    accepted: Mapping[date, int], refused: Mapping[date, int], last: date
) -> tuple[Files, ...]:
    """Return the same week by week, the oldest first; weeks before the first file are left out."""
    mondays = [first_of_weeks(last) + DAY * 7 * number for number in range(WEEKS)]
    found = [
        files(accepted, refused, monday, min(monday + DAY * 6, last)).model_copy(
            update={"week": iso_week(monday)}
        )
        for monday in mondays
    ]
    while found and not (found[0].accepted or found[0].refused):
        found.pop(0)
    return tuple(found)


def _cause(standing: Answer) -> str:
    since = standing.get("since")
    said = str(standing.get("why") or standing.get("cause", "").replace("_", " "))
    return f"{said} (since {since})" if since and said else said


def named(models: Iterable[Answer]) -> list[str]:
    """Return the names of all models."""
    return [each["model_id"] for each in models]
