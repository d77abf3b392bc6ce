"""What is trained here: networks, and the data that they learn from."""
