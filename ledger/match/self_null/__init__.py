"""Error rates from the corpus itself: a sample of its works stands for unrelated pictures."""
