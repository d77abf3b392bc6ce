"""The people of several nodes, one a camera, as one list.

ros2 run humans4d_ros humans4d_fusion --ros-args -p "cameras:=[front, left]" -p target_frame:=odom

front/humans4d/people ─┐
left/humans4d/people  ─┼─▶ TF ─▶ humans4d_core.fusion ─▶ ~/people
...                    ┘
"""
