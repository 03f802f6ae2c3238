"""Pure values and rules of retraining: when, of what, at what cost, and how it ended."""
