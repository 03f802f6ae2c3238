"""Sabotaged model packages, deployed by the real deployer on the local platform while a client asks.

The program of the endpoint is the real one; so are registry, alarms, canary and deployer. `make sabotage`
deploys every kind as first version and as successor, with and without a client, and prints what came of it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.integration.conftest import running
from tests.integration.observe import wait_for
from tests.integration.sabotage_world import BETWEEN_CHECKS, Plant, plant_of
from tests.integration.sabotaged import (
    ARCHIVES,
    IMAGES,
    KINDS,
    PROGRAMS,
)


@dataclass(frozen=True)
class Outcome:
    """What a sabotaged version came to."""

    kind: str
    number: int
    endpoint: tuple[str, int | None]
    approval: str
    note: str
    told: tuple[str, ...]
    causes: tuple[str, ...]
    will_retry: bool
    answers: Counter[tuple[int | None, str]]

    @property
    def failed(self) -> int:
        """Answers that failed although the version that gave them was not the new one."""
        return sum(
            count
            for (version, how), count in self.answers.items()
            if how != "ok" and version != self.number
        )


GOOD = "good"  # a version that is; what serves before it is not
NOBODY_ASKED: Counter[tuple[int | None, str]] = Counter()


LONG_BAKE, SHORT_BAKE = (
    3600,
    1,
)  # [s], which the platform scales: longer and shorter than between checks


def sabotage(
    plant: Plant,
    model_id: str,
    kind: str,
    *,
    successor: bool = True,
    traffic: bool = True,
    bake: int = LONG_BAKE,
) -> Outcome:
    """Deploy a sabotaged version, as successor of a good one or as the first, with or without a client."""
    if successor:
        champion(plant, model_id)
    return attack(plant, model_id, kind, traffic=traffic, bake=bake)


def champion(plant: Plant, model_id: str) -> None:
    """Deploy a good version of a new model."""
    plant.approve(model_id, "good")
    plant.rest(model_id)


def attack(
    plant: Plant, model_id: str, kind: str, *, traffic: bool = True, bake: int = LONG_BAKE
) -> Outcome:
    """Deploy a sabotaged version of a model; its canary bakes until there is evidence, or hardly at all."""
    plant.configure(model_id, bake)
    client = plant.client(model_id)
    if traffic:
        with client:
            number = plant.approve(model_id, kind)
            plant.rest(model_id)
            time.sleep(BETWEEN_CHECKS)
    else:
        number = plant.approve(model_id, kind)
        plant.rest(model_id)
    return outcome(plant, model_id, kind, number, client.answers)


def good_after_bad(plant: Plant, model_id: str) -> Outcome:
    """Deploy a good version while the one before it fails requests, and again when its alarm is over."""
    plant.approve(model_id, "nan_for_one_row")  # which the reference rows do not ask for
    plant.rest(model_id)
    plant.configure(model_id, LONG_BAKE)
    number = plant.approve(model_id, GOOD)
    client = plant.client(model_id, most_rows=1)
    plant.check(model_id)
    with client:
        wait_for(lambda: plant.ringing(model_id), bool)
        plant.rest(model_id)
    wait_for(lambda: plant.ringing(model_id), lambda rings: not rings, seconds=180)
    plant.configure(model_id, SHORT_BAKE)
    plant.forget_wait(model_id)
    plant.rest(model_id)
    return outcome(plant, model_id, GOOD, number, client.answers)


def outcome(
    plant: Plant,
    model_id: str,
    kind: str,
    number: int,
    answers: Counter[tuple[int | None, str]] = NOBODY_ASKED,
) -> Outcome:
    """Look at what a version came to."""
    approval, note = plant.package(model_id, number)
    told = plant.told(model_id, number)
    return Outcome(
        kind,
        number,
        plant.status(model_id),
        approval,
        note,
        tuple(sorted(each["type"].removeprefix("solar.") for each in told)),
        tuple(each.get("cause") or each.get("reason") or each["type"] for each in told),
        any(each.get("will_retry") for each in told),
        answers,
    )


def main(arguments: list[str]) -> int:
    """Print what every kind comes to; exit code 1 where a promise does not hold."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument(
        "--only", nargs="*", default=(*KINDS, GOOD), choices=(*KINDS, GOOD), help="these kinds"
    )
    parser.add_argument(
        "--bake",
        type=int,
        default=LONG_BAKE,
        help=f"seconds; {SHORT_BAKE} ends before anybody looks",
    )
    parser.add_argument("--at-once", type=int, default=2, help="how many are tried side by side")
    chosen = parser.parse_args(arguments)
    cases = [
        (kind, successor, traffic)
        for kind in chosen.only
        for successor in (True, False)
        for traffic in (True, False)
        if kind != GOOD or (successor and traffic)  # else nothing before it fails anybody
    ]
    with (
        tempfile.TemporaryDirectory() as home,
        running(Path(home), SOLAR_LOCAL_BAKE_SCALE="0.04") as platform,
        plant_of(platform) as plant,
        ThreadPoolExecutor(chosen.at_once) as pool,
    ):

        def run(case: tuple[str, bool, bool]) -> str | None:
            kind, successor, traffic = case
            model_id = (
                f"{kind.replace('_', '-')}-{'after' if successor else 'first'}-{int(traffic)}"
            )
            started = time.monotonic()
            try:
                if kind == GOOD:
                    found = good_after_bad(plant, model_id)
                    fault = held_back(found)
                else:
                    found = sabotage(
                        plant,
                        model_id,
                        kind,
                        successor=successor,
                        traffic=traffic,
                        bake=chosen.bake,
                    )
                    fault = broken(found, successor=successor)
            except Exception as error:  # noqa: BLE001 - the other kinds are tried all the same
                print(f"{model_id:32} {error!r}  BROKEN", flush=True)
                return repr(error)
            print(
                f"{model_id:28} {time.monotonic() - started:4.0f} s  {said(found)}"
                f"  {f'BROKEN: {fault}' if fault else 'held'}\n    {found.causes[-1][:150]}",
                flush=True,
            )
            return fault

        faults = [fault for fault in pool.map(run, cases) if fault]
    print(f"{len(cases) - len(faults)} of {len(cases)} held")
    return 1 if faults else 0


def said(found: Outcome) -> str:
    """Return an outcome as a line."""
    status, serves = found.endpoint
    by = Counter[str]()
    for (version, how), count in found.answers.items():
        who = "the new one" if version == found.number else "the champion"
        what = f"{who} {'answered' if how == 'ok' else 'failed'}"
        by[what if version is not None else "there was no endpoint"] += count
    asked = ", ".join(f"{what} {count} times" for what, count in sorted(by.items()))
    return (
        f"{status} {f'v{serves}' if serves else ''} {found.approval}, told {', '.join(found.told)}; "
        f"{asked or 'no client'}"
    )


# What people must be told as the cause; which evidence is seen first is chance.
_REAL_ROWS = "the last day's rows of site"
CAUSES = {
    "constant": ("mismatch", "differently", _REAL_ROWS),
    "low": ("mismatch", "differently", _REAL_ROWS),
    "nan": ("errors", "no number", _REAL_ROWS),
    "nan_for_one_site": ("errors", "no number", _REAL_ROWS),
    "schema": ("ping health check",),
    "altered": ("ping health check",),
    "truncated": ("no usable tar.gz",),
    "slow": ("latency", "it is slow"),
    "shifted": ("farther from the measured power",),
    "no_image": ("Requested image",),
    "image_lost": ("Requested image",),
    "no_run_id": ("no reference rows",),
}
BARS = {*ARCHIVES, *PROGRAMS}


def broken(found: Outcome, *, successor: bool) -> str | None:
    """Return which promise a sabotaged version broke, or None where all were kept."""
    serves = ("InService", 1) if successor else ("none", None)
    bars = found.kind in BARS
    end = "deployment_rolled_back" if successor and bars else "deployment_failed"
    # Nothing served before that it could be compared with; what it is worth, its live scores tell.
    if not successor and found.kind == "shifted":
        serves, bars, end = ("InService", 1), False, "model_deployed"
    wanted = "Rejected" if bars else "Approved"
    ends = [each for each in found.told if each != "deployment_started"]
    is_told = end == "model_deployed" or any(
        word in cause for word in CAUSES[found.kind] for cause in found.causes
    )
    faults = {
        f"the endpoint is {found.endpoint}, not {serves}": found.endpoint != serves,
        f"the version is {found.approval}, not {wanted}": found.approval != wanted,
        f"people were told {ends}, not {end} once": ends != [end],
        f"people were told {found.causes}, not {CAUSES[found.kind]}": not is_told,
        f"{found.failed} answers of the champion failed": successor and found.failed > 0,
        f"will_retry is {found.will_retry}": found.will_retry != (found.kind in IMAGES),
    }
    return next((fault for fault, is_so in faults.items() if is_so), None)


def held_back(found: Outcome) -> str | None:
    """Return which promise to a good version was broken, or None where it serves and was never barred."""
    ends = [each for each in found.told if each != "deployment_started"]
    blamed = [cause for cause in found.causes if "for version 1, which served before" in cause]
    faults = {
        f"the endpoint is {found.endpoint}": found.endpoint != ("InService", found.number),
        f"the version is {found.approval}": found.approval != "Approved",
        f"people were told {ends}": ends != ["deployment_failed", "model_deployed"],
        f"people were told {found.causes}": len(blamed) != 1,
        "it failed requests itself": bool(found.answers[found.number, "failed"]),
    }
    return next((fault for fault, is_so in faults.items() if is_so), None)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
