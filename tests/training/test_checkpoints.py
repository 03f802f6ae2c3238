"""A spot instance may go after any piece: the next one goes on, and ends with the same model."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from services.trainer_trigger.pipeline.models import blend, network, trees
from services.trainer_trigger.pipeline.models.base import Examples, Learnt
from services.trainer_trigger.pipeline.models.checkpoints import Checkpoints
from services.trainer_trigger.pipeline.models.registry import FITS


@pytest.fixture(scope="module")
def examples() -> Examples:
    random = np.random.default_rng(1)
    values = random.normal(size=(800, 5)).astype(np.float32)
    share = np.clip(values[:, 0] * 0.2 + 0.4 + random.normal(0, 0.05, 800), 0, 1)
    names = ("ghi", "temp_air", "sun_up", "sun_east", "ghi_clearsky_index")
    seconds = np.arange(800, dtype=np.int64) * 3600
    return Examples(values, share.astype(np.float32), np.arange(800) // 200, seconds, names)


@pytest.fixture(scope="module")
def undisturbed(examples, tmp_path_factory) -> Callable[[str], Learnt]:
    """What each type of model comes to when no instance is taken away, fitted once."""

    @cache
    def fitted(model_type: str) -> Learnt:
        return FITS_OF[model_type](examples, 7, Checkpoints(tmp_path_factory.mktemp("a"), "f"))

    return fitted


class InstanceTakenError(Exception):
    """The instance was taken away."""


PIECES = {
    "neural_network": (network, "_fit_member", 10),
    "lightgbm": (trees, "_stopped_early", 4),
    "ridge": (blend, "_fit", 5),
    "residual": (blend, "_fit", 5),
    "auto": (blend, "_fit", 5),
}
FITS_OF = FITS["measured"]


@pytest.mark.parametrize("model_type", sorted(FITS_OF))
@pytest.mark.parametrize("finished", [0, 1, 3])
def test_interrupted_after_any_piece_the_next_job_ends_with_the_same_model(
    examples, undisturbed, tmp_path, monkeypatch, *, model_type, finished
):
    whole = undisturbed(model_type)
    module, name, pieces = PIECES[model_type]
    real, calls = getattr(module, name), []

    def interrupted(*arguments):
        if len(calls) == finished:
            raise InstanceTakenError
        calls.append(1)
        return real(*arguments)

    monkeypatch.setattr(module, name, interrupted)
    with pytest.raises(InstanceTakenError):
        FITS_OF[model_type](examples, 7, Checkpoints(tmp_path / "b", "f"))
    fitted_later = []
    monkeypatch.setattr(module, name, lambda *arguments: fitted_later.append(1) or real(*arguments))
    resumed = FITS_OF[model_type](examples, 7, Checkpoints(tmp_path / "b", "f"))
    assert len(fitted_later) == pieces - finished
    assert resumed.graph == whole.graph
    np.testing.assert_array_equal(resumed.unseen, whole.unseen)
    np.testing.assert_array_equal(resumed.later, whole.later)


def test_pieces_of_other_data_or_code_are_not_used(tmp_path):
    Checkpoints(tmp_path, "one").keep("part-0", {"rounds": np.array(3)})
    assert Checkpoints(tmp_path, "other").find("part-0") is None
    assert Checkpoints(tmp_path, "one").find("part-0") == {"rounds": 3}


def test_a_damaged_piece_is_fitted_again_and_said(tmp_path, capsys):
    kept = Checkpoints(tmp_path, "one")
    kept.keep("part-0", {"rounds": np.array(3)})
    (tmp_path / "one-part-0.npz").write_bytes(b"PK half")
    assert kept.find("part-0") is None
    assert "fitted again" in capsys.readouterr().out
