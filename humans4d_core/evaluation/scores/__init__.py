"""Figures of an evaluation, each with its definition, its unit and an interval."""
