# The node in a container. ROS 2 comes from wheels, so any Debian or Ubuntu with Python 3.10 to 3.14 will do;
# a ROS image (--build-arg BASE_IMAGE=ros:jazzy) brings its own.
#
#   docker build -t humans4d .
#   docker run --rm --net=host --ipc=host -v $PWD/weights:/weights:ro humans4d \
#     --ros-args -r image:=/camera/image_raw -r camera_info:=/camera/camera_info
#
# --net=host and --ipc=host let it find the robot's other nodes and share memory with them.
ARG BASE_IMAGE=debian:bookworm
FROM ${BASE_IMAGE}

RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        ca-certificates cmake g++ make python3 python3-dev python3-venv \
    && rm -rf /var/lib/apt/lists/*

RUN useradd --create-home --uid 1001 humans4d \
    && install -d -o humans4d /opt/humans4d
WORKDIR /opt/humans4d
USER humans4d

# What the set-up depends on comes first: a change of the code alone does not download it all again.
ARG HUMANS4D_TORCH=torch==2.13.0
ENV HUMANS4D_TORCH=${HUMANS4D_TORCH} PIP_NO_CACHE_DIR=1
COPY --chown=humans4d run pyproject.toml README.md ./
COPY --chown=humans4d requirements requirements
COPY --chown=humans4d humans4d_core/__init__.py humans4d_core/
RUN ["/bin/bash", "-c", "[ -z \"${ROS_DISTRO:-}\" ] || source /opt/ros/$ROS_DISTRO/setup.bash; ./run setup"]

COPY --chown=humans4d . .
RUN ["/bin/bash", "-c", "[ -z \"${ROS_DISTRO:-}\" ] || source /opt/ros/$ROS_DISTRO/setup.bash; ./run build"]

# Weights are licensed to the user, not to us: they are mounted, never copied in.
VOLUME /weights
ENV ROS_AUTOMATIC_DISCOVERY_RANGE=SUBNET
ENTRYPOINT ["/bin/bash", "-c", "[ -z \"${ROS_DISTRO:-}\" ] || source /opt/ros/$ROS_DISTRO/setup.bash; exec ./run node \"$@\"", "node"]
