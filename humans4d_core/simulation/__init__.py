"""A simulated crowd with exact truth: people, gaits, scenarios, cameras and their errors."""
