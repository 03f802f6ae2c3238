"""Sites in force, as the bucket holds them."""

from __future__ import annotations

from botocore.exceptions import ClientError

from console.errors import ConsoleError
from console.state import state
from shared import layout
from shared.active import ActiveSite
from shared.aws import S3Objects, error_code
from shared.in_force import InForce


def active_site(site_id: str) -> ActiveSite:
    """Return a site's configuration in force.

    Raises
    ------
    ConsoleError
        There is no such site.
    """
    s3 = state.system.client("s3")
    try:
        body = s3.get_object(Bucket=state.system.bucket, Key=layout.active_site(site_id))[
            "Body"
        ].read()
    except ClientError as error:
        if error_code(error) == "NoSuchKey":
            raise ConsoleError(
                f"site {site_id} is not onboarded; see `solar sites list`"
            ) from error
        raise
    return ActiveSite.model_validate_json(body)


def sites_of(model_id: str) -> list[str]:
    """Return the sites that name a model."""
    objects = S3Objects(state.system.client("s3"), state.system.bucket)
    named = InForce(objects).sites_named()
    return sorted(
        key.rpartition("/")[2].removesuffix(".json")
        for key, (_, model) in named.items()
        if model == model_id
    )
