"""Verify, look up, generate and report pictures."""
