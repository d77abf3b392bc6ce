#!/usr/bin/env bash
# The node with ROS's arguments, or another command in the same environment:
#
#   docker run ... humans4d --ros-args -r image:=/camera/image_raw
#   docker run ... humans4d ros2 launch humans4d_ros humans4d.launch.py camera:=/front_camera
set -euo pipefail
project=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
for folder in "/opt/ros/${ROS_DISTRO:-none}" /opt/ros/*; do
  if [ -e "$folder/setup.bash" ]; then
    set +u
    # shellcheck disable=SC1091
    source "$folder/setup.bash"
    set -u
    break
  fi
done
case ${1:-} in
  "" | -*) exec "$project/run" node "$@" ;;
  *) exec "$project/run" exec "$@" ;;
esac
