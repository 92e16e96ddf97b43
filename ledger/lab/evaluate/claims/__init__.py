"""Constructed claims: filed on a throw-away ledger, and what was decided of them."""
