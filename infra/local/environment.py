"""The environment of the platform's process: what ministack is told, and nothing of the caller's account."""

from __future__ import annotations

import os
from collections.abc import Mapping

from infra.local.home import HOME_VARIABLE, Home
from shared.aws import region_of

ACCOUNT_ID = "000000000000"
DEFAULT_REGION = "us-east-1"
ADDRESS = "127.0.0.1"

_INHERITED = (
    *("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"),
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
    *("AUTH", "SFN_WAIT_SCALE"),
)
_OWN_PREFIX = "SOLAR_"


def endpoint_url(port: int) -> str:
    """Return where a platform on `port` answers."""
    return f"http://{ADDRESS}:{port}"


def keep_off_proxies() -> None:
    """Let this process reach its own machine where the environment names a proxy for everything."""
    for name in ("no_proxy", "NO_PROXY"):
        spared = [each for each in os.environ.get(name, "").split(",") if each]
        if ADDRESS not in spared:
            os.environ[name] = ",".join([*spared, ADDRESS])


def region(variables: Mapping[str, str]) -> str:
    """Return the Region that the caller works in."""
    return region_of(variables) or DEFAULT_REGION


def of_platform(home: Home, port: int, caller: Mapping[str, str]) -> dict[str, str]:
    """Return all variables of the platform's process.

    The caller's credentials, profile and endpoint stay outside: what runs here never reaches AWS.
    """
    kept = {
        name: value
        for name, value in caller.items()
        if name in _INHERITED or name.startswith(_OWN_PREFIX)
    }
    here = region(caller)
    return kept | {
        HOME_VARIABLE: str(home.root),
        # ministack
        "BIND_HOST": ADDRESS,
        "MINISTACK_HOST": ADDRESS,
        "GATEWAY_PORT": str(port),
        "MINISTACK_ACCOUNT_ID": ACCOUNT_ID,
        "MINISTACK_REGION": here,
        "PERSIST_STATE": "1",
        "STATE_DIR": str(home.state),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(home.objects),
        "TMPDIR": str(home.temporary),
        "DOCKER_HOST": f"unix://{home.root}/no-docker",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LAMBDA_EXECUTOR": "local",
        "LAMBDA_ACCOUNT_CONCURRENCY": "32",
        "LOG_LEVEL": caller.get("SOLAR_LOCAL_LOG_LEVEL", "WARNING"),
        # what handlers and jobs find
        "AWS_ENDPOINT_URL": endpoint_url(port),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": here,
        "AWS_REGION": here,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "POWERTOOLS_LOG_LEVEL": "INFO",  # as on AWS; the platform's own level is no function's
        "POWERTOOLS_TRACE_DISABLED": "true",
        "PYTHONUTF8": "1",
        "TZ": "UTC",
    }


def of_platform_for_lambda() -> None:
    """Take away from this process's environment what no function should inherit from the platform."""
    for name in ("PYTHONPATH", "PYTHONSAFEPATH"):
        os.environ.pop(name, None)
