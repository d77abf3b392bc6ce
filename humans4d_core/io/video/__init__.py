"""Videos in and out, through OpenCV's FFmpeg."""
