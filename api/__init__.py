"""HTTP: the interface below `/v1`, the pages for people, and the published log."""
