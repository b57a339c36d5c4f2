import numpy as np
import pytest

from ksiqa.data.synthetic import held_out
from ksiqa.data.synthetic.families import FAMILIES, LEVELS
from ksiqa.data.synthetic.measures import measures
from ksiqa.data.synthetic.synthetic_images import SyntheticImages
from ksiqa.errors import ConfigError


def test_no_training_family_is_held_out():
    assert set(held_out.HELD_OUT) == {"avif"}
    assert not set(held_out.HELD_OUT) & set(FAMILIES)
    assert not {id(function) for function in held_out.HELD_OUT.values()} & {id(f.apply) for f in FAMILIES.values()}


def test_no_training_family_encodes_avif(crops, monkeypatch):
    """Whatever a family is called: none of them may reach the held-out codec."""
    from PIL import Image

    from ksiqa.data.synthetic.families import distort

    used = []
    save = Image.Image.save
    monkeypatch.setattr(
        Image.Image, "save", lambda self, *a, **k: (used.append(k.get("format")), save(self, *a, **k))[1]
    )
    for name in FAMILIES:
        distort(crops["coffee"], family=name, level=2, seed=0)
    assert set(used) == {"JPEG", "JPEG2000", "WEBP"}


def test_training_refuses_avif(crops):
    with pytest.raises(ConfigError, match="found: families=avif\nexpected: one of brighten, "):
        SyntheticImages(
            name="pairs",
            photographs=crops,
            families=["jpeg", "avif"],
            levels=[1],
            size=None,
            pristine=False,
            seed=0,
            cache=None,
            keep_in_memory=False,
        )


def test_avif_gets_worse_with_the_level(crops):
    found = [
        measures(crops["coffee"], held_out.avif(crops["coffee"], level, np.random.default_rng(0))) for level in LEVELS
    ]
    assert np.all(np.diff([one["haarpsi"] for one in found]) < 0)
    assert np.all(np.diff([one["mse"] for one in found]) > 0)
