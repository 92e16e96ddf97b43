"""Content Credentials (C2PA) in picture files."""
