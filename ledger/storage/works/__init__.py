"""Works, duplicates, opt-outs and erasure."""
