"""A ROS program as a process: arguments, signals, executor, shared memory."""
