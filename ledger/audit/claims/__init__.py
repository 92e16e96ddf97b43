"""Bundles of claims, and their offline audit."""
