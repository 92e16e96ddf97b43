"""Trains the shipped models and collects the unrelated pictures behind error rates."""
