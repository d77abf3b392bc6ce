"""The node's parameters: one table, from which declarations, files and documentation come."""
