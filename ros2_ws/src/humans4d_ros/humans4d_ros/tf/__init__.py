"""Transforms in and out: one bounded tree, and a coordinate frame for each body."""
