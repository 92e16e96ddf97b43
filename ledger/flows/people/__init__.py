"""Accounts, tokens, keys, uses and erasure."""
