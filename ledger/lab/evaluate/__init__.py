"""Measures quality on works that nothing was fitted to."""
