"""What `artledger demo` does."""
