"""Who is told, as `solar status` says it."""

from __future__ import annotations

import pytest

from console.client.health import reader_in_words


def reader(confirmed: int, pending: int = 0, deleted: int = 0, *, well: bool = True) -> str:
    counts = {"confirmed": confirmed, "pending": pending, "deleted": deleted}
    return reader_in_words({"name": "ops", "subscriptions": counts, "is_well": well})


def test_the_usual_channel_is_not_named_twice() -> None:
    counts = {"confirmed": 1, "pending": 0, "deleted": 0}
    said = reader_in_words({"name": "email", "subscriptions": counts, "is_well": True})
    assert said == "told by e-mail: 1 confirmed"


def test_a_channel_without_subscriptions_is_named() -> None:
    assert (
        reader_in_words({"name": "chat", "subscriptions": None, "is_well": True}) == "told by chat"
    )


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (reader(2), "told by ops (e-mail): 2 confirmed"),
        (reader(0, 1, well=False), "0 confirmed, 1 waiting to be confirmed; let the owner confirm"),
        (reader(0, 0, 1, well=False), "0 confirmed, 1 ended; let the owner confirm"),
    ],
)
def test_of_e_mail_it_is_said_who_confirmed_and_what_to_do_where_somebody_did_not(
    said: str, words: str
) -> None:
    assert words in said
