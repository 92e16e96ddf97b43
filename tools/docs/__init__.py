"""What the documentation site takes from the code, so that it cannot disagree with it."""
