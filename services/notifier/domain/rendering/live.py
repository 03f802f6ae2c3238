"""What follows a deployment: a site at which the served model does worse than promised, and its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.notifier.domain.notice import Notice, Severity
from services.notifier.domain.rendering.pieces import Alike, Facts, listed, notice, sentence
from shared import messages


def _accuracy_degraded(message: messages.AccuracyDegraded) -> Notice:
    if message.recovered:
        return _recovered(message)
    if message.kind == "data":
        return _data_fault(message)
    after = (
        "A retrain is considered by itself."
        if message.retrain_helps
        else "No retrain is started: it would teach the model the fault."
    )
    return notice(
        message,
        Severity.WARNING,
        f"Model {message.model_id} does worse than promised at site {message.site_id}",
        _sentence(message.why or _figures_in_words(message)),
        after,
        facts=_facts(message),
        alike=Alike(
            (message.model_id, message.kind, message.cause),
            message.site_id,
            f"Model {message.model_id} does worse than promised at {{count}} sites",
        ),
    )


def _data_fault(message: messages.AccuracyDegraded) -> Notice:
    return notice(
        message,
        Severity.WARNING,
        f"What site {message.site_id} measures cannot be used: {message.cause.replace('_', ' ')}",
        _sentence(message.why),
        "Its days are not scored until that is over, and no retrain is started for it. If the values are "
        f"wrong, take them out of training: solar exclude {message.site_id} START END --reason …",
        facts=_facts(message),
        alike=Alike(
            (message.model_id, message.kind, message.cause),
            message.site_id,
            f"What {{count}} sites measure cannot be used: {message.cause.replace('_', ' ')}",
        ),
    )


def _recovered(message: messages.AccuracyDegraded) -> Notice:
    what = (
        f"What site {message.site_id} measures can be used again"
        if message.kind == "data"
        else f"Model {message.model_id} is as good as promised again at site {message.site_id}"
    )
    return notice(
        message,
        Severity.INFO,
        what,
        _sentence(message.why),
        facts=_facts(message),
        alike=Alike(
            (message.model_id, message.kind, "over"),
            message.site_id,
            f"Model {message.model_id}: {{count}} sites are as they should be again",
        ),
    )


def _sentence(text: str) -> str:
    return sentence(text[:1].upper() + text[1:])


def _figures_in_words(message: messages.AccuracyDegraded) -> str:
    if message.nmae is None or message.expected_nmae is None:
        return f"it misses what was promised over {message.days} days"
    return (
        f"over {message.days} days it misses by {message.nmae:.1%} of capacity in the mean; "
        f"{message.expected_nmae:.1%} was promised"
    )


def _facts(message: messages.AccuracyDegraded) -> Facts:
    found = [
        ("Model", message.model_id),
        ("Site", message.site_id),
        ("Version", str(message.model_package_version)),
    ]
    if message.since is not None:
        found.append(("Began" if message.recovered else "Since", message.since))
    if message.nmae is not None and message.expected_nmae is not None:
        promised = f"promised {message.expected_nmae:.1%}"
        said = f"{message.nmae:.1%} of capacity over {message.days} days ({promised})"
        found.append(("Error", said))
    if message.energy_ratio is not None and message.expected_energy_ratio is not None:
        said = f"{message.energy_ratio:.2f} (promised {message.expected_energy_ratio:.2f})"
        found.append(("Measured over predicted energy", said))
    found.append(("More", f"solar scorecard {message.model_id} --site {message.site_id} --by day"))
    return tuple(found)


def _tomorrow_forecast(message: messages.TomorrowForecast) -> Notice:
    energy = message.together
    rows = tuple(f"{each.site_id}: {_range(each)}" for each in message.sites)
    more = (f"and {message.more} smaller sites",) if message.more else ()
    return notice(
        message,
        Severity.INFO,
        f"Model {message.model_id} expects {energy.p50:,.0f} kWh on {message.day:%a %d %b}",
        f"Eight of ten such days lie between {energy.p10:,.0f} and {energy.p90:,.0f} kWh.",
        listed("By site, P50 with P10 to P90:", (*rows, *more)) if len(message.sites) > 1 else "",
        _named("The next forecast is late, so that an older one goes on", message.late),
        _named(
            "Not in the sum, as the forecast does not reach over the whole day", message.unknown
        ),
        facts=(
            ("Version", str(message.model_package_version)),
            ("Hour by hour", f"solar forecast {message.model_id}"),
        ),
    )


def _range(energy: messages.SiteEnergy) -> str:
    return f"{energy.p50:,.0f} kWh ({energy.p10:,.0f} to {energy.p90:,.0f})"


def _named(what: str, sites: tuple[str, ...]) -> str:
    return f"{what}: {', '.join(sites)}." if sites else ""


RENDERERS: dict[type[Any], Callable[[Any], Notice]] = {
    messages.AccuracyDegraded: _accuracy_degraded,
    messages.TomorrowForecast: _tomorrow_forecast,
}
