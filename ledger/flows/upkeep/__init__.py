"""Calibration, new fingerprints, background work and the disk."""
