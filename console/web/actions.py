"""What a person may change from a page: what it will do, what it takes, and how it is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from console.client import dead_letters, ledger
from console.errors import ConsoleError
from console.target import System
from console.web import model_changes, site_changes
from console.web.rendering import link, to

Given = Mapping[str, str]


def _nothing_shown(_: System, __: Given) -> dict[str, str]:
    return {}


def _named(given: Given) -> str:
    return ", ".join(given.values())


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
    carries
        Names of what the form carries besides, because its page showed it and the change is only of that.
    shows
        What these are now.
    may
        Names that may stand in the link besides.
    choice
        What else a person may choose: a name of `may`, and the words beside its box.
    about
        What it is about, in its title.
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
    carries: tuple[str, ...] = ()
    shows: Callable[[System, Given], dict[str, str]] = _nothing_shown
    may: tuple[str, ...] = ()
    choice: tuple[str, str] | None = None
    about: Callable[[Given], str] = _named


TIME = ("from", "to")  # that the page of a site showed


def _model_page(given: Given) -> str:
    return f"/models/{link(given['model'])}"


def _of_version(given: Given) -> str:
    return f"{given['model']} version {given['version']}"


def _file_page(given: Given) -> str:
    return f"/file?key={link(given['key'])}"


def _site_page(given: Given) -> str:
    """Return the page of a site at the time that was shown, where the link says it."""
    shown = {name: given.get(name) for name in TIME}
    return to(f"/sites/{link(given['site'])}", **shown)


def _letters_page(given: Given) -> str:
    return to("/status", queue=given["queue"])


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
        model_changes.approve_says,
        model_changes.decide("Approved"),
        _model_page,
        "The version is approved. It serves as soon as its tests went well.",
        about=_of_version,
    ),
    "reject": Action(
        "Reject",
        ("model", "version"),
        "registry",
        model_changes.reject_says,
        model_changes.decide("Rejected"),
        _model_page,
        "The version is rejected.",
        dangerous=True,
        about=_of_version,
    ),
    "rollback": Action(
        "Roll back",
        ("model",),
        "deployer",
        model_changes.rollback_says,
        model_changes.roll_back,
        _model_page,
        "The rollback is asked for. The version before serves in a moment; this page shows it then.",
        dangerous=True,
        carries=("serves",),
        shows=model_changes.shows_serving,
    ),
    "hold": Action(
        "Hold",
        ("model",),
        "deployer",
        model_changes.hold_says,
        model_changes.hold,
        _model_page,
        "The hold is asked for; this page shows it in a moment.",
        carries=("serves",),
        shows=model_changes.shows_serving,
    ),
    "unhold": Action(
        "Release",
        ("model",),
        "deployer",
        model_changes.unhold_says,
        model_changes.unhold,
        _model_page,
        "The release is asked for; this page shows it in a moment.",
    ),
    "retrain": Action(
        "Retrain",
        ("model",),
        "trainer_trigger",
        model_changes.retrain_says,
        model_changes.retrain,
        _model_page,
        "The retrain is asked for. The decisions say whether a run starts.",
        may=("force",),
        choice=(
            "force",
            "Train again although the same data were trained with the same settings (--force)",
        ),
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
        site_changes.exclude_says,
        site_changes.exclude,
        _site_page,
        "The exclusion is stated. It is in force in a moment, and its models are looked at again.",
        dangerous=True,
        may=TIME,
        about=site_changes.titled,
    ),
    "include": Action(
        "Include",
        ("site", "start", "end"),
        "exclusions",
        site_changes.include_says,
        site_changes.include,
        _site_page,
        "The range may be trained on again; that is in force in a moment.",
        may=TIME,
        about=site_changes.titled,
    ),
    "redrive": Action(
        "Send back",
        ("queue",),
        "dead_letters",
        _redrive_says,
        lambda system, given, _reason, _by: dead_letters.send_back(
            system, dead_letters.one(system, given["queue"])
        ),
        _letters_page,
        "SQS was asked to send the messages back; below stands how far that is, while some are left.",
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
        _letters_page,
        "No more messages are sent back.",
        asks_why=False,
    ),
}
