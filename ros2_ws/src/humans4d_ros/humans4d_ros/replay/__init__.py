"""Bags played, recorded and replayed through a node."""
