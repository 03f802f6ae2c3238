"""Turns what plants upload into canonical rows, and accounts for every object version."""
