"""Tables stay readable on a narrow terminal."""

from __future__ import annotations

import pytest
from rich.console import Console

from console import output
from console.client import words

STATES = ["registered", "rejected"]
DATES = ["2026-11-24 07:19:00"] * 2
TEXTS = ["new data of two sites came and the quiet period is over", ""]


@pytest.mark.parametrize("width", [80, 100, 200])
def test_states_and_dates_are_not_torn(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(output, "people", Console(width=width))
    rows = [
        ("f715376c…-1", "golden", state, 12, date, "330 s", "< 0.01", text)
        for state, date, text in zip(STATES, DATES, TEXTS, strict=True)
    ]
    columns = ["run", "model", "status", "version", "started", "took", "USD", "why"]
    output.table("Runs", columns, rows, "none")

    said = capsys.readouterr().out
    words = set(said.split())
    assert {"f715376c…-1", "registered", "rejected", "2026-11-24", "07:19:00", "golden"} <= words
    assert all(len(line) <= width for line in said.splitlines())


def test_the_longest_text_gives_way_first() -> None:
    assert output.fitted([STATES, DATES, TEXTS], 200) == [10, 19, len(TEXTS[0])]
    assert output.fitted([STATES, DATES, TEXTS], 50) == [10, 19, 21]
    assert output.fitted([STATES, DATES, TEXTS], 32) == [10, 11, 11]
    assert sum(output.fitted([STATES, DATES, TEXTS], 15)) == 15


def test_attempts_at_the_same_recipe_look_different() -> None:
    names = [output.short_run(f"f715376cdeadbeef-{attempt}") for attempt in range(1, 5)]
    assert names == ["f715376c…-1", "f715376c…-2", "f715376c…-3", "f715376c…-4"]
    assert output.short_run("serf-1") == "serf-1"
    assert output.short_run(None) == ""


@pytest.mark.parametrize(
    ("usd", "said"), [(None, ""), (0.0, "0.00"), (0.0004, "< 0.01"), (1.239, "1.24")]
)
def test_a_cost_is_said_to_the_cent(usd: float | None, said: str) -> None:
    assert output.cost(usd) == said


def test_large_powers_are_written_out(capsys: pytest.CaptureFixture[str]) -> None:
    output.table("Power", ["power", "P10"], [(12760.4, 526.3312)], "none")
    assert {"12760", "526.3"} <= set(capsys.readouterr().out.split())


@pytest.mark.parametrize("width", [30, 40, 60])
def test_where_words_would_be_torn_the_rows_stand_below_each_other(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(output, "people", Console(width=width))
    columns = ["run", "model", "status", "version", "started", "took", "USD", "why"]
    row = (
        "174…-1",
        "golden",
        "registered",
        1,
        "2026-11-29 09:11:02",
        "12 s",
        None,
        "no version is approved",
    )
    output.table("Runs", columns, [row, row], "none")
    said = capsys.readouterr().out
    words = said.split()
    assert words.count("registered") == words.count("09:11:02") == words.count("approved") == 2
    assert "USD" not in words, "what is empty is left out"
    assert all(len(line) <= width for line in said.splitlines())


def test_names_of_schedules_are_not_torn_on_a_narrow_screen(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(output, "people", Console(width=60))
    text = "Re-drives what is pending or unpublished for too long."
    row = ("data-watcher-quick-sweep", text, "rate(15 minutes) UTC", "within 15 minutes")
    output.table("Schedules", ["schedule", "what it does", "when", "next"], [row], "none")
    assert "data-watcher-quick-sweep" in capsys.readouterr().out.split()


def test_a_line_is_folded_on_a_screen_and_stays_one_in_a_pipe(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "12:00:00  a line of a log that is longer than the screen is wide"
    monkeypatch.setattr(output, "people", Console(width=30))
    output.say_folded(text)
    assert capsys.readouterr().out == f"{text}\n"
    monkeypatch.setattr(output, "people", Console(width=30, force_terminal=True, no_color=True))
    output.say_folded(text)
    folded = capsys.readouterr().out.splitlines()
    assert len(folded) == 3
    assert max(map(len, folded)) <= 30


@pytest.mark.parametrize(
    ("number", "said"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (62, "62nd"), (112, "112th")],
)
def test_a_place_in_a_row_is_named_as_people_say_it(number: int, said: str) -> None:
    assert words.ordinal(number) == said


@pytest.mark.parametrize("width", [80, 120])
def test_the_name_of_a_file_is_never_torn(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(output, "people", Console(width=width))
    names = [f"east/power_{'x' * length}.csv" for length in (5, 12, 13, 30, 110)]
    why = "power never reaches 1% of the AC capacity; correct ac_capacity_kw in the site's YAML"
    rows = [(name, "quarantined", number, why) for number, name in enumerate(names, 1000)]
    output.table("Files", ["file", "state", "rows", "why"], rows, "none", whole="file")
    said = capsys.readouterr().out.split()

    order = [word for word in said if word in names or word.startswith("100")]
    assert order == [word for row in rows for word in (row[0], str(row[2]))]
    assert said.count("quarantined") == said.count("ac_capacity_kw") == len(rows)


def test_a_name_that_fits_stays_in_its_row(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(output, "people", Console(width=80))
    name = f"east/power_{'x' * 40}.csv"
    output.table("Files", ["file", "state"], [(name, "accepted")], "none", whole="file")

    assert f" {name} accepted \n" in capsys.readouterr().out
