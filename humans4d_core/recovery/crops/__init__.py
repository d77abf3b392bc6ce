"""People cut out of images for networks, on the CPU and on the network's device."""
