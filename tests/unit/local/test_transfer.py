"""A model artifact is unpacked without trusting it, on every Python from 3.11.0 on."""

from __future__ import annotations

import io
import tarfile

import pytest

from infra.local.sagemaker import transfer
from infra.local.sagemaker.transfer import TransferError

URI = "s3://models/model.tar.gz"


@pytest.fixture
def unpack(monkeypatch, tmp_path):
    """Unpack an archive's bytes, or entries, into a folder, and return the folder."""

    def work(content):
        if isinstance(content, list):
            content = archive(*content)
        monkeypatch.setattr(transfer.objects, "read", lambda _bucket, _key: content)
        transfer.bring_unpacked(URI, tmp_path / "model")
        return tmp_path / "model"

    return work


def archive(*entries):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as target:
        for name, kind, content in entries:
            entry = tarfile.TarInfo(name)
            entry.type, entry.size = kind, len(content)
            entry.linkname = "/etc/passwd" if kind in {tarfile.SYMTYPE, tarfile.LNKTYPE} else ""
            target.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def test_files_and_folders_are_written(unpack):
    folder = unpack(
        [
            ("./model.json", tarfile.REGTYPE, b"{}"),
            ("code", tarfile.DIRTYPE, b""),
            ("code/deep/a.txt", tarfile.REGTYPE, b"a"),
        ]
    )
    assert (folder / "model.json").read_bytes() == b"{}"
    assert (folder / "code/deep/a.txt").read_bytes() == b"a"


def test_the_standard_librarys_filters_are_not_needed(unpack, monkeypatch):
    monkeypatch.delattr(tarfile, "data_filter", raising=False)
    monkeypatch.delattr(tarfile.TarFile, "extractall")
    assert (unpack([("a", tarfile.REGTYPE, b"1")]) / "a").read_bytes() == b"1"


@pytest.mark.parametrize("name", ["../evil", "/evil", "a/../../evil"])
def test_an_entry_outside_the_folder_is_refused(unpack, tmp_path, name):
    with pytest.raises(TransferError, match="outside"):
        unpack([(name, tarfile.REGTYPE, b"x")])
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE]
)
def test_links_and_devices_are_refused(unpack, kind):
    with pytest.raises(TransferError, match="'odd', which is no plain file"):
        unpack([("odd", kind, b"")])


def test_more_than_the_limit_is_refused_before_it_is_written(unpack, monkeypatch, tmp_path):
    monkeypatch.setattr(transfer, "_LARGEST_ARTIFACT", 3)
    with pytest.raises(TransferError, match="larger than"):
        unpack([("a", tarfile.REGTYPE, b"12"), ("b", tarfile.REGTYPE, b"34")])
    assert not (tmp_path / "model/b").exists()


def test_a_damaged_archive_is_refused_in_words(unpack):
    whole = archive(("a", tarfile.REGTYPE, bytes(range(256)) * 400))
    for broken in (b"<html>", whole[: len(whole) // 2], whole[:40] + b"\xff" * 9 + whole[49:]):
        with pytest.raises(TransferError, match=r"no usable tar\.gz"):
            unpack(broken)
