"""Text from outside hides nothing, reorders nothing, and stays what it is."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain import plain
from services.notifier.domain.rendering import render
from tests.unit.notifier.fakes import START
from tests.unit.notifier.gallery import sample

OVERRIDE = "\u202e"


@pytest.mark.parametrize("text", ["Solarpark Süd ☀️", "👩‍🔧 ok", "日本 3", "a\nb", "1 < 2 & 3 > 2"])
def test_letters_of_every_language_and_emoji_stay_as_they_are(text: str) -> None:
    assert plain.outside(text) == text


@pytest.mark.parametrize(
    "text", ["a\x00b", "a\x1b[31mb", "a\rb", f"a{OVERRIDE}b", "a\u200bb", "a\u2028b"]
)
def test_what_cannot_be_seen_is_taken_out(text: str) -> None:
    said = plain.outside(text)
    assert said.startswith("a")
    assert said.endswith("b")
    assert not {unicodedata.category(each) for each in said} & {"Cc", "Cf", "Zl"}


def test_text_that_reads_from_the_right_is_isolated() -> None:
    assert plain.outside("אתר 7") == "\u2068אתר 7\u2069"


@given(st.text())
def test_saying_it_twice_changes_nothing(text: str) -> None:
    once = plain.outside(text)
    assert plain.outside(once) == once
    assert OVERRIDE not in once


def test_a_file_name_cannot_reverse_what_is_said_about_it() -> None:
    name = f"raw/east/report{OVERRIDE}vsc.exe\r\nSubject: hello"
    message = plain.message(sample("file_quarantined", key=name))
    notice = render(message, START)
    assert notice is not None
    assert OVERRIDE not in notice.email_text()
    assert "\r" not in notice.email_text()
    assert "\n" not in notice.email_subject()


def test_a_message_stays_the_message_that_it_is() -> None:
    message = sample("model_deployed", previous_version=3)
    assert plain.message(message) == message
