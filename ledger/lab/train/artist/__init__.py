"""Trains the classifier that says whose works a picture looks most like."""
