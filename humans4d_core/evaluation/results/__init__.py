"""What an evaluation keeps of each clip: people and images as tables."""
