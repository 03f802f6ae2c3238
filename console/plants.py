"""Sites in force, as the bucket holds them."""

from __future__ import annotations

from botocore.exceptions import ClientError

from console.errors import ConsoleError
from console.state import state
from shared import layout
from shared.active import ActiveSite
from shared.aws import error_code


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
