"""Exported files: what other programs make of them is what the model itself says."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import ksiqa
from ksiqa.data.synthetic.demo_photographs import demo_photographs
from ksiqa.data.views import ScoringViews
from ksiqa.errors import ConfigError, ModelFolderError, StorageError
from ksiqa.export import export, main
from ksiqa.inference.exporting.check import largest_difference
from ksiqa.inference.exporting.program import ScoringNetwork
from ksiqa.inference.found_model import SHIPPED
from ksiqa.inference.model_folder import save_model
from tests.inference.conftest import saved

EXAMPLE = Path(__file__).parents[1] / "examples/onnx/score.py"
ABSENT = ("ksiqa", "torch", "torchvision", "timm", "lightning", "onnx", "onnxscript", "scipy", "pandas", "simplejpeg")
WITHOUT = f"""
import runpy, sys
sys.modules |= dict.fromkeys({ABSENT})
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def exported(model, file, form, *options):
    """Export by a process, which says what differs and nothing else."""
    command = [sys.executable, "-m", "ksiqa.export", "--model", model, "--format", form, "--output", file, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    told = re.fullmatch(rf"{re.escape(str(file))}: differs from the model by (\S+) at most\n", done.stdout)
    assert 0 <= float(told[1]) < 1e-5
    assert float(told[1]) > 0 or form == "torch"  # which runs the same kernels: a small model may say just the same
    return file


def scored(*arguments):
    """Score by the example, in a process in which only onnxruntime, numpy and Pillow can be imported."""
    command = [sys.executable, "-c", WITHOUT, EXAMPLE, *arguments]
    return subprocess.run([str(one) for one in command], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A model folder, with intervals; large images are made smaller."""
    folder = tmp_path_factory.mktemp("model")
    errors = {"student": {"pairs": [0.01 * number for number in range(1, 20)]}}
    save_model(replace(saved(short_side=150), residuals=errors, in_doubts=True), folder)
    return folder


@pytest.fixture(scope="module")
def onnx_file(model, tmp_path_factory):
    return exported(model, tmp_path_factory.mktemp("exported") / "model.onnx", "onnx")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Photographs of odd sizes, and of all that is to be decided: alpha, grey, 16 bits, EXIF, palette, inks, size."""
    folder = tmp_path_factory.mktemp("files")
    coffee, astronaut = (Image.fromarray(demo_photographs()[name]) for name in ("coffee", "astronaut"))
    turned = Image.Exif()
    turned[0x0112] = 6
    coffee.crop((0, 0, 117, 63)).save(folder / "odd.png")
    coffee.crop((9, 9, 25, 25)).save(folder / "one_token.png")
    coffee.crop((0, 0, 400, 50)).save(folder / "long.jpg")
    coffee.crop((0, 0, 130, 70)).save(folder / "turned.jpg", exif=turned)
    astronaut.save(folder / "large.jpg", quality=40)
    astronaut.crop((0, 0, 90, 90)).convert("P").save(folder / "palette.png")
    astronaut.crop((0, 0, 90, 91)).convert("CMYK").save(folder / "inks.jpg")
    astronaut.crop((0, 0, 64, 80)).convert("L").save(folder / "grey.png")
    clear = astronaut.crop((0, 0, 99, 66))
    clear.putalpha(coffee.convert("L").crop((0, 0, 99, 66)))
    clear.save(folder / "clear.png")
    Image.fromarray(np.asarray(astronaut.convert("L")).astype(np.uint16)[:70, :70] * 257).save(folder / "deep.png")
    return sorted(folder.iterdir())


def test_the_example_scores_as_the_package_does(model, onnx_file, files):
    done = scored(onnx_file, *files)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == len(files) == 10
    for row, expected in zip(rows, ksiqa.load(model).score(files), strict=True):
        assert row["score"] == pytest.approx(expected.score, abs=1e-4), row
        assert row["score_raw"] == pytest.approx(expected.score_raw, abs=1e-2)  # on a scale of 100
        assert (row["low"], row["high"]) == pytest.approx((expected.low, expected.high), abs=1e-4)
        assert row["scale"] == expected.scale
    assert len({round(row["score"], 4) for row in rows}) > 5


def test_the_example_says_what_it_cannot_score(onnx_file, files, tmp_path):
    Image.new("RGB", (1300, 40)).save(tmp_path / "wide.png")
    Image.new("RGB", (40, 15)).save(tmp_path / "small.png")
    for name, said in {
        "wide.png": "an image of 1300x40: the file takes 1280 pixels a side; use ksiqa itself",
        "small.png": "an image of 40x15: the model wants 16 pixels a side",
    }.items():
        done = scored(onnx_file, tmp_path / name)
        assert (done.returncode, done.stdout, done.stderr.strip()) == (1, "", said)
    assert scored(onnx_file, files[0], "--reference", files[0]).stderr.strip() == "this model takes image"


def test_the_file_tells_what_belongs_to_the_model(onnx_file):
    """And nothing of the machine that it was made on."""
    import onnx

    made = onnx.load(onnx_file)
    onnx.checker.check_model(made, full_check=True)
    assert [(one.domain, one.version) for one in made.opset_import] == [("", 20)]
    assert [one.name for one in made.graph.output] == ["score", "levels", "quality_map", "doubt"]
    (image,) = made.graph.input
    sides = [one.dim_param or one.dim_value for one in image.type.tensor_type.shape.dim]
    assert sides[1] == 3
    assert all(isinstance(side, str) for side in (sides[0], *sides[2:]))
    assert not any(node.doc_string or node.metadata_props for node in made.graph.node)
    told = json.loads({one.key: one.value for one in made.metadata_props}["ksiqa"])
    assert (told["inputs"], told["cell"], told["largest_grid"], told["short_side"]) == (["image"], 16, 80, 150)
    assert told["views"] == {"kind": "whole", "side": 48, "grid": 1}
    assert (told["scale"]["low"], told["scale"]["high"], told["scale"]["higher_is_better"]) == (0, 100, False)


@pytest.mark.long  # capturing two inputs takes a quarter of a minute
def test_a_teacher_by_torch_scores_pairs_as_the_package_does(model, tmp_path):
    file = exported(model, tmp_path / "teacher.pt2", "torch", "--full-reference")
    extra = {"ksiqa.json": ""}
    network = torch.export.load(file, extra_files=extra).module(check_guards=False)
    assert json.loads(extra["ksiqa.json"])["inputs"] == ["image", "reference"]
    image, reference = (demo_photographs()[name][:96, :112] for name in ("coffee", "astronaut"))
    shown = [torch.tensor(one).permute(2, 0, 1)[None].float() / 255 for one in (image, reference)]
    expected = ksiqa.load(model).score(image, reference, maps=True)
    found = network(*shown)
    assert found["score"].item() == pytest.approx(expected.score, abs=1e-5)
    assert np.allclose(found["levels"][0].numpy(), expected.levels, atol=1e-5)
    assert np.allclose(found["quality_map"][0].numpy(), expected.quality_map, atol=1e-5)
    assert found["doubt"].item() == pytest.approx(expected.doubt, abs=1e-5)


def test_what_cannot_be_exported_is_refused_and_leaves_nothing(model, tmp_path, capsys):
    with pytest.raises(ConfigError, match="found: --format=onxx\nexpected: one of onnx, torch\ndo: set --format=onnx"):
        export(model, tmp_path / "a.onnx", form="onxx")
    with pytest.raises(ConfigError, match=r"expected: a name that ends in \.pt2\ndo: name it a\.pt2"):
        export(model, tmp_path / "a.onnx", form="torch")
    with pytest.raises(ConfigError, match=r"found: no folder .*none\nexpected: a folder .*\ndo: make it first"):
        export(model, tmp_path / "none" / "a.onnx", form="onnx")
    with pytest.raises(ModelFolderError, match=r"found: no config\.json in .*\nexpected: a trained model"):
        export(tmp_path, tmp_path / "a.onnx", form="onnx")
    with pytest.raises(SystemExit) as end:
        main(["--model", str(tmp_path), "--format", "onnx", "--output", str(tmp_path / "a.onnx")])
    assert end.value.code == 2
    assert "ModelFolderError\nfound: no config.json" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_to_is_told_before_the_work(tmp_path):
    (tmp_path / "model.onnx").mkdir()
    with pytest.raises(StorageError, match=r"found: .*model\.onnx: Is a directory\n"):
        export(tmp_path / "no model", tmp_path / "model.onnx", form="onnx")


def test_a_missing_package_is_named(model, tmp_path):
    """As it is where ksiqa was installed without its extra."""
    arguments = ["--model", str(model), "--format", "onnx", "--output", str(tmp_path / "a.onnx")]
    code = f"import sys; sys.modules['onnxscript'] = None; from ksiqa.export import main; main({arguments})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no package onnxscript\n" in done.stderr
    assert "do: pip install 'ksiqa[onnx]'" in done.stderr


VARIANTS = {
    "every other part": ({"fusion": "deform", "imagery": "conv", "decoder": "cross", "ordinal": "dorn"}, True),
    "no levels": ({"fusion": "concat", "imagery": "query", "ordinal": "none"}, False),
    "plain": ({"kind": "plain"}, False),
}


@pytest.mark.long
@pytest.mark.parametrize("name", VARIANTS)
def test_every_kind_of_model_can_be_exported(name, tmp_path):
    changes, full_reference = VARIANTS[name]
    save_model(saved(**changes), tmp_path / "model")
    options = ["--full-reference"] if full_reference else []
    files = [exported(tmp_path / "model", tmp_path / f"{number}.onnx", "onnx", *options) for number in range(2)]
    assert files[0].read_bytes() == files[1].read_bytes()  # the same each time
    exported(tmp_path / "model", tmp_path / "model.pt2", "torch", *options)


@pytest.mark.long
@pytest.mark.real_data
def test_the_real_pair_scores_photographs_as_the_package_does(shared, tmp_path):
    weights = shared / "weights"
    vit = {"name": "vit_small_patch14_dinov2", "weights": str(weights / "vit_small_patch14_dinov2.fp16.safetensors")}
    cnn = {"name": "tf_efficientnet_lite0", "weights": str(weights / "tf_efficientnet_lite0.safetensors")}
    backbone = {
        "vit": {**vit, "blocks": [1, 3], "pool": 1, "shrink": 1},
        "cnn": {**cnn, "stages": [2, 3, 4], "spread": True},
    }
    views = ScoringViews(kind="whole", side=224, grid=1, cell=14)
    save_model(saved(backbone=backbone, views=views), tmp_path / "model")
    file = exported(tmp_path / "model", tmp_path / "model.onnx", "onnx")
    photograph = demo_photographs()["astronaut"]
    large = np.concatenate([np.concatenate([photograph] * 3, axis=1)] * 2)
    images = [large[:height, :width] for height, width in [(20, 57), (224, 224), (392, 392), (322, 490), (560, 1120)]]
    names = [tmp_path / f"{number}.png" for number in range(len(images))]
    for name, image in zip(names, images, strict=True):
        Image.fromarray(image).save(name)
    rows = [json.loads(line) for line in scored(file, *names).stdout.splitlines()]
    expected = [one.score for one in ksiqa.load(tmp_path / "model").score(names)]
    assert [row["score"] for row in rows] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("pool", "shrink"), [(1, 1), (2, 1), (1, 2)])
def test_sizes_are_compared_up_to_the_largest_grid_and_not_beyond(pool, shrink):
    """Beyond it the network itself looks at tiles, and says something else than one graph."""
    vit = {"name": "test_vit", "weights": "random", "blocks": [1, 3], "pool": pool, "shrink": shrink}
    network = ScoringNetwork(saved(backbone={"vit": vit}), full_reference=False).eval()
    sides = set()

    def itself(image):
        sides.update(length // network.cell for length in image.shape[2:])
        return network(image)

    assert largest_difference(network, itself) == 0
    assert max(sides) == network.largest_grid == 80 // (pool * shrink)


@pytest.mark.long  # capturing several students takes a third of a minute
@pytest.mark.parametrize("options", [[], ["--full-reference"]], ids=["student", "teacher"])
def test_several_students_are_one_graph(options, tmp_path):
    save_model(saved(students=2, backbone={"frozen": ["vit", "cnn"]}), tmp_path / "model")
    exported(tmp_path / "model", tmp_path / "model.pt2", "torch", *options)


@pytest.mark.long
@pytest.mark.parametrize(
    ("form", "options"), [("onnx", []), ("torch", []), ("onnx", ["--full-reference"])], ids=["onnx", "torch", "fr"]
)
def test_the_model_of_the_package(form, options, tmp_path):
    exported(SHIPPED, tmp_path / ("model.pt2" if form == "torch" else "model.onnx"), form, *options)
