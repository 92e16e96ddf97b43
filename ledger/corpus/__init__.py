"""Works and artists, and the sources that they are registered from."""
