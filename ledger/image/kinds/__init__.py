"""Formats and variants that Pillow alone does not read. Runs in a decoding worker."""
