"""rosbag2 in and out, without ROS."""
