"""How the node does as on the robot: the recorded pace, a process of its own, over DDS."""
