"""Signed links: what one grants, what its page shows, and how a request for it is answered."""
