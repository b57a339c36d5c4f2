import shutil
from dataclasses import replace

import numpy as np
from PIL import Image

from ksiqa.data.datasets import kadid10k
from ksiqa.data.fingerprint import data_fingerprint
from ksiqa.data.image_source import FileImages
from ksiqa.data.synthetic.synthetic_images import SyntheticImages
from tests.fake_iqa import write_kadid10k


def _of(folder, facts):
    return data_fingerprint(FileImages(kadid10k.read(folder, facts=facts), keep=False))


def test_it_is_the_same_elsewhere_and_changes_with_labels_names_and_sizes(tmp_path):
    facts = write_kadid10k(tmp_path / "one")
    one = _of(tmp_path / "one", facts)
    shutil.copytree(tmp_path / "one", tmp_path / "deep" / "copy")
    assert _of(tmp_path / "deep" / "copy", facts) == one

    image = next(iter((tmp_path / "deep" / "copy" / "images").glob("*_01_01.png")))
    with Image.open(image) as opened:
        opened.resize((8, 8)).save(image)
    assert _of(tmp_path / "deep" / "copy", facts) != one

    labels = tmp_path / "one" / "dmos.csv"
    first, row, *rest = labels.read_text().splitlines()
    *cells, dmos, spread = row.split(",")
    labels.write_text("\n".join([first, ",".join([*cells, f"{float(dmos) - 0.01:.4f}", spread]), *rest]) + "\n")
    assert _of(tmp_path / "one", facts) != one


def test_of_synthetic_pairs_it_follows_pixels_and_seed():
    def made(seed, value):
        photographs = {"noise": np.random.default_rng(value).integers(0, 256, (64, 64, 3), dtype=np.uint8)}
        settings = {"families": ["jpeg"], "levels": [1, 5], "size": None, "pristine": True, "keep_in_memory": False}
        return data_fingerprint(
            SyntheticImages(name="made", photographs=photographs, seed=seed, cache=None, **settings)
        )

    assert made(0, 0) == made(0, 0)
    assert len({made(0, 0), made(1, 0), made(0, 1)}) == 3


def test_of_synthetic_pairs_it_is_the_same_where_measures_rank_two_photographs_otherwise(tmp_path):
    """As they do on another processor where they are as good as equal; here the ranks are turned round."""
    rng = np.random.default_rng(0)
    photographs = {name: rng.integers(0, 256, (64, 64, 3), dtype=np.uint8) for name in ("one", "two")}
    settings = {"families": ["jpeg"], "levels": [1], "size": None, "pristine": False, "keep_in_memory": False}

    def made():
        return SyntheticImages(name="made", photographs=photographs, seed=0, cache=tmp_path, **settings)

    before = made()
    file = tmp_path / "measures.csv"
    columns, one, two = file.read_text().splitlines()
    keys = [row.partition(",")[0] for row in (one, two)]
    file.write_text("\n".join([columns, one.replace(*keys), two.replace(*keys[::-1])]) + "\n")
    after = made()
    assert list(after.table.scores) == list(before.table.scores)[::-1] != list(before.table.scores)
    assert data_fingerprint(after) == data_fingerprint(before)


def test_a_part_of_a_set_is_another_set(tmp_path):
    facts = write_kadid10k(tmp_path)
    whole = kadid10k.read(tmp_path, facts=facts)
    less = replace(whole, frame=whole.frame.iloc[:-1].reset_index(drop=True))
    assert data_fingerprint(FileImages(whole, keep=False)) != data_fingerprint(FileImages(less, keep=False))
