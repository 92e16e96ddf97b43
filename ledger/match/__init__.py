"""Compares a picture with works: alignment, error rates, relations and verdicts."""
