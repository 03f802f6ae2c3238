"""Pure values and rules of notices: what people read, and how often."""
