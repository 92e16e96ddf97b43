"""Accounts, claims, and pictures that wait for a confirmation."""
