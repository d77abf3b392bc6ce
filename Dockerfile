# The node in a container.
#
#   docker build -t humans4d .                                        any x86_64 machine; ROS 2 from wheels
#   docker build -t humans4d --build-arg BASE_IMAGE=nvidia/cuda:12.6.3-runtime-ubuntu24.04 .       a desktop GPU
#   docker build -t humans4d --build-arg BASE_IMAGE=ros:jazzy .       ROS 2 of the base image
#   docker build -t humans4d --build-arg BASE_IMAGE=nvcr.io/nvidia/l4t-jetpack:r36.4.0 \
#     --build-arg HUMANS4D_ROS=humble --build-arg "HUMANS4D_TORCH=torch --index-url URL" .         a Jetson
#
# On a Jetson, URL is NVIDIA's index of PyTorch wheels for its JetPack: PyPI's know no Jetson GPU. ROS 2
# has no wheels for aarch64, so that HUMANS4D_ROS names the distribution to install.
#
#   docker run --rm --gpus all --net=host --ipc=host --cap-drop=ALL \
#     --security-opt=no-new-privileges --read-only --tmpfs /tmp -v humans4d_home:/home/humans4d \
#     -v $PWD/weights:/weights:ro -e HUMANS4D_CHECKPOINT=/weights humans4d --ros-args \
#     -r image:=/camera/image_raw -r camera_info:=/camera/camera_info
#
# --net=host and --ipc=host let it find the robot's other nodes and share memory with them (Jetson:
# --runtime nvidia instead of --gpus all). The node runs as a user without rights, needs no capability
# and writes logs and compiled kernels only. Weights and SMPL are licensed to the user: they are mounted.
# More in docs/security.md.
#
# The default base is a multi-platform image by its digest, which cannot change: debian:bookworm of
# 2026-06-23. `docker buildx imagetools inspect debian:bookworm` tells today's; name other bases with
# theirs: --build-arg BASE_IMAGE=ros:jazzy@sha256:...
ARG BASE_IMAGE=debian:bookworm@sha256:30482e873082e906a4908c10529180aefb6f77620aea7404b909829fadc5d168
FROM ${BASE_IMAGE}
ARG HUMANS4D_ROS=""
ARG HUMANS4D_TORCH=torch==2.13.0
# Python packages are installed by the hashes of requirements/locked.
ENV HUMANS4D_ROS=${HUMANS4D_ROS} HUMANS4D_TORCH=${HUMANS4D_TORCH} HUMANS4D_LOCKED=1 PIP_NO_CACHE_DIR=1

COPY docker/install.sh /opt/humans4d/docker/
RUN /opt/humans4d/docker/install.sh system
# Ubuntu 24.04's own first user has the id 1000.
RUN /opt/humans4d/docker/install.sh user humans4d 1001 /opt/humans4d
WORKDIR /opt/humans4d

# Dependencies come before the sources: a change of the code alone does not download them again.
COPY --chown=humans4d ros2_ws/src/humans4d_msgs/package.xml ros2_ws/src/humans4d_msgs/
COPY --chown=humans4d ros2_ws/src/humans4d_ros/package.xml ros2_ws/src/humans4d_ros/
RUN docker/install.sh rosdep
COPY --chown=humans4d run pyproject.toml README.md ./
COPY --chown=humans4d requirements requirements
COPY --chown=humans4d humans4d_core/__init__.py humans4d_core/
RUN chown -R humans4d /opt/humans4d
USER humans4d
RUN docker/install.sh setup

COPY --chown=humans4d . .
RUN docker/install.sh build

VOLUME /weights
# Who may find the node: LOCALHOST (this machine: with --net=host, the robot's computer), SUBNET
# (everybody on its networks), OFF. Humble knows ROS_LOCALHOST_ONLY=1 instead. See docs/security.md.
ENV ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST ROS_LOG_DIR=/tmp/ros_log
ENTRYPOINT ["/opt/humans4d/docker/entrypoint.sh"]
