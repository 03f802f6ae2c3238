"""`python -m console` is `solar`."""

from __future__ import annotations

from console.app import main

main()
