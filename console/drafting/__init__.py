"""Proposes from sample files of a plant how they read."""
