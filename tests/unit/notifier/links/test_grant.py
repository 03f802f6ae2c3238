"""A link cannot be altered, forged or used after its end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain.links import grant as grants
from services.notifier.domain.links.grant import Grant, RefusedError
from services.notifier.domain.offer import Verb

NOW = datetime(2024, 7, 1, 12, tzinfo=UTC)
KEY = "k" * 40
KEYS = {grants.key_name(KEY): KEY}
GRANT = Grant(
    Verb.APPROVE, {"model_id": "golden", "version": "4"}, "email", NOW + timedelta(hours=72), "n"
)
TOKEN = grants.signed(GRANT, KEY)


def refusal(token: str, now: datetime = NOW, keys: dict[str, str] = KEYS) -> str:
    with pytest.raises(RefusedError) as caught:
        grants.read(token, keys, now)
    return caught.value.reason


@given(
    verb=st.sampled_from(Verb),
    about=st.dictionaries(st.text(max_size=20), st.text(max_size=60), max_size=4),
    recipient=st.text(max_size=30),
)
def test_what_was_signed_is_what_is_read(verb: Verb, about: dict[str, str], recipient: str) -> None:
    made = Grant(verb, about, recipient, NOW + timedelta(hours=1), "n")
    assert grants.read(grants.signed(made, KEY), KEYS, NOW) == made


@given(place=st.integers(0, len(TOKEN) - 1), sign=st.characters())
def test_a_link_with_any_character_altered_is_refused(place: int, sign: str) -> None:
    altered = TOKEN[:place] + sign + TOKEN[place + 1 :]
    if altered != TOKEN:
        refusal(altered)


@pytest.mark.parametrize("sign", ["é", "\udcff", "\N{SNOWMAN}"])
def test_a_letter_that_no_link_has_is_refused_like_any_other(sign: str) -> None:
    assert refusal(TOKEN[:-1] + sign) == "forged"
    assert refusal(sign + TOKEN[1:]) == "forged"


@given(st.text(max_size=300))
def test_no_other_text_is_a_link(text: str) -> None:
    refusal(text)


@given(st.integers(0, len(TOKEN) - 1))
def test_a_link_that_was_cut_is_refused(length: int) -> None:
    refusal(TOKEN[:length])


def test_a_link_ends_at_its_end_and_not_before() -> None:
    almost = GRANT.expires_at - timedelta(seconds=1)
    assert grants.read(TOKEN, KEYS, almost).verb is Verb.APPROVE
    assert refusal(TOKEN, GRANT.expires_at) == "expired"


def test_a_link_of_a_key_that_was_replaced_is_refused() -> None:
    other = "n" * 40
    assert refusal(TOKEN, keys={grants.key_name(other): other}) == "old_key"


def test_a_signature_of_another_key_under_a_known_name_is_forged() -> None:
    body, name, _ = TOKEN.split(".")
    signature = grants.signed(GRANT, "x" * 40).split(".")[2]
    assert refusal(f"{body}.{name}.{signature}") == "forged"


def test_the_name_of_a_key_says_nothing_about_it() -> None:
    assert KEY not in TOKEN
    assert len(grants.key_name(KEY)) == 8


def test_links_that_act_end_sooner_than_those_that_show() -> None:
    assert grants.Lifetimes().of(Verb.APPROVE) == timedelta(hours=72)
    assert grants.Lifetimes().of(Verb.REPORT) == timedelta(days=7)


def test_lifetimes_are_as_they_were_set() -> None:
    chosen = grants.Lifetimes(timedelta(hours=4), timedelta(hours=24))
    assert chosen.of(Verb.HOLD) == timedelta(hours=4)
    assert chosen.of(Verb.FILE) == timedelta(hours=24)
