"""Geometric verification: whether a picture and a work show the same thing in the same place."""
