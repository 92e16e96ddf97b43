"""Register works, change their terms, withdraw them; opt-outs and duplicates."""
