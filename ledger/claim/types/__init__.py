"""The types of claim: each file here defines one, and says in `DEFINITION` what it needs and what it is called."""
