"""The ledger itself: what the command line and the HTTP interface stand on."""
