"""What a person may change from a page: what it will do, what it takes, and how it is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from console import times
from console.client import dead_letters, excluding, ledger, people
from console.errors import ConsoleError
from console.target import System
from console.web.rendering import link

Given = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Action:
    """A change.

    Attributes
    ----------
    needs
        Names of what it is about, as they stand in the link.
    changes
        Whose right it takes, as `rights.missing` names it.
    says
        What will happen, in sentences; raises ConsoleError where it cannot.
    done
        What is shown afterwards.
    asks_why
        Whether there is a place that keeps a reason.
    """

    title: str
    needs: tuple[str, ...]
    changes: str
    says: Callable[[System, Given], list[str]]
    do: Callable[[System, Given, str, str], object]
    back: Callable[[Given], str]
    done: str
    dangerous: bool = False
    asks_why: bool = True


def _model_page(given: Given) -> str:
    return f"/models/{link(given['model'])}"


def _file_page(given: Given) -> str:
    return f"/file?key={link(given['key'])}"


def _site_page(given: Given) -> str:
    return f"/sites/{link(given['site'])}"


def _version(given: Given) -> int:
    if not given["version"].isdecimal():
        raise ConsoleError(f"{given['version']!r} is no version")
    return int(given["version"])


def _approve_says(system: System, given: Given) -> list[str]:
    people.require_evaluation(system, given["model"], _version(given))
    return [
        f"Version {_version(given)} of model {given['model']} is approved in your name.",
        "It is tested before it serves; on instances a part of the requests comes first.",
    ]


def _decide(status: str) -> Callable[[System, Given, str, str], object]:
    def do(system: System, given: Given, reason: str, by: str) -> object:
        if status == "Approved":
            people.require_evaluation(system, given["model"], _version(given))
        return people.decide(system, given["model"], _version(given), status, reason=reason, by=by)

    return do


def _reject_says(_: System, given: Given) -> list[str]:
    return [
        f"Version {_version(given)} of model {given['model']} is rejected in your name; it is not deployed.",
        "If it serves now, the newest approved version serves instead, where there is one.",
    ]


def _rollback_says(system: System, given: Given) -> list[str]:
    planned = people.plan_rollback(system, given["model"])
    if not planned.bars:
        raise ConsoleError(f"model {given['model']} has no approved version that serves")
    barred = ", ".join(map(str, planned.bars))
    said = [
        f"Version {barred} of model {given['model']} is taken back and barred, with your reason.",
        "The approved version before it serves again.",
        "The model is held: nothing newer is deployed by itself until somebody releases it.",
    ]
    if planned.loses:
        said.append(f"The version before does not know these sites: {', '.join(planned.loses)}.")
    return said


def _roll_back(system: System, given: Given, reason: str, by: str) -> object:
    return people.roll_back(system, people.plan_rollback(system, given["model"]), reason, by)


def _hold(*, hold: bool) -> Callable[[System, Given, str, str], object]:
    def do(system: System, given: Given, reason: str, by: str) -> object:
        return people.hold(system, given["model"], reason, by, hold=hold)

    return do


def _moment(text: str) -> datetime:
    try:
        return times.in_utc(times.written(text))
    except ValueError as error:
        raise ConsoleError(f"{text!r} is no time; write 2026-11-24T07:19Z") from error


def _exclude_says(_: System, given: Given) -> list[str]:
    begin, until = _moment(given["start"]), _moment(given["end"])
    if until <= begin:
        raise ConsoleError("the end must come after the start")
    return [
        f"The rows of site {given['site']} from {begin:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M} UTC enter "
        "no further dataset.",
        "Models that were trained on them are looked at again: a champion that learnt from them is taken "
        "back, and a retrain starts.",
    ]


def _exclude(system: System, given: Given, reason: str, by: str) -> object:
    added = excluding.a_range(_moment(given["start"]), _moment(given["end"]), reason, by)
    return excluding.exclude(system, given["site"], added)


def _include_says(_: System, given: Given) -> list[str]:
    begin, until = _moment(given["start"]), _moment(given["end"])
    return [
        f"The rows of site {given['site']} from {begin:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M} UTC may be "
        "trained on again.",
    ]


def _include(system: System, given: Given, _reason: str, _by: str) -> object:
    return excluding.include(system, given["site"], _moment(given["start"]), _moment(given["end"]))


def _remove_says(system: System, given: Given) -> list[str]:
    (file,) = ledger.removable(system, [given["key"]])
    rows = f" {file['rows']} rows" if file["rows"] else ""
    return [
        f"{given['key']} is taken out: its{rows or ' rows'} enter no further dataset.",
        "S3 keeps the bytes, the ledger who did it and why. Reading it again takes it in again.",
    ]


def _dismiss_says(system: System, given: Given) -> list[str]:
    ledger.dismissable(system, [given["key"]])
    return [
        f"{given['key']} stays refused, and leaves the list of open work.",
        "It no longer counts when the other files of its source are judged.",
    ]


def _release_says(system: System, given: Given) -> list[str]:
    file = ledger.current(system, given["key"])
    return [
        f"{given['key']} ({file['state']}) is read again by the configuration in force; no new upload is "
        "needed.",
        "If it is right now, its rows count; if not, it is refused again, with the reason.",
    ]


def _redrive_says(system: System, given: Given) -> list[str]:
    letters = dead_letters.one(system, given["queue"])
    if not letters.waiting:
        raise ConsoleError(f"{letters.queue} holds nothing that could be sent back")
    return [
        f"What {letters.queue} holds ({letters.waiting}) goes back to the inboxes that it came from, and is "
        "handled anew.",
        "Correct the cause first: what fails five times again comes back here.",
    ]


def _stop_says(system: System, given: Given) -> list[str]:
    letters = dead_letters.one(system, given["queue"])
    if letters.move is None or not letters.move.runs:
        raise ConsoleError(f"nothing of {letters.queue} is being sent back")
    return [f"{letters.queue}: {dead_letters.told(letters.move)}. What was sent stays sent."]


ACTIONS: Mapping[str, Action] = {
    "approve": Action(
        "Approve",
        ("model", "version"),
        "registry",
        _approve_says,
        _decide("Approved"),
        _model_page,
        "The version is approved. It serves as soon as its tests went well.",
    ),
    "reject": Action(
        "Reject",
        ("model", "version"),
        "registry",
        _reject_says,
        _decide("Rejected"),
        _model_page,
        "The version is rejected.",
        dangerous=True,
    ),
    "rollback": Action(
        "Roll back",
        ("model",),
        "deployer",
        _rollback_says,
        _roll_back,
        _model_page,
        "The rollback is asked for. The version before serves in a moment; this page shows it then.",
        dangerous=True,
    ),
    "hold": Action(
        "Hold",
        ("model",),
        "deployer",
        lambda _, given: [
            f"Nothing newer of model {given['model']} is deployed by itself until somebody releases it, or "
            "approves a version.",
            "Runs still train and register.",
        ],
        _hold(hold=True),
        _model_page,
        "The hold is asked for; this page shows it in a moment.",
    ),
    "unhold": Action(
        "Release",
        ("model",),
        "deployer",
        lambda _, given: [
            f"Model {given['model']} is no longer held: its newest approved version is deployed again."
        ],
        _hold(hold=False),
        _model_page,
        "The release is asked for; this page shows it in a moment.",
    ),
    "retrain": Action(
        "Retrain",
        ("model",),
        "trainer_trigger",
        lambda _, given: [
            f"A run of model {given['model']} starts now, whatever quiet period, minimum and cool-down say.",
            "A run in flight, a pause or a spent budget holds it: the decisions say so.",
        ],
        lambda system, given, reason, by: people.retrain(system, given["model"], reason, by),
        _model_page,
        "The retrain is asked for. The decisions say whether a run starts.",
    ),
    "release": Action(
        "Read again",
        ("key",),
        "data_watcher",
        _release_says,
        lambda system, given, reason, by: ledger.release(system, reason, by, key=given["key"]),
        _file_page,
        "The file is read again; this page shows the verdict in a moment.",
    ),
    "dismiss": Action(
        "Dismiss",
        ("key",),
        "data_watcher",
        _dismiss_says,
        lambda system, given, reason, by: ledger.dismiss(
            system, ledger.dismissable(system, [given["key"]]), reason, by
        ),
        _file_page,
        "The dismissal is asked for; this page shows it in a moment.",
    ),
    "remove": Action(
        "Remove",
        ("key",),
        "data_watcher",
        _remove_says,
        lambda system, given, reason, by: ledger.remove(
            system, ledger.removable(system, [given["key"]]), reason, by
        ),
        _file_page,
        "The removal is asked for; this page shows it in a moment.",
        dangerous=True,
    ),
    "exclude": Action(
        "Exclude",
        ("site", "start", "end"),
        "exclusions",
        _exclude_says,
        _exclude,
        _site_page,
        "The exclusion is stated. It is in force in a moment, and its models are looked at again.",
        dangerous=True,
    ),
    "include": Action(
        "Include",
        ("site", "start", "end"),
        "exclusions",
        _include_says,
        _include,
        _site_page,
        "The range may be trained on again; that is in force in a moment.",
    ),
    "redrive": Action(
        "Send back",
        ("queue",),
        "dead_letters",
        _redrive_says,
        lambda system, given, _reason, _by: dead_letters.send_back(
            system, dead_letters.one(system, given["queue"])
        ),
        lambda _: "/status",
        "The messages are being sent back; this page shows how far that is.",
        asks_why=False,
    ),
    "stop": Action(
        "Stop sending back",
        ("queue",),
        "dead_letters",
        _stop_says,
        lambda system, given, _reason, _by: dead_letters.stop(
            system, dead_letters.one(system, given["queue"])
        ),
        lambda _: "/status",
        "No more messages are sent back.",
        asks_why=False,
    ),
}
