"""One page that says how good an evaluation came out, and shows its worst moments."""
