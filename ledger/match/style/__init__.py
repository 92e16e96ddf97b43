"""Nearness in style: the measure, the pictures that it is judged by, and what a calibration says of it."""
