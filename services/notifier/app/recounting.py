"""Tells people of a review that was written, each of what is for them."""

from __future__ import annotations

from dataclasses import dataclass

from services.notifier.app.telling import Telling
from services.notifier.domain.review import choosing, words
from services.notifier.domain.review.facts import Review
from services.notifier.ports import Readers, Reviews
from shared.ids import content_id
from shared.messages import ReviewWritten


@dataclass(frozen=True, slots=True)
class Recounting:
    """Reads the review and tells of it; a system without a model, and without news, is silent."""

    reviews: Reviews
    readers: Readers
    telling: Telling

    def tell(self, message: ReviewWritten) -> None:
        """Tell each once of a review: all of the same, or of their own where one leaves something out."""
        review = Review.model_validate_json(self.reviews.read(message.key))
        readers = self.readers()
        if all(each.rule.wants_everything for each in readers):
            if not review.is_empty:
                self.telling.tell(words.notice(review, message.id))
            return
        for reader in readers:
            theirs = choosing.chosen(review, reader.rule)
            notice = words.notice(theirs, content_id(message.id, reader.name))
            if not theirs.is_empty and reader.rule.wants(notice):
                self.telling.tell(notice, only=reader.name)
