"""`python -m console` is `solar`."""

from __future__ import annotations

from console.app import main
from console.leaving import leave

try:
    main()
except SystemExit as ended:
    leave(ended)
