"""Tells people, by e-mail and Slack, what happened, why, and what comes next."""
