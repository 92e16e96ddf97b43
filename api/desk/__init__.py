"""Pages for whoever is signed in: what concerns them, and what they can do about it."""
