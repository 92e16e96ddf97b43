"""Audits a whole log from its published files, in processes at once, from where an earlier audit stopped."""
