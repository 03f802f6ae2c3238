"""Whatever goes wrong in the background, an endpoint ends in a state that says so."""

from __future__ import annotations

import logging
import time

import pytest

from infra.local.home import Home
from infra.local.sagemaker import endpoints, events
from infra.local.sagemaker.endpoints import Endpoints
from infra.local.sagemaker.invocation import Traffic
from infra.local.sagemaker.serving import Fleet
from infra.local.sagemaker.store import Store

VARIANT = {"VariantName": "AllTraffic", "ModelName": "m", "InitialInstanceCount": 1}


class Registry:
    """Knows every configuration and every model."""

    def config(self, name):
        return {
            "EndpointConfigName": name,
            "ProductionVariants": [{**VARIANT, "InitialVariantWeight": 1.0}],
        }

    def model(self, _name):
        return {"PrimaryContainer": {"Image": "i"}}

    def container(self, given):
        return given


class Shelf:
    """Fails as nobody foresaw."""

    def folder(self, _uri):
        message = "the shelf fell over"
        raise RuntimeError(message)


@pytest.fixture
def world(tmp_path, monkeypatch):
    monkeypatch.setattr(events, "endpoint_changed", lambda *_: None)
    home = Home(tmp_path)
    store = Store("000000000000", "us-east-1")
    return Endpoints(store, Registry(), Shelf(), home), store


def settled(store, status):
    deadline = time.monotonic() + 5.0
    while store["endpoints"]["e"]["EndpointStatus"] in endpoints._IN_PROGRESS:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    found = store["endpoints"]["e"]
    assert found["EndpointStatus"] == status
    return found


def test_an_unforeseen_error_fails_a_new_endpoint(world, caplog):
    parts, store = world
    with caplog.at_level(logging.ERROR, logger="solar"):
        parts.operations()["CreateEndpoint"]({"EndpointName": "e", "EndpointConfigName": "c-1"})
        found = settled(store, "Failed")
    assert "the shelf fell over" in found["FailureReason"]
    assert "endpoint e does not start" in caplog.text


def test_an_unforeseen_error_rolls_an_update_back(world):
    parts, store = world
    parts.operations()["CreateEndpoint"]({"EndpointName": "e", "EndpointConfigName": "c-1"})
    endpoint = settled(store, "Failed")
    endpoint["EndpointStatus"] = "InService"
    old = Fleet("e", Registry().config("c-1"), Registry(), Shelf(), Home(parts._home.root))
    parts._traffic["e"] = Traffic(old)
    parts.operations()["UpdateEndpoint"]({"EndpointName": "e", "EndpointConfigName": "c-2"})
    found = settled(store, "InService")
    assert found["EndpointConfigName"] == "c-1"
    assert "the shelf fell over" in found["FailureReason"]
