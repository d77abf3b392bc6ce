"""The point corrector of the landmarks recovery: rendered pairs, training, evaluation."""
