"""A review as one recipient wants it: only their models and sites, and what they would have been told."""

from __future__ import annotations

from services.notifier.domain.notice import Severity
from services.notifier.domain.review.facts import ModelReview, Review
from services.notifier.domain.routing import Rule


def chosen(review: Review, rule: Rule) -> Review:
    """Return what of a review is for a recipient.

    Figures of a model are those of all its sites, and are left out with the model alone. What counts over
    all sites and files is left out for who wants only some of them.
    """
    if rule.wants_everything:
        return review
    told = [
        each
        for each in review.told
        if rule.concerns(Severity[each.severity.upper()], each.kind, each.model_id, each.site_id)
    ]
    everything = rule.wants_all_sites
    return review.model_copy(
        update={
            "models": tuple(
                _model(each, rule) for each in review.models if rule.is_about(each.model_id, "")
            ),
            "worst": tuple(
                each for each in review.worst if rule.is_about(each.model_id, each.site_id)
            ),
            "silent": tuple(
                each for each in review.silent if rule.is_about(each.model_id, each.site_id)
            ),
            "waits": tuple(
                each for each in review.waits if rule.is_about(each.model_id, each.site_id)
            ),
            "told": tuple(told),
            "told_in_all": len(told),
            **({} if everything else {"sites": 0, "sent": 0, "files": None, "file_weeks": ()}),
        }
    )


def _model(model: ModelReview, rule: Rule) -> ModelReview:
    """Return a model with those sites that are for the recipient."""
    if rule.wants_all_sites:
        return model
    worse = tuple(each for each in model.worse if rule.is_about("", each))
    late = tuple(each for each in model.late if rule.is_about("", each))
    return model.model_copy(update={"worse": worse, "standing": len(worse), "late": late})
