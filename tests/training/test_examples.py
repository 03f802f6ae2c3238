"""A fleet is learnt from site by site, in memory or from a file: the model is the same."""

from __future__ import annotations

import numpy as np
import pytest

from services.trainer_trigger.pipeline import train
from services.trainer_trigger.pipeline.models.examples import FeatureRoom, gather, survey
from shared.solar.recipe import Plant, recipe_of
from tests.unit.pipeline.datasets import Bench, frame, site

NOTHING = FeatureRoom(most_bytes=0)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory) -> Bench:
    bench = Bench(tmp_path_factory.mktemp("fleet"), sites=[site(), site("hill")])
    for number, each in enumerate(bench.sites):
        bench.upload(frame(days=25, seed=number + 1, noise=0.1), each.site_id)
    return bench


def sites_of(rows):
    return [rows.take(rows.site == place) for place in range(len(rows.sites))]


def gathered(fleet, memory=NOTHING, most=None):
    parts = sites_of(fleet.preprocess().train)
    plants = tuple(Plant.of(each) for each in fleet.sites)
    recipe = recipe_of(parts, plants, 15)
    found = survey(parts, recipe)
    return found, gather(parts, recipe, found, memory, most)


@pytest.mark.parametrize("model_type", ["lightgbm", "ridge"])
def test_a_model_learnt_from_a_file_is_the_one_learnt_in_memory(fleet, tmp_path, model_type):
    prepared = fleet.preprocess()
    in_memory, from_file = (
        train.train(
            sites_of(prepared.train),
            fleet.freeze(),
            prepared.validation,
            model_type=model_type,
            run_id="r",
            checkpoint_folder=tmp_path / name,
            memory=memory,
        )
        for name, memory in (("memory", FeatureRoom()), ("file", NOTHING))
    )
    assert in_memory.artifact == from_file.artifact


def test_features_beyond_the_memory_lie_in_a_file_without_a_name(fleet, tmp_path):
    _, found = gathered(fleet, FeatureRoom(most_bytes=0, folder=tmp_path))
    assert isinstance(found.examples.values, np.memmap)
    assert list(tmp_path.iterdir()) == []
    assert not isinstance(gathered(fleet, FeatureRoom())[1].examples.values, np.memmap)


def test_fillings_of_parts_are_those_of_all_rows_together(fleet):
    rows = fleet.preprocess().train
    plants = tuple(Plant.of(each) for each in fleet.sites)
    assert recipe_of(sites_of(rows), plants, 15) == recipe_of([rows], plants, 15)


def test_of_more_rows_than_are_enough_an_even_share_is_learnt_from(fleet):
    found, everything = gathered(fleet)
    _, some = gathered(fleet, most=found.rows // 3)
    assert len(some.examples.values) == pytest.approx(len(everything.examples.values) / 3, abs=3)
    assert some.examples.share.mean() == pytest.approx(everything.examples.share.mean(), abs=0.02)
    per_site = some.examples.values[:, [-2, -1]].sum(axis=0)
    assert per_site[0] == pytest.approx(per_site[1], rel=0.1)
