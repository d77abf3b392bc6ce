"""Pictures: files, ROS messages, their cameras, and what their pixels say."""
