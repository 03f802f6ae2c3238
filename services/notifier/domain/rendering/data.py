"""What data_watcher says: files, configurations, silent sites and suspect sources."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from services.notifier.domain.notice import Notice, Severity
from services.notifier.domain.refusals import ACCEPTED, Case, end_of
from services.notifier.domain.rendering import offers
from services.notifier.domain.rendering.pieces import Alike, notice, sentence
from shared import messages

NO_SITE = "(unknown)"  # what data_watcher calls the site of a key that names none


def _data_withdrawn(message: messages.DataWithdrawn) -> Notice:
    return notice(
        message,
        Severity.INFO,
        f"Data of site {message.site_id} no longer counts: {message.correlation_id.rpartition('/')[2]}",
        sentence(f"Rows of {message.correlation_id} were withdrawn: {message.reason}"),
        f"Model {message.model_id} will not be trained on them again.",
        facts=(("Site", message.site_id), ("Rows", message.canonical_uri)),
        quiet=True,  # a plant that sends a growing file withdraws its rows with every upload
    )


def _file_quarantined(message: messages.FileQuarantined) -> Notice:
    site = "" if message.site_id == NO_SITE else message.site_id
    where = f"at site {site}" if site else "at no known site"
    chosen = f" --site {shlex.quote(site)}" if site else ""
    return notice(
        message,
        Severity.WARNING,
        f"File quarantined {where}: {message.reason_code}",
        sentence(f"{message.key} was not read: {message.reason}"),
        sentence(f"What to do: {message.remedy}"),
        "No model is trained on this file until then; all others are not affected.",
        facts=(
            ("Site", site),
            ("File", message.key),
            ("Reason code", message.reason_code),
            ("More", f"solar files{chosen} --state quarantined"),
        ),
        remedy=message.remedy,
        alike=Alike(
            (message.site_id, message.reason_code),
            message.key,
            f"{{count}} files quarantined {where}: {message.reason_code}",
        ),
        offers=offers.file(message.key, version_id=message.version_id) if site else (),
    )


def settled(message: messages.DataAccepted | messages.FileSettled, case: Case) -> Notice:
    """Return what is told of a file that was refused and needs nobody any more, and of those like it."""
    site, code = case.site, case.code
    where = f"of site {site}" if site != NO_SITE else "of no known site"
    told = notice(
        message,
        Severity.INFO,
        _settled_subject(message, case, where),
        *_settled_lines(message, case),
        facts=(
            ("Site", site if site != NO_SITE else ""),
            ("File", message.key if case.refused == 1 else ""),
            ("Reason code", code),
        ),
        alike=Alike((site, code), message.key, ""),
    )
    return replace(
        told,
        kind="file_settled",
        cause=f"file_settled {site} {code}",
        tells_so_far=case.settled,
        site=site,
    )


def _settled_subject(
    message: messages.DataAccepted | messages.FileSettled, case: Case, where: str
) -> str:
    if case.refused == 1:
        what = end_of(message)
        if what == ACCEPTED:
            return f"A file {where} that was refused is accepted now"
        joined = "is" if what.startswith("the same") else "was"
        return f"A file {where} that was refused {joined} {what}"
    which = f"files {where} that were refused as {case.code}"
    if case.left:
        return f"{case.settled:,} of {case.refused:,} {which} are settled"
    end = "are accepted now" if set(case.ends) == {ACCEPTED} else "are settled"
    return f"All {case.refused:,} {which} {end}"


def _settled_lines(
    message: messages.DataAccepted | messages.FileSettled, case: Case
) -> tuple[str, ...]:
    why = _why_settled(message)
    if case.refused == 1:
        return (f"{message.key} was refused as {case.code}.", why)
    left = ""
    if case.left:
        chosen = f" --site {shlex.quote(case.site)}" if case.site != NO_SITE else ""
        waits = "1 still waits" if case.left == 1 else f"{case.left:,} still wait"
        left = f"{waits} for somebody: solar files{chosen} --state quarantined"
    last = f"The last one is {message.key}: {end_of(message)}. {why}"
    return (f"What became of them: {case.tally()}.", left, last)


def _why_settled(message: messages.DataAccepted | messages.FileSettled) -> str:
    if isinstance(message, messages.DataAccepted):
        return f"Its {message.rows:,} rows count from now on."
    return sentence(f"The reason: {message.reason}") if message.reason else ""


_IN_FORCE = {
    "site": (
        "Configuration of site {name} is in force",
        "Files of site {name} are read by it from now on. Files that came before are read again "
        "where it changes how they are read.",
    ),
    "model": (
        "Configuration of model {name} is in force",
        "Model {name} is looked at again; a retrain follows if its recipe changed.",
    ),
    "exclusions": (
        "Excluded times of site {name} changed",
        "Model {model} is looked at again; a retrain follows if it learnt from what is out now, or could "
        "learn from what is in again. All that are in force: solar exclusions {name}",
    ),
}


def _config_accepted(message: messages.ConfigAccepted) -> Notice:
    subject, what = _IN_FORCE[message.kind]
    said = {"name": message.name, "model": message.model_id}
    return notice(
        message,
        Severity.INFO,
        subject.format(**said),
        what.format(**said),
        facts=(("Version", message.config_version), ("Model", message.model_id)),
        quiet=True,  # as asked; what is refused is told
    )


def _config_rejected(message: messages.ConfigRejected) -> Notice:
    line = f" line {message.line}" if message.line else ""
    return notice(
        message,
        Severity.WARNING,
        f"Configuration refused: {message.key}{line}",
        sentence(f"{message.key}{',' + line if line else ''}: {message.reason}"),
        "The last good configuration, if there was one, stays in force. "
        "Correct the file and upload it again.",
        facts=(("File", message.key), ("Line", str(message.line or ""))),
        remedy="correct the file and upload it again",
        alike=Alike((), message.key, "{count} configurations refused"),
    )


def _site_silent(message: messages.SiteSilent) -> Notice:
    if message.recovered:
        return notice(
            message,
            Severity.INFO,
            f"Site {message.site_id} sends again",
            f"It had sent nothing for {message.silent_hours:.0f} hours.",
            facts=(("Site", message.site_id),),
            alike=Alike(("again",), message.site_id, "{count} sites send again"),
        )
    return notice(
        message,
        Severity.WARNING,
        f"Site {message.site_id} has sent nothing for {message.silent_hours:.0f} hours",
        f"Its last upload came at {message.last_upload_at:%Y-%m-%d %H:%M} UTC.",
        "Look at the plant's logger and its upload; models go on with what they have.",
        facts=(("Site", message.site_id),),
        remedy="look at the plant's logger and its upload",
        alike=Alike(
            ("silent",),
            message.site_id,
            f"{{count}} sites have sent nothing for {message.silent_hours:.0f} hours or about that",
        ),
    )


def _source_suspect(message: messages.SourceSuspect) -> Notice:
    where = f"source {message.source} of site {message.site_id}"
    facts = (
        ("Site", message.site_id),
        ("Source", message.source),
        ("Cause", message.cause),
        ("More", f"solar files --site {shlex.quote(message.site_id)}"),
    )
    said = {"suspect": "suspect", "trusted": "trusted", "cleared": "no longer suspect"}
    alike = Alike(
        (message.standing, message.cause),
        f"{message.site_id}: {message.source}",
        f"{{count}} sources are {said[message.standing]} ({message.cause})",
    )
    match message.standing:
        case "suspect":
            return notice(
                message,
                Severity.WARNING,
                f"Suspect: {where} ({message.cause})",
                sentence(message.reason),
                sentence(f"What to do: {message.remedy}"),
                f"Until then model {message.model_id} is trained on no file of this source; versions that "
                "learnt from one before stay.",
                facts=facts,
                remedy=message.remedy,
                alike=alike,
            )
        case "trusted":
            return notice(
                message,
                Severity.INFO,
                f"Trusted: {where}",
                sentence(message.reason),
                f"Its accepted files count again; model {message.model_id} is looked at again.",
                facts=facts,
                alike=alike,
            )
        case "cleared":
            return notice(
                message,
                Severity.INFO,
                f"No longer suspect: {where}",
                f"Its files no longer show {message.cause}, or too few of them do.",
                f"Its accepted files count again; model {message.model_id} is looked at again.",
                facts=facts,
                alike=alike,
            )


RENDERERS: dict[type[Any], Callable[[Any], Notice]] = {
    messages.DataWithdrawn: _data_withdrawn,
    messages.FileQuarantined: _file_quarantined,
    messages.ConfigAccepted: _config_accepted,
    messages.ConfigRejected: _config_rejected,
    messages.SiteSilent: _site_silent,
    messages.SourceSuspect: _source_suspect,
}
