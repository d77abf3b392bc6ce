"""humans4d: people in 4D for robots. The algorithm, free of ROS."""
