"""HMR 2.0 trained: synthetic or the user's data -> losses, discriminator -> a checkpoint."""
