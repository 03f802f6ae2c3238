"""The standard atmosphere: which pressure an altitude has on an ordinary day."""

from __future__ import annotations


def pressure_at(altitude: float) -> float:
    """Return the pressure of the standard atmosphere. [hPa]

    Parameters
    ----------
    altitude
        Above sea level. [m]

    References
    ----------
    .. [1] "A Quick Derivation relating altitude to air pressure", Portland State Aerospace Society, 2004; the
       form that pvlib's `alt2pres` uses.
    """
    pressure: float = ((44331.514 - altitude) / 11880.516) ** (1 / 0.1902632)
    return pressure
