"""What a run costs, estimated: hours of instances at list price.

On-demand prices of SageMaker training and processing instances in us-east-1 [USD/h], as published in
2025; other Regions differ by up to a third. Managed spot is billed for less; it is counted in full, so
the figure is an upper estimate.
"""

from __future__ import annotations

USD_PER_HOUR = {
    "ml.t3.medium": 0.05,
    "ml.t3.large": 0.10,
    "ml.t3.xlarge": 0.20,
    "ml.m5.large": 0.115,
    "ml.m5.xlarge": 0.23,
    "ml.m5.2xlarge": 0.461,
    "ml.m5.4xlarge": 0.922,
    "ml.c5.xlarge": 0.204,
    "ml.c5.2xlarge": 0.408,
    "ml.r5.large": 0.151,
    "ml.r5.xlarge": 0.302,
}


def estimate_usd(instance_type: str, seconds: float) -> float | None:
    """Return the price of some seconds of an instance [USD], or None where its price is unknown."""
    price = USD_PER_HOUR.get(instance_type)
    return None if price is None else round(price * seconds / 3600, 4)
