"""Claims: what records show about them, the published rules, and the verdict that follows."""
