"""Which sources are suspect follows from the set of files alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.data_watcher.domain import admission, suspicion
from services.data_watcher.domain.overlaps import FileOverlap
from services.data_watcher.domain.suspicion import Judged, Seen, SiteSuspicions
from services.data_watcher.domain.versions import (
    Accepted,
    CanonicalObject,
    Current,
    Decision,
    Duplicate,
    Fault,
    Pending,
    Quarantined,
    RowSummary,
    Upload,
)
from shared.suspects import ActiveSuspects
from tests.unit.data_watcher.fakes import START, site

CAUSES = [None, "wrong_unit", "wrong_clock"]
judged = st.builds(
    Judged,
    source=st.sampled_from(["power", "weather"]),
    key=st.integers(0, 30).map(lambda number: f"raw/east/{number:02}.csv"),
    content=st.integers(0, 12).map(str),
    cause=st.sampled_from(CAUSES),
)


def files(refused: int, accepted: int, cause: str = "wrong_unit") -> tuple[Judged, ...]:
    names = (f"raw/east/{number:03}.csv" for number in range(refused + accepted))
    return tuple(
        Judged("power", key, key, cause if number < refused else None, "in W, not kW")
        for number, key in enumerate(names)
    )


def looked(
    known: SiteSuspicions, shown: tuple[Judged, ...], waiting: frozenset[str] = frozenset()
) -> SiteSuspicions:
    return suspicion.look(known, site(), Seen(shown, waiting), START)


# --- the fold -----------------------------------------------------------------------------------------


@given(st.lists(judged), st.randoms())
def test_the_order_of_the_files_does_not_matter(found: list[Judged], random: object) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert suspicion.findings(shuffled) == suspicion.findings(found)


@given(st.lists(judged), st.data())
def test_a_file_that_is_seen_twice_counts_once(found: list[Judged], data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(found), max_size=5)) if found else []

    assert suspicion.findings([*found, *again]) == suspicion.findings(found)


@given(st.lists(judged))
def test_the_same_bytes_under_another_name_count_once(found: list[Judged]) -> None:
    copies = [replace(each, key=f"raw/east/zz-copy-of-{each.key[-6:]}") for each in found]

    assert suspicion.findings([*found, *copies]) == suspicion.findings(found)


@pytest.mark.parametrize(
    ("refused", "accepted", "is_suspect"),
    [
        (11, 1, True),  # eleven of twelve months in kWh, and one that is too short to tell
        (2, 0, True),  # what comes next must not count before somebody looked
        (2, 8, True),
        (2, 9, False),  # less than a fifth
        (1, 0, False),  # an accident of one file
        (1, 1, False),
        (0, 5, False),
    ],
)
def test_a_fifth_of_the_files_and_at_least_two_make_a_source_suspect(
    refused: int, accepted: int, *, is_suspect: bool
) -> None:
    found = suspicion.findings(files(refused, accepted))

    assert bool(found) == is_suspect
    if is_suspect:
        (finding,) = found["power"]
        assert (finding.refused, finding.judged) == (refused, refused + accepted)
        assert finding.example == "raw/east/000.csv"


def test_other_causes_and_other_sources_do_not_add_up() -> None:
    mixed = [
        Judged("power", "1", "1", "wrong_unit"),
        Judged("power", "2", "2", "wrong_clock"),
        Judged("weather", "3", "3", "wrong_unit"),
    ]

    assert suspicion.findings(mixed) == {}


# --- what the ledger shows ----------------------------------------------------------------------------


def versions(described: object = None) -> Iterator[tuple[str, Current]]:
    """Yield one file in each state that matters, judged as the site of `fakes` says."""
    reading = admission.reading_of(site(), "raw/east/a.csv")
    upload = Upload("v", START)
    fault = Fault("wrong_unit", "in W", "say W")
    refused = Quarantined(upload=upload, reading=reading, fault=fault, sha256="1")
    rows = RowSummary(1, 0, {}, ("power_ac",), START, START)
    canonical = CanonicalObject("f", "canonical/east/f.parquet", START)
    yield "raw/east/refused.csv", refused
    yield "raw/east/unreadable.csv", replace(refused, fault=replace(fault, code="unreadable"))
    yield "raw/east/dismissed.csv", replace(refused, dismissed=Decision("r", "ops", "old", START))
    yield "raw/east/of-no-source.txt", refused
    yield (
        "raw/east/accepted.csv",
        Accepted(upload=upload, reading=reading, sha256="2", canonical=canonical, rows=rows),
    )


def test_refused_files_count_unless_the_cause_is_theirs_alone_or_they_were_dismissed() -> None:
    shown = suspicion.seen(site(), versions())

    assert [(each.key, each.cause) for each in shown.files] == [
        ("raw/east/refused.csv", "wrong_unit"),
        ("raw/east/accepted.csv", None),
    ]
    assert shown.waiting == frozenset()


def test_the_same_refused_bytes_under_two_names_count_once() -> None:
    refused = dict(versions())["raw/east/refused.csv"]
    both = [("raw/east/a.csv", refused), ("raw/east/b.csv", refused)]

    assert suspicion.findings(suspicion.seen(site(), both).files) == {}
    other = [*both, ("raw/east/c.csv", replace(refused, sha256="3"))]
    (found,) = suspicion.findings(suspicion.seen(site(), other).files)["power"]
    assert (found.refused, found.judged) == (2, 2)


def test_refused_files_of_which_the_bytes_were_never_hashed_count_by_name() -> None:
    unread = replace(dict(versions())["raw/east/refused.csv"], sha256=None)  # type: ignore[arg-type]
    both = [("raw/east/a.csv", unread), ("raw/east/b.csv", unread)]

    (found,) = suspicion.findings(suspicion.seen(site(), both).files)["power"]
    assert (found.refused, found.judged) == (2, 2)


def test_of_files_that_contradict_others_the_accepted_ones_are_counted() -> None:
    said = FileOverlap(rows=50, share=0.5, files=1, example="1 here, 2 there")
    overlaps = {"raw/east/003.csv": said, "raw/east/000.csv": said}
    shown = Seen(files(2, 3), frozenset(), overlaps)

    (found,) = suspicion.contradicted(shown).values()
    assert (found.refused, found.judged, found.example) == (1, 3, "raw/east/003.csv")


def test_copies_of_files_say_nothing() -> None:
    reading = admission.reading_of(site(), "raw/east/a.csv")
    copy = Duplicate(upload=Upload("v", START), reading=reading, of="a", sha256="2", rows=None)

    assert suspicion.seen(site(), [("raw/east/b.csv", copy)]) == Seen((), frozenset())


def test_a_verdict_by_an_older_configuration_says_nothing_until_it_is_judged_again() -> None:
    shown = suspicion.seen(site(ac_capacity_kw=7), versions())

    assert shown == Seen((), frozenset({"power"}))


def test_a_file_that_waits_is_noted() -> None:
    key = "raw/east/a.csv"
    for reading in ("r", admission.reading_of(site(), key)):
        waits = Pending(upload=Upload("v", START), reading=reading)
        assert suspicion.seen(site(), [(key, waits)]) == Seen((), frozenset({"power"}))


# --- what is known ------------------------------------------------------------------------------------


SUSPECT = looked(SiteSuspicions("east"), files(11, 1))
ANSWER = Decision("request", "ops", "the meter was changed", START)


def answered(known: SiteSuspicions, shown: tuple[Judged, ...]) -> SiteSuspicions:
    question = known.sources["power"].question
    return looked(suspicion.trust(known, "power", question, ANSWER), shown)


def test_what_is_published_says_how_many_why_and_what_to_do() -> None:
    (source,) = suspicion.published(SUSPECT).sources

    assert (source.source, source.cause) == ("power", "wrong_unit")
    assert "11 of 12 files" in source.reason
    assert "raw/east/000.csv: in W, not kW" in source.reason
    assert "solar sites trust east power --reason" in source.remedy


def test_more_files_of_the_same_kind_are_no_news() -> None:
    after = looked(SUSPECT, files(20, 3))

    assert after.sources["power"].refused == 20
    assert after.sources["power"].changes == SUSPECT.sources["power"].changes


def test_a_source_is_cleared_once_its_files_read_well_and_suspect_again_if_not() -> None:
    cleared = looked(SUSPECT, files(0, 12))
    again = looked(cleared, files(11, 1))

    assert suspicion.published(cleared) == ActiveSuspects(site_id="east")
    assert [each.sources["power"].standing for each in (cleared, again)] == ["cleared", "suspect"]
    changes = [each.sources["power"].changes for each in (SUSPECT, cleared, again)]
    assert changes == [1, 2, 3]


def test_a_source_is_not_cleared_while_its_files_are_read_again() -> None:
    assert looked(SUSPECT, (), frozenset({"power"})) == SUSPECT
    assert looked(SUSPECT, (), frozenset({"weather"})).suspect == ()


def test_a_trusted_source_is_not_suspect_and_stays_trusted_when_more_is_refused() -> None:
    trusted = answered(SUSPECT, files(11, 1))

    assert trusted.suspect == ()
    assert "ops trusts the accepted files: the meter was changed" in suspicion.reason_of(
        trusted.sources["power"]
    )
    assert looked(trusted, files(30, 1)).suspect == ()


def test_another_cause_or_another_configuration_is_another_question() -> None:
    trusted = answered(SUSPECT, files(11, 1))
    other_cause = looked(trusted, files(11, 1, cause="wrong_clock"))
    other_site = site(ac_capacity_kw=60)
    other_yaml = suspicion.look(trusted, other_site, Seen(files(11, 1), frozenset()), START)

    assert [each.cause for each in other_cause.suspect] == ["wrong_clock"]
    assert [each.cause for each in other_yaml.suspect] == ["wrong_unit"]


def test_an_answer_holds_again_for_the_configuration_it_was_given_for() -> None:
    trusted = answered(SUSPECT, files(11, 1))
    later = looked(looked(trusted, files(0, 12)), files(11, 1))

    assert later.sources["power"].standing == "trusted"


def test_of_two_causes_the_one_that_nobody_trusts_decides() -> None:
    both = (
        *files(6, 0),
        *(
            replace(each, key=f"{each.key}.b", content=f"{each.key}.b", cause="counter")
            for each in files(5, 0)
        ),
    )
    trusted = answered(looked(SiteSuspicions("east"), both), both)

    assert [each.cause for each in trusted.suspect] == ["counter"]


def test_only_what_is_asked_can_be_answered() -> None:
    known = SiteSuspicions("east")

    assert suspicion.trust(known, "power", "any", ANSWER) == known
    assert suspicion.trust(SUSPECT, "power", "an older question", ANSWER) == SUSPECT
    cleared = looked(SUSPECT, files(0, 12))
    question = cleared.sources["power"].question
    assert suspicion.trust(cleared, "power", question, ANSWER) == cleared


def test_since_is_when_the_question_came_up() -> None:
    later = START + timedelta(days=3)
    after = suspicion.look(SUSPECT, site(), Seen(files(20, 1), frozenset()), later)

    assert after.sources["power"].since == START


def test_a_source_that_was_trusted_and_is_cleared_says_what_it_was_and_asks_for_nothing() -> None:
    (cleared,) = looked(answered(SUSPECT, files(11, 1)), files(0, 12)).sources.values()
    (asked,) = SUSPECT.sources.values()

    assert cleared.standing == "cleared"
    assert suspicion.reason_of(cleared).startswith("11 of 12 files of source power were refused as")
    assert suspicion.remedy_of("east", cleared) == "nothing is to be done"
    assert "solar sites trust east power" in suspicion.remedy_of("east", asked)


def test_a_cleared_source_stays_as_it_is() -> None:
    cleared = looked(SUSPECT, files(0, 12))
    later = suspicion.look(
        cleared, site(), Seen(files(0, 12), frozenset()), START + timedelta(days=1)
    )

    assert later == cleared
