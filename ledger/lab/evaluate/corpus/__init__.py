"""Whom a corpus shows, and whose works are found: shares of works beside shares of matches."""
