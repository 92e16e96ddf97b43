"""The search for candidates, and what it needs: vectors, indexes, specs, calibrations."""
