"""What a stranger could hand in: pickles that would write a file, files that claim too much."""

import json
import os
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch

from ksiqa.command import told
from ksiqa.errors import ModelFolderError
from ksiqa.inference.model_folder import load_model


class Harmful:
    """Makes a folder when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = str(mark)

    def __reduce__(self) -> Any:
        return (os.mkdir, (self.mark,))


def bare_pickle(mark: Path) -> bytes:
    return pickle.dumps(Harmful(mark))


def checkpoint(mark: Path, file: Path) -> bytes:
    """A zip as torch.save writes it, with all that a checkpoint is asked for."""
    torch.save({"state_dict": {"a": Harmful(mark)}, "global_step": 5, "epoch": 1}, file)
    return file.read_bytes()


def unpickled(content: bytes, folder: Path) -> None:
    """Unpickle a file as a careless reader does."""
    (folder / "careless").write_bytes(content)
    if zipfile.is_zipfile(folder / "careless"):
        torch.load(folder / "careless", weights_only=False)
    else:
        pickle.loads(content)


def header(tensors: dict[str, Any], *, content: bytes = b"", length: int | None = None) -> bytes:
    """A safetensors file with any header."""
    text = json.dumps(tensors).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + content


def claimed(shape: list[int], offsets: list[int]) -> dict[str, Any]:
    return {"dtype": "F32", "shape": shape, "data_offsets": offsets}


def refused(folder):
    with pytest.raises(ModelFolderError) as error:
        load_model(folder)
    text = told(error.value)
    assert len(text) < 2000
    assert all(one.isprintable() or one == "\n" for one in text)
    return text


def set_value(folder, *path, value):
    """Put a value into config.json."""
    file = folder / "config.json"
    config = inner = json.loads(file.read_text())
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    file.write_text(json.dumps(config))
