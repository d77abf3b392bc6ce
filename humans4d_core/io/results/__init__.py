"""What a run leaves behind: people, tracks, summary; and MOT files, which are also an input."""
