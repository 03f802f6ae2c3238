"""Puts approved models on their endpoints, watches them there, and takes them back."""
