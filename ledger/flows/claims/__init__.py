"""File, answer, resolve and review claims."""
