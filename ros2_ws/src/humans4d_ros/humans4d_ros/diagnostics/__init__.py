"""What the node counts, what judges the counts, and what watches silent topics."""
