"""humans4d: people in 4D for robots. The algorithm, free of ROS."""

import os

# onnxruntime's own builds report to Microsoft how it is used, and keep an id of the machine and a
# database under the home folder. This switches it off; it is read when onnxruntime is loaded, which
# only modules below do.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

# OpenCV makes room for a billion pixels. 2**28 is the bound of io/images/picture_size.py; it holds
# for formats whose headers are not read there. It is read when OpenCV is loaded.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(1 << 28))
