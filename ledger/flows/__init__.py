"""The use cases: what the command line, the HTTP interface and the pages ask for."""
