"""Tests of the copy descriptor's training."""
