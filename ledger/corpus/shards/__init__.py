"""Shards of image collections: tars of samples, and the tables that lie beside them."""
