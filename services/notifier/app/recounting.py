"""Tells people of a review that was written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from services.notifier.domain.notice import Notice
from services.notifier.domain.review import words
from services.notifier.domain.review.facts import Review
from services.notifier.ports import Reviews
from shared.messages import ReviewWritten


@dataclass(frozen=True, slots=True)
class Recounting:
    """Reads the review and tells of it; a system without a model, and without news, is silent."""

    reviews: Reviews
    tell_people: Callable[[Notice], None]

    def tell(self, message: ReviewWritten) -> None:
        """Tell people of a review, once."""
        review = Review.model_validate_json(self.reviews.read(message.key))
        if not review.is_empty:
            self.tell_people(words.notice(review, message.id))
