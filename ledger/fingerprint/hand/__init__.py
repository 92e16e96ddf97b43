"""Describes the hand that made a picture: how it uses colour, line, fill and texture, whatever the subject is."""
