"""What the node listens to, and how messages of one moment become a frame."""
