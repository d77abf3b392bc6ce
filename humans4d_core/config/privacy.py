"""What pictures may show of people."""

#: Nothing is done to images before anybody sees them; heads are hidden; there is no image.
PRIVACY = ("none", "heads", "no_image")
