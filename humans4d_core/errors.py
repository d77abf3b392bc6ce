"""The errors users meet. Each message is one sentence: what is wrong, where, what to do."""

from .shown_text import shown

_LONGEST = 1500


class Humans4dError(Exception):
    """Base of every error that a user's input can cause; the CLI prints it and exits with 2.

    Its message may quote files, topics and frames as they came: it is made fit to be shown here,
    for every log, terminal and message it may end in.
    """

    def __init__(self, message: object = ""):
        super().__init__(shown(message, _LONGEST))


class CameraError(Humans4dError):
    """A camera that cannot project: uncalibrated, non-finite or of an unknown distortion model."""


class ImageError(Humans4dError):
    """An image whose size, type or encoding cannot be used."""


class InputFileError(Humans4dError):
    """A video, bag, image folder, box or body file that is missing, empty or not what it says."""


class ModelFileError(Humans4dError):
    """Weights or a body file that cannot be used or must not be trusted."""


class TransformError(Humans4dError):
    """A transform that is not known: what was looked for, when, and what to do."""

    def __init__(self, text: str, may_still_come: bool = True):
        """`may_still_come`: waiting may help."""
        super().__init__(text)
        self.may_still_come = may_still_come
