"""``ksiqa doctor``: what it finds of sets, weights and packages, what mends the rest, and its exit status."""

import json
import subprocess
import sys
from functools import partial
from importlib.metadata import version
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import save_file

from ksiqa import doctor
from ksiqa.data.datasets import DATASETS
from ksiqa.health import sets as of_sets
from ksiqa.health.finding import Finding
from ksiqa.health.software import versions
from tests.fake_iqa import WRITERS


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    for name in DATASETS:
        monkeypatch.delenv(f"KSIQA_{name.upper()}", raising=False)


def _found(capsys, *arguments):
    """Run the command, and return what it found by part and name, and its status."""
    status = 0
    try:
        doctor.main([*arguments, "--json"])
    except SystemExit as exit_:
        status = exit_.code
    rows = json.loads(capsys.readouterr().out)
    return {(row["part"], row["name"]): row for row in rows}, status


def _made(name, folder):
    """Write a miniature of a set, and return its reader, for which the miniature is the release."""
    facts = WRITERS[name](folder)
    return SimpleNamespace(FACTS=facts, read=partial(DATASETS[name].read, facts=facts))


def test_where_nothing_is_told_nothing_is_broken(capsys):
    found, status = _found(capsys)
    assert status == 0
    assert {name for part, name in found if part == "datasets"} == set(DATASETS) == set(doctor.SETS)
    for name, reader in DATASETS.items():
        assert found["datasets", name]["state"] == "lacking"
        assert found["datasets", name]["mend"].startswith(f"export KSIQA_{name.upper()}=FOLDER")
        assert reader.FACTS.home_page in found["datasets", name]["mend"]
    assert found["versions", "torch"]["text"] == version("torch")
    assert ("machine", "gpu") in found or ("machine", "gpu 0") in found
    weights = found["backbones", "resnet50"]
    assert weights["state"] == "lacking"
    assert weights["mend"] == "hf download timm/resnet50.a1_in1k model.safetensors"
    assert found["backbones", "tf_efficientnet_lite0"]["state"] == "good"
    assert all(row["state"] == "good" or row["mend"] or name == "gpu" for (_, name), row in found.items())


def test_a_set_that_is_whole_one_that_lacks_an_image_and_one_that_is_not_there(capsys, tmp_path, monkeypatch):
    made = {name: _made(name, tmp_path / name) for name in ("livec", "spaq")}
    monkeypatch.setattr("ksiqa.data.datasets.DATASETS", {**DATASETS, **made})
    next((tmp_path / "livec" / "Images").glob("*.JPG")).unlink()
    monkeypatch.setenv("KSIQA_SPAQ", str(tmp_path / "spaq"))
    found, status = _found(capsys, "--root", f"livec={tmp_path / 'livec'}", "--root", "live=nowhere")
    assert status == 1
    partial, gone, whole = (found["datasets", name] for name in ("livec", "live", "spaq"))
    assert (partial["state"], partial["text"]) == (
        "broken",
        f"{tmp_path / 'livec'}: labels read, 23 of 24 images there",
    )
    assert partial["mend"].endswith("data.allow_missing=true")
    assert (gone["state"], gone["text"]) == ("broken", "data.root=nowhere, which is no folder")
    assert (whole["state"], whole["mend"]) == ("good", f"ksiqa prepare data=spaq data.root={tmp_path / 'spaq'}")
    assert whole["text"] == f"{tmp_path / 'spaq'}: labels read, 24 of 24 images there; not prepared"


def test_prepared_images_are_found_where_prepare_keeps_them(tmp_path, monkeypatch):
    """By the command itself, with the short side of the set's config."""
    from ksiqa import prepare

    monkeypatch.setattr("ksiqa.data.datasets.DATASETS", {"spaq": _made("spaq", tmp_path / "spaq")})
    monkeypatch.setenv("KSIQA_CACHE", str(tmp_path / "cache"))
    prepare.main(["data=spaq", f"data.root={tmp_path / 'spaq'}", "data.allow_missing=true", "data.workers=0"])
    (one,) = (one for one in of_sets.sets({"spaq": tmp_path / "spaq"}) if one.name == "spaq")
    assert (one.state, one.mend) == ("good", "")
    assert one.text.endswith("; decoded images are kept")


def test_files_of_weights(capsys, tmp_path):
    save_file({"a": torch.zeros(2)}, tmp_path / "whole.safetensors")
    (tmp_path / "cut.safetensors").write_bytes((tmp_path / "whole.safetensors").read_bytes()[:9])
    told = {"resnet50": "whole", "vit_base_patch16_224": "cut", "vit_base_patch8_224": "none", "resnet05": "whole"}
    arguments = [word for name, file in told.items() for word in ("--weights", f"{name}={file}.safetensors")]
    found, status = _found(capsys, *arguments)
    assert status == 1
    assert found["backbones", "resnet50"]["text"] == "1 tensors: backbone.cnn.weights=whole.safetensors"
    assert "cut.safetensors cannot be read" in found["backbones", "vit_base_patch16_224"]["text"]
    assert found["backbones", "vit_base_patch8_224"]["text"] == "no file none.safetensors"
    assert "resnet50" in found["backbones", "resnet05"]["mend"]
    assert [row["state"] for row in (found["backbones", name] for name in told)] == ["good", *["broken"] * 3]


def test_a_package_outside_its_bounds_is_broken(monkeypatch):
    monkeypatch.setattr("ksiqa.health.software.version", lambda name: "0.0.1" if name == "torch" else "99")
    torch_, pillow = ({one.name: one for one in versions()}[name] for name in ("torch", "pillow"))
    assert (torch_.state, torch_.text) == ("broken", "0.0.1, where <3,>=2.11 is wanted")
    assert torch_.mend == "pip install 'torch<3,>=2.11'"
    assert pillow.state == "broken"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--root", "livek=x"], "found: --root=livek\nexpected: one of csiq, kadid10k, koniq10k, live, livec"),
        (["--root", "livec"], "found: --root livec\nexpected: a name and a path\ndo: write --root NAME=PATH"),
    ],
)
def test_what_cannot_be_meant(arguments, said, capsys):
    with pytest.raises(SystemExit) as exit_:
        doctor.main(arguments)
    assert exit_.value.code == 2
    assert said in capsys.readouterr().err


def test_what_a_terminal_shows(capsys):
    doctor.main([])
    told = capsys.readouterr().out
    for part in ("versions", "extras", "datasets", "machine", "backbones"):
        assert f"\n{part}\n" in told
    assert "  --   livec                    no folder told\n" in told
    assert " -> export KSIQA_LIVEC=FOLDER" in told
    assert told.splitlines()[-1].startswith("all well (exit status 0); -- ")


def test_the_last_line_counts_what_is_to_be_mended():
    one = partial(Finding, "datasets", "livec", text="")
    assert doctor.closing([one("good")]) == "\nall well (exit status 0)"
    assert doctor.closing([one("broken"), one("good")]).startswith("\n!! 1 thing to mend: do what stands after ->")
    told = doctor.closing([one("broken"), one("lacking"), one("broken")])
    assert told.startswith("\n!! 2 things to mend: ")
    assert told.endswith("(exit status 1); -- 1 not there: mend those that you want to use")


def test_what_is_quick_comes_before_torch():
    code = (
        "import sys; from ksiqa import doctor\n"
        "for one in doctor.look(roots={}, weights={}):\n"
        "    if one.name == 'cache': break\n"
        "assert 'torch' not in sys.modules, 'torch'"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
