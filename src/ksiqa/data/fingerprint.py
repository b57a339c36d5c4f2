"""A fingerprint of the data of a run, the same wherever the files lie."""

from hashlib import sha256
from os.path import commonpath
from pathlib import Path

from ksiqa.data.image_source import FileImages, ImageSource

LABELS = ("content", "raw", "part", "distortion", "level")


def data_fingerprint(source: ImageSource) -> str:
    """Return a digest of the label table (labels, contents, parts, distortions, in their order) and of each image's and
    reference's name and file size.

    Of files it covers neither pixels nor times nor the folder that they lie in. Of synthetic pairs it covers the
    photographs' pixels, the distortions and their seeds, and no pseudo-score: measures differ in their last digits from
    one processor to another, and with them now and then which of two photographs is the better one.
    """
    frame = source.table.frame
    labels = frame[list(LABELS)]
    if not isinstance(source, FileImages):
        return sha256((labels.drop(columns="raw").to_csv(index=False) + source.fingerprint).encode()).hexdigest()
    digest = sha256(labels.to_csv(index=False).encode())
    files = [Path(name).absolute() for column in ("image", "reference") for name in frame[column].dropna()]
    root = commonpath([file.parent for file in files])
    for file in files:
        digest.update(f"{file.relative_to(root).as_posix()} {file.stat().st_size}\n".encode())
    return digest.hexdigest()
