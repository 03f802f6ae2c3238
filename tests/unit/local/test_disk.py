"""On a full disk nothing is acknowledged that would be lost; a save waits for a quiet moment."""

from __future__ import annotations

import contextlib
import errno
import shutil
from types import SimpleNamespace

import pytest

from infra.local.home import Home
from infra.local.patches import disk

PLENTY = 10 * disk.RESERVE


class Store:
    """Takes everything and writes it through the changed writer, which only logs what fails."""

    def __init__(self, error=None):
        self.error, self.kept = error, []
        self._write = disk.noting_failures(self._raw)

    def _raw(self, path, _body):
        if self.error:
            raise self.error
        self.kept.append(path)

    async def answer(self, method, path, _headers, body, _query):
        if method == "PUT":
            with contextlib.suppress(OSError):  # as ministack does
                self._write(path, body)
        return 200, {}, b""


@pytest.fixture
def ask(monkeypatch, tmp_path):
    def work(store, method="PUT", query=None, free=PLENTY):
        monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
        answer = disk.refusing(store.answer, Home(tmp_path))(
            method, "/data/raw/a.csv", {}, b"abc", query or {}
        )
        try:
            answer.send(None)  # it waits for nothing, so it ends at once
        except StopIteration as end:
            return end.value
        raise AssertionError

    return work


def test_an_upload_with_room_is_kept(ask):
    store = Store()
    assert ask(store)[0] == 200
    assert store.kept == ["/data/raw/a.csv"]


def test_an_upload_into_the_reserve_is_refused_with_words(ask, tmp_path):
    store = Store()
    status, _, body = ask(store, free=disk.RESERVE + 2)
    assert status == 500
    assert b"<Code>InternalError</Code>" in body
    assert b"the disk is full: 200 MB are free below " + str(tmp_path).encode() in body
    assert store.kept == []


def test_reading_and_deleting_need_no_room(ask):
    assert ask(Store(), method="GET", free=0)[0] == 200
    assert ask(Store(), method="DELETE", free=0)[0] == 200
    assert ask(Store(), method="POST", query={"delete": [""]}, free=0)[0] == 200


def test_an_upload_that_did_not_reach_the_disk_is_no_success(ask):
    store = Store(OSError(errno.ENOSPC, "No space left on device"))
    status, _, body = ask(store)
    assert status == 500
    assert b"the disk is full" in body
    store.error = None
    assert ask(store)[0] == 200


def test_a_table_that_changes_while_it_is_read_is_read_again(monkeypatch):
    monkeypatch.setattr(disk.time, "sleep", lambda _: None)
    left = [RuntimeError("dictionary changed size during iteration")] * 3

    def read():
        if left:
            raise left.pop()
        return {"tables": 1}

    assert disk.patient_readers(lambda: {"dynamodb": read})()["dynamodb"]() == {"tables": 1}


def test_another_error_is_not_repeated():
    calls = []

    def read():
        calls.append(1)
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        disk.patient(read)()
    assert len(calls) == 1
