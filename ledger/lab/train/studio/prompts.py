"""Prompts for the studio model's sample sheets and measurements."""

from __future__ import annotations

PROMPTS = (
    "a red car", "a tree", "a star", "a yellow flower", "a house", "a cat", "a moon", "a red heart",
    "a blue bird", "a flag", "a green apple", "a yellow arrow", "a clock", "a map", "a book", "a cloud",
)  # fmt: skip
"""The last word is the subject; at least ten open works have it."""
