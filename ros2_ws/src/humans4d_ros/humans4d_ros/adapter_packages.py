"""The adapters and the packages of the messages that they speak. Imports nothing: launch files run
in ROS's own Python, which need not have what the node's has."""

#: Adapter: package of its messages.
PACKAGES = {"rep155": "hri_msgs", "detections": "vision_msgs", "people": "people_msgs"}
