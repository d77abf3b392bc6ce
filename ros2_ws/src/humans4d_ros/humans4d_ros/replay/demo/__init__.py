"""The demo: a video or bag through the node, into pictures and figures."""
