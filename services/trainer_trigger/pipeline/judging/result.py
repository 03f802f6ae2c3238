"""An evaluation, with the rows and predictions that its report draws."""

from __future__ import annotations

from dataclasses import dataclass

from services.trainer_trigger.pipeline.data.site_validation import Validation
from services.trainer_trigger.pipeline.judging.scoring import ScoredRows
from shared.evaluation import Evaluation
from shared.solar.position import Floats


@dataclass(frozen=True, slots=True)
class Result:
    """An evaluation, and the rows and predictions that the report draws.

    Attributes
    ----------
    challenger, p10, p90, champion
        Predicted power as a share of AC capacity; champion is NaN where it cannot predict. [unitless]
    """

    evaluation: Evaluation
    validation: Validation
    test: ScoredRows
    challenger: Floats
    p10: Floats
    p90: Floats
    champion: Floats | None
