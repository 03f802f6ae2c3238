"""What a user can get wrong when the platform is to start is refused in words."""

from __future__ import annotations

import pytest

from infra.local import control
from infra.local.errors import PlatformError


@pytest.mark.parametrize("port", [-1, 0, 65536, 99999])
def test_what_is_no_port_is_refused(tmp_path, port):
    with pytest.raises(PlatformError, match=rf"{port} is no port; choose one from 1 to 65535"):
        control.up(tmp_path, port)
