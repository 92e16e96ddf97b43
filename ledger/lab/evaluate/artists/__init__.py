"""Measures whether a classifier of artists knows hands, on subjects and artists that it never saw."""
