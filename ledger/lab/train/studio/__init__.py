"""Trains the studio model."""
