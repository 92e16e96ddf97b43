"""The shapes of answers and their words, for the command line, the HTTP interface and the pages."""
