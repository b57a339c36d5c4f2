"""config.json of strangers: each value that does not belong where it stands is refused, fast and in little memory."""

import json

import pytest

from ksiqa.errors import ConfigError
from ksiqa.inference.model_config import LARGEST
from tests.attacks.made import refused, set_value
from tests.tiny import tiny_model

TARGET = {"_target_": "os.system", "_args_": ["echo ran"]}


PLACES = [
    *(("x",), ("_target_",), ("model",), ("backbone",), ("source",), ("scales",), ("views",), ("training",)),
    *(("model", "x"), ("model", "kind"), ("model", "imagery"), ("model", "imagery_into_features")),
    *(("model", "width"), ("model", "regressed_share"), ("model", "bins"), ("batch_size",), ("short_side",)),
    *(("backbone", "vit"), ("backbone", "vit", "x"), ("backbone", "vit", "name"), ("backbone", "vit", "blocks")),
    *(("backbone", "vit", "weights"), ("backbone", "cnn", "stages"), ("backbone", "cnn", "spread")),
    *(("backbone", "frozen"), ("scales", "pairs"), ("scales", "pairs", "low"), ("scales", "pairs", "layout")),
    *(("views", "kind"), ("views", "grid"), ("views", "distinct"), ("training", "x"), ("training", "pairs_made")),
    *(("short_sides",), ("short_sides", "a"), ("version",), ("format",), ("fr",), ("fr_source",)),
]


@pytest.mark.parametrize("place", PLACES, ids=".".join)
def test_a_target_is_refused_wherever_it_stands(place, folder, capfd):
    set_value(folder, *place, value=TARGET)
    refused(folder)
    assert "ran" not in capfd.readouterr().out.splitlines()


BILLION = 10**9
VALUES = [
    *((("model", name), value) for name in ("width", "heads", "levels") for value in (BILLION, 0, -1, True, "8", 8.0)),
    *((("model", name), value) for name in ("imagery_depth", "decoder_depth") for value in (BILLION, 65, 0, None)),
    *((("model", "width"), value) for value in (2**16, 10**4000)),
    *((("model", "levels"), 2**16), (("model", "regressed_share"), float("nan")), (("model", "bins"), "../x")),
    *((("views", name), value) for name in ("grid", "side", "cell") for value in (BILLION, 0, -1, "2")),
    *((("views", "grid"), 33), (("views", "kind"), "/etc/x"), (("views", "distinct"), 0)),
    *((("batch_size",), value) for value in (BILLION, 0, -1, True, "8")),
    *((("short_side",), value) for value in (0, -1, "8", BILLION)),
    *((("format",), value) for value in ("1", 0, -1, True, 0.5, None, [1])),
    *((("source",), value) for value in (None, "other", ["pairs"])),
    *((("fr_source",), "other"), (("training",), None), (("backbone", "frozen"), "vit"), (("scales",), {})),
    *((("scales", "pairs", "low"), value) for value in (float("-inf"), float("nan"), 100.0, 1e300, True, "0")),
    *((("backbone", "vit", "blocks"), value) for value in ([], [BILLION], [-1], [0.5], [True], "01", {"0": 1}, [2, 1])),
    *((("training", "pairs_made"), value) for value in ({"demo": {"families": ["${oc.env:HOME}"]}}, {"demo": [1]})),
]


@pytest.mark.parametrize(("place", "value"), VALUES, ids=lambda one: ".".join(one) if isinstance(one, tuple) else "")
def test_a_value_without_meaning_is_refused(place, value, folder):
    set_value(folder, *place, value=value)
    refused(folder)


@pytest.mark.parametrize(
    "name",
    [
        *("hf-hub:timm/resnet18.a1_in1k", "hf_hub:timm/resnet18.a1_in1k", "timm/test_vit", "local-dir:/tmp", "/etc/x"),
        *("test_vit.hf-hub:a/b", "../test_vit", "test_vit\x1b]0;x\x07", "", "x" * 10**6, "vit_giant_patch14_dinov2"),
    ],
    ids=lambda name: name[:20],
)
def test_a_network_by_another_name_than_timms_own_is_refused(name, folder):
    set_value(folder, "backbone", "vit", "name", value=name)
    refused(folder)


@pytest.mark.parametrize(
    "name", ["../../x", "/etc/x", "a\x1b[2Jb", "a\nb", "", "[red]x[/]", "x" * 65, "a.b", "forward"]
)
def test_a_scale_by_the_name_of_a_path_or_of_what_steers_a_terminal_is_refused(name, folder):
    config = json.loads((folder / "config.json").read_text())
    set_value(folder, "scales", value={name: config["scales"]["pairs"]})
    for key in ("source", "fr_source"):
        set_value(folder, key, value=name)
    refused(folder)


def test_no_model_is_built_for_such_a_name():
    with pytest.raises(ConfigError, match=r"a source of scores named \.\./x"):
        tiny_model(sources=("one", "../x"))


TEXTS = {
    "100,000 brackets": b"[" * 100_000,
    "100,000 mappings": b'{"a":' * 100_000,
    "no UTF-8": b'{"format": "\xff\xfe"}',
    "UTF-16": '{"format": 1}'.encode("utf-16"),
    "a list": b"[]",
    "a number of 5,000 digits": b'{"format": ' + b"9" * 5000 + b"}",
    "more than its limit": b" " * (LARGEST + 1),
    "lists up to its limit": b"[" + b"[]," * ((LARGEST - 10) // 3) + b"1]",
    "65 scales": None,
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_that_is_no_config_is_refused(name, folder):
    if TEXTS[name] is None:
        scale = json.loads((folder / "config.json").read_text())["scales"]["pairs"]
        set_value(folder, "scales", value={"pairs": scale, **{f"n{number}": scale for number in range(65)}})
    else:
        (folder / "config.json").write_bytes(TEXTS[name])
    refused(folder)


def test_a_config_of_gigabytes_is_not_read(folder):
    with (folder / "config.json").open("wb") as file:
        file.truncate(2**36)  # takes no room on disk
    assert f"config.json of more than {LARGEST} bytes" in refused(folder)
