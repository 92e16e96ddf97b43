"""Training and evaluation; nothing in the service imports it."""
