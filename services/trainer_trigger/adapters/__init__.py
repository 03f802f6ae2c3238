"""The AWS side of the ports."""
