"""The edits that copies are measured with: kinds, what each does, and how they are drawn."""
