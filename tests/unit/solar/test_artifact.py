"""A model is data: it is used only when its files are whole, unaltered and of a known version."""

from __future__ import annotations

import io
import json
import tarfile

import pytest

from shared.ids import sha256_hex
from shared.solar import artifact
from shared.solar.artifact import Artifact, InvalidArtifactError, ModelCard

GRAPH = b"no graph, but checked the same way"


def card() -> ModelCard:
    return ModelCard.model_validate(
        {
            "model_type": "neural_network",
            "model_id": "golden",
            "run_id": "r1",
            "dataset_id": "d1",
            "code_version": "c1",
            "seed": 1,
            "train_window": {"start": "2023-01-01T00:00:00Z", "end": "2023-06-01T00:00:00Z"},
            "train_rows": 10,
            "recipe": {"step_minutes": 15, "plants": [], "inputs": []},
            "features": ["sun_up"],
            "units": {"power_ac": "kW"},
            "cap": 1.0,
            "night_below": -1.0,
            "intervals": {"predicted": [0.0], "p10": [0.0], "p90": [0.0]},
            "hashes": {"model.onnx": sha256_hex(GRAPH)},
        }
    )


def packed(entries: dict[str, bytes], *, link: str | None = None) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in entries.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        if link:
            info = tarfile.TarInfo(link)
            info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(info)
    return buffer.getvalue()


@pytest.fixture
def archive(tmp_path):
    def write(entries: dict[str, bytes], **options) -> object:
        path = tmp_path / "model.tar.gz"
        path.write_bytes(packed(entries, **options))
        return path

    return write


def test_what_is_written_is_read_again(tmp_path, archive):
    artifact.write(Artifact(card(), GRAPH), tmp_path / "model")
    assert artifact.load(tmp_path / "model") == Artifact(card(), GRAPH)
    text = card().model_dump_json().encode()
    for prefix in ("", "./"):
        found = artifact.load_tar(
            archive({prefix + "model.json": text, prefix + "model.onnx": GRAPH})
        )
        assert found == Artifact(card(), GRAPH)


def test_an_altered_graph_is_refused(tmp_path):
    artifact.write(Artifact(card(), GRAPH), tmp_path)
    (tmp_path / "model.onnx").write_bytes(GRAPH + b"!")
    with pytest.raises(InvalidArtifactError, match="not the file"):
        artifact.load(tmp_path)


def test_an_unknown_version_is_refused_by_name(tmp_path):
    artifact.write(Artifact(card(), GRAPH), tmp_path)
    content = json.loads((tmp_path / "model.json").read_text())
    (tmp_path / "model.json").write_text(json.dumps(content | {"version": 2}))
    with pytest.raises(InvalidArtifactError, match="version"):
        artifact.load(tmp_path)


def test_a_model_whose_features_meant_something_else_is_refused_with_the_way_out(tmp_path, archive):
    content = json.loads(card().model_dump_json())
    content["recipe"]["version"] = 1
    text = json.dumps(content).encode()
    with pytest.raises(InvalidArtifactError) as refused:
        artifact.load_tar(archive({"model.json": text, "model.onnx": GRAPH}))
    assert "recipe.version 1, and this code knows 2" in str(refused.value)
    assert "train it again" in str(refused.value)


def test_a_card_that_lacks_a_field_is_refused_by_the_field(archive):
    content = json.loads(card().model_dump_json())
    del content["cap"]
    entries = {"model.json": json.dumps(content).encode(), "model.onnx": GRAPH}
    with pytest.raises(InvalidArtifactError, match="cap: Field required; train it again"):
        artifact.load_tar(archive(entries))


def test_a_missing_file_is_named(tmp_path, archive):
    with pytest.raises(InvalidArtifactError, match=r"lacks model\.json and model\.onnx"):
        artifact.load(tmp_path)
    with pytest.raises(InvalidArtifactError, match=r"lacks model\.onnx"):
        artifact.load_tar(archive({"model.json": b"{}"}))


def test_a_link_or_a_pickle_in_the_archive_is_not_followed(archive):
    text = card().model_dump_json().encode()
    with pytest.raises(InvalidArtifactError, match="no plain file"):
        artifact.load_tar(archive({"model.json": text}, link="model.onnx"))
    entries = {"model.json": text, "model.onnx": GRAPH, "../evil.py": b"x", "model.pkl": b"x"}
    assert artifact.load_tar(archive(entries)).graph == GRAPH


def test_what_is_no_archive_is_refused(tmp_path):
    path = tmp_path / "model.tar.gz"
    path.write_bytes(b"not gzip")
    with pytest.raises(InvalidArtifactError, match="no readable model archive"):
        artifact.load_tar(path)
    path.write_bytes(packed({"model.json": b"x"})[:10] + b"\xff" * 50)
    with pytest.raises(InvalidArtifactError, match="no readable model archive"):
        artifact.load_tar(path)
    path.write_bytes(packed({"model.json": b"x" * 5000})[:60])
    with pytest.raises(InvalidArtifactError, match="no readable model archive"):
        artifact.load_tar(path)
