"""A public provenance ledger for images and generative models."""

__version__ = "0.1.0"
"""The one place that the version is written: packaging, `artledger --version`, OpenAPI and credentials read it."""
