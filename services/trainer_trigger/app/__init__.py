"""Use cases: what is done, in the words of the ports."""
