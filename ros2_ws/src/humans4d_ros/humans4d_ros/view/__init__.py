"""The live view of a node's people in the browser, as a program of its own."""
