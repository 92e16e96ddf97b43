"""Trains the copy descriptor."""
