"""ROS 2 around humans4d_core: the node, its messages, and tools to replay and record bags."""
