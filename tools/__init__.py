"""Programs for whoever works on artledger; nothing here is installed with it."""
