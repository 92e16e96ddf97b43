"""Entries, published objects, and what is derived from entries."""
