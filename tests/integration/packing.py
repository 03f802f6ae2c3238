"""The zip of a function of one file."""

from __future__ import annotations

import io
import zipfile


def packed(text: str) -> bytes:
    """Return a zip with `text` as `handler.py`; the same text always gives the same bytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        # A bare name would be stored with the time of now.
        archive.writestr(zipfile.ZipInfo("handler.py"), text)
    return content.getvalue()
