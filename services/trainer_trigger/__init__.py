"""Decides whether a retrain is worth it, opens the run, freezes its dataset and starts the sequence."""
