"""Signed statements: their fields, envelopes, keys and ids."""
