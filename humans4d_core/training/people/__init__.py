"""People to learn from: captured poses, made more various, dressed and rendered."""
