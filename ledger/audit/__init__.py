"""Offline verification: bundles, whole logs, claims and statements of use."""
