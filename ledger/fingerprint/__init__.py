"""Turns a picture into hashes, vectors and local features."""
