"""The demo: the whole story on real data, with every expectation checked."""
