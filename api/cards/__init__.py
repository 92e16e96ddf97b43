"""Answers as pictures and sheets, to pass on: cards for links, attribution sheets, badges."""
