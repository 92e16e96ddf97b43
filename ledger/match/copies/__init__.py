"""Which works a picture may be a copy of: scores, alignment of the nearest, ranks, and what follows."""
