"""Decodes untrusted picture files safely; reads and writes Content Credentials."""
