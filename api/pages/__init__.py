"""The pages for people, and the files that they consist of."""
