"""Where works come from: each file here reads one kind of source, and says in `SOURCE` how a user writes it."""
