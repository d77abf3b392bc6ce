"""What a file is by its first bytes: only real containers of video reach FFmpeg.

FFmpeg decides by content too, and some of what it takes opens other files and addresses: HLS
playlists, ffconcat scripts, SDP descriptions, DASH manifests. All of these are text. So the list
here is of what may pass, and everything else is refused under its name.
"""

from __future__ import annotations

import re

#: Bytes that `format_problem` and `container_name` want to see, where the file has as many.
HEAD_BYTES = 1 << 20

#: Container -> its first bytes.
_CONTAINERS = {
    "AVI": rb"RIFF....AVI |ON2 ....ON2f",
    "MP4": rb"....(ftyp|moov|mdat|free|skip|wide|pnot|styp|moof|uuid)",
    "Matroska": rb"\x1aE\xdf\xa3",
    "MPEG-PS": rb"\x00\x00\x01\xba|IMKH",
    "MPEG-TS": rb"G.{187}G.{187}G|.{4}G.{191}G.{191}G|G.{203}G.{203}G|G.{187}\Z|G.{187}G.{187}\Z",
    "FLV": rb"FLV\x01",
    "ASF": rb"0&\xb2u\x8ef\xcf\x11",
    "Ogg": rb"OggS\x00",
    "GIF": rb"GIF8[79]a",
    "YUV4MPEG2": rb"YUV4MPEG2 ",
    "IVF": rb"DKIF",
    "MXF": rb"\x06\x0e\+4\x02\x05\x01\x01",
    "NUT": rb"nut/multimedia container\x00",
    "RealMedia": rb"\.RMF\x00",
    "DV": rb"\x1f\x07\x00",
    "WTV": rb"\xb7\xd8\x00\x20\x37\x49\xda\x11",
    "DHAV": rb"DHAV|DAHUA",
    "a raw stream": rb"\x00\x00\x00?\x01[^\xba]|\x12\x00\x0a",
    "Motion JPEG": rb"\xff\xd8\xff.*\xff\xd9\x00*\xff\xd8\xff",
}
_SOUND = {
    "WAV": rb"(RIFF|RF64)....WAVE",
    "MP3": rb"ID3[\x02-\x04]|\xff[\xe2-\xe7\xf2-\xf7\xfa-\xff][^\xff]",
    "AAC": rb"\xff[\xf0\xf1\xf8\xf9]|ADIF",
    "FLAC": rb"fLaC",
    "AIFF": rb"FORM....AIF[FC]",
    "AC-3": rb"\x0bw",
    "AMR": rb"#!AMR",
    "MIDI": rb"MThd",
    "CAF": rb"caff\x00",
    "WavPack": rb"wvpk",
    "AU": rb"\.snd\x00",
}
_IMAGES = {
    "JPEG": rb"\xff\xd8\xff",
    "PNG": rb"\x89PNG\r\n\x1a\n",
    "WebP": rb"RIFF....WEBP",
    "TIFF": rb"II[*+]\x00|MM\x00[*+]",
    "HEIC": rb"....ftyp(hei[cfmsx]|hev[cmsx]|mif1|msf1)",
    "AVIF": rb"....ftypavi[fs]",
    "JPEG 2000": rb"\x00\x00\x00\x0cjP  |\xffO\xffQ",
    "JPEG XL": rb"\xff\x0a|\x00\x00\x00\x0cJXL ",
    "BMP": rb"BM....\x00\x00\x00\x00",
    "PPM": rb"P[1-6]\s",
    "Photoshop": rb"8BPS\x00",
}
_OTHERS = {
    "an mcap bag: its name must end in .mcap": rb"\x89MCAP0\r\n",
    "an SQLite file: the name of a bag must end in .db3": rb"SQLite format 3\x00",
    "a ROS 1 bag: `rosbags-convert` makes a rosbag2 of it": rb"#ROSBAG V",
    "a zip archive: unpack it": rb"PK\x03\x04|PK\x05\x06",
    "compressed (gzip): unpack it": rb"\x1f\x8b\x08",
    "compressed (xz): unpack it": rb"\xfd7zXZ\x00",
    "compressed (zstd): unpack it": rb"\x28\xb5\x2f\xfd",
    "compressed (bzip2): unpack it": rb"BZh[1-9]1AY",
    "a 7z archive: unpack it": rb"7z\xbc\xaf\x27\x1c",
    "a RAR archive: unpack it": rb"Rar!\x1a\x07",
    "a PDF document": rb"%PDF-",
    "an HDF5 file": rb"\x89HDF\r\n",
    "a program": rb"\x7fELF|MZ.{58}",
}
#: What playlists and other lists of files and addresses begin with.
_LISTS = (
    rb"#EXT|ffconcat|file\s+['\"/]|#?\s*concat|v=0|\[playlist\]|\[reference\]|<asx|<\?xml|<mpd|"
    rb"<smil|<playlist|# mpv edl|rtsptext|https?:|rtsp:|c=in "
)


#: What FFmpeg looks for further in, up to the first zero: a list may hide behind another's magic.
_HIDDEN_LISTS = rb"c=in ip|#extm3u|#ext-x-|<mpd|dash:profile|<compositionplaylist"


def container_name(head: bytes) -> str | None:
    """The container of video that a file's first HEAD_BYTES are of; None: of none."""
    if re.search(_HIDDEN_LISTS, head.partition(b"\x00")[0], re.IGNORECASE):
        return None
    found = _match(_CONTAINERS, head)
    # An image alone is none, though it may begin as its container (HEIC) does.
    return None if found != "Motion JPEG" and _match(_IMAGES, head) else found


def format_problem(head: bytes) -> str:
    """Why a file whose `container_name` is None is no video, as the end of a sentence."""
    # UTF-16 and UTF-32 have a zero in most places.
    text = head.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n").replace(b"\x00", b"")
    start = head.partition(b"\x00")[0]
    if re.match(_LISTS, text[:200], re.I) or re.search(_HIDDEN_LISTS, start, re.I):
        return "is a text file that lists other files, not a video: give the video itself"
    if (name := _match(_IMAGES, head)) is not None:
        return f"is one {name} image, not a video: its name must end as those of such images do"
    if (name := _match(_SOUND, head)) is not None:
        return f"is sound ({name}), not a video"
    if (name := _match(_OTHERS, head)) is not None:
        return f"is not a video but {name}"
    if text and all(byte >= 32 or byte in b"\t\n\r\x1b" for byte in text) and b"\x7f" not in text:
        return "is a text file, not a video"
    if not head.strip(b"\x00"):
        return "holds nothing but zeros: it was not written completely"
    return "is not a video: its first bytes are of no known container"


def _match(patterns: dict[str, bytes], head: bytes) -> str | None:
    found = (name for name, pattern in patterns.items() if re.match(pattern, head, re.DOTALL))
    return next(found, None)
