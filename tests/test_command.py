"""The commands as they are called: their exit status, and their errors as text instead of tracebacks."""

import csv
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ksiqa import cli, evaluate, predict, table, train
from ksiqa.errors import KsiqaError
from ksiqa.hints import check_added
from ksiqa.inference.model_folder import save_model
from ksiqa.sets import check_labels
from tests.inference.conftest import saved
from tests.runs import composed, table_overrides
from tests.tiny import write_table


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Commands work from any directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")  # a terminal wide enough for the paths of these tests


def _failed(main, arguments, capsys):
    """Run a command that must end with status 2, and return what it wrote to stderr."""
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 2
    text = capsys.readouterr().err
    assert "Traceback" not in text
    assert "Error executing job" not in text  # Hydra's own line
    return text


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["modl.fusion=add"], ["ConfigError\nfound: ", "modl", "expected: overrides that name existing keys", "do: "]),
        (["model.fusoin=add"], ["ConfigError\nfound: ", "model.fusoin", "expected: overrides that name existing"]),
        (["+experiment=liveq"], ["found: no config experiment/liveq", "expected: one of ", "do: did you mean live"]),
        (["+experiment=livce"], ["found: no config experiment/livce", "do: did you mean livec?"]),
        (["split.index=0,1"], ["found: Ambiguous value", "do: add -m to run each of the values"]),
        (["-m", "split.index=0,1", "--cfg", "job"], ["found: Only one of --run", "do: leave the others out"]),
        (["data=konik10k"], ["found: no config data/konik10k", "do: did you mean koniq10k?"]),
        (["model=studnet"], ["found: no config model/studnet", "do: did you mean student?"]),
        (["+experiment=konik"], ["found: no config experiment/konik", "do: did you mean koniq?"]),
        (["strategy=dpd"], ["found: no config strategy/dpd\nexpected: one of auto, cpu, ddp", "do: did you mean ddp?"]),
        (["logger=wndb"], ["do: did you mean wandb?"]),
        (["+sweep=ten_split"], ["do: did you mean ten_splits?"]),
        (["trainer.epochs=3"], ["found: trainer.epochs, which the config does not have", "mean trainer.max_epochs=3?"]),
        (["lr=1e-4"], ["do: did you mean task.optimiser.lr=1e-4?"]),
        (["data=table", "data.higher=true"], ["do: did you mean data."]),
        (["experiment=koniq"], ["do: write +experiment=koniq"]),
        (
            ["+experimnt=koniq"],
            ["found: +experimnt=koniq, which names no group", "do: did you mean +experiment=koniq?"],
        ),
        (
            ["data=livec", "data.root=nowhere"],
            ["found: data.root=nowhere, which is no folder\nexpected: the folder of LIVE"],
        ),
        (["data.root"], ["ConfigError\nfound: ", "data.root"]),
        (
            ["+experiment=koniq"],
            [
                "DatasetError\nfound: data=koniq10k without data.root",
                "from http",
                "1024x768",
                "do: set data.root=FOLDER",
            ],
        ),
        (["+experiment=koniq", "data.root=nowhere"], ["DatasetError\nfound: ", "nowhere", "expected: ", "do: "]),
        (["data=folder"], ["DatasetError\nfound: data=folder without data.root", "do: set data.root=FOLDER"]),
        (
            ["data=table"],
            ["DatasetError\nfound: data=table without data.file, data.low", "do: set data.file=scores.csv"],
        ),
    ],
)
def test_errors_of_training_are_text(arguments, expected, capsys):
    text = _failed(train.main, arguments, capsys)
    for part in expected:
        assert part in text, text
    assert not list(Path("outputs").glob("*/*"))


def test_what_is_wrong_with_the_labels_is_told_before_torch_loads(tmp_path):
    """Also in a sweep, whose run is named."""
    (tmp_path / "scores.csv").write_text("picture,score\na.png,1\n")
    overrides = table_overrides(Path("scores.csv"), reference=False)
    script = f"import sys\nfrom ksiqa import train\ntry: train.main({['-m', *overrides, 'seed=3,4']})\n"
    script += "finally: print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout.splitlines()[-1] == "False"
    assert done.stderr.startswith("\nDatasetError\nfound: scores.csv without image; it has picture, score\n"), (
        done.stderr
    )
    assert done.stderr.endswith("data.reference=COLUMN\nin the run seed=3\n"), done.stderr


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (
            ["data=mix", "data.sets.spaq.share=1", "data.sets.spaq.root=none"],
            "found: data.sets.spaq.root=none, which is no",
        ),
        (["data=demo", "+data@pairs=folder", "pairs.root=none"], "found: no folder none"),
        (
            ["data=livec", "data.root=x", "+variants.a.model.levels=8", "+variant=a"],
            "found: data.root=x, which is no folder",
        ),
    ],
)
def test_labels_of_all_sets_are_read_first(overrides, expected):
    with pytest.raises(KsiqaError) as told:
        check_labels(composed("train", *overrides))
    assert expected in str(told.value)


def test_labels_that_a_variant_may_change_or_leave_out_are_read_later():
    check_labels(composed("train", "data=demo", "+variants.a.data.root=x", "+variant=a"))
    check_labels(composed("train", "data=demo", "+data@pairs=folder", "+variants.a.model.levels=8", "+variant=a"))


def test_dotted_keys_may_be_added():
    check_added(["+callback.ema._target_=x", "+callback.ema=null", "+callback.mine=1", "+logger.x=1", "+model.k=1"])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (["model.fusion=ad"], "found: model.fusion=ad\nexpected: one of add, concat, deform\ndo: set model.fusion=add"),
        (["sharing=transfer"], "found: sharing=transfer without a source of pairs"),
        (["data.crop=80"], "an image of 64x64 where at least 80x80 pixels are wanted; set data.crop to 64 or less"),
        (
            ["data.crop=40"],
            "found: data.crop=40\nexpected: a multiple of 16, the pixels that a token of this model covers\n",
        ),
        (["split.test_share=0"], "SplitError\nfound: "),
        (["backbone.vit.weights=none.safetensors"], "found: backbone.vit.weights=none.safetensors, and no such file"),
    ],
)
def test_wrong_values_are_text(changes, expected, capsys, tmp_path):
    file = write_table(tmp_path / "images", contents=5)
    arguments = [
        *("data=table", f"data.file={file}", "data.low=1", "data.high=5", "data.higher_is_better=true"),
        *("backbone=tiny", "strategy=cpu", "data.crop=48", "data.batch_size=8", "data.workers=1"),
        *("split.validation_share=0.2", "trainer.max_epochs=1", "trainer.enable_progress_bar=false"),
    ]
    assert expected in _failed(train.main, [*arguments, *changes], capsys)


def test_an_evaluation_without_a_model_or_data(capsys):
    assert "found: nowhere, which is no folder" in _failed(evaluate.main, ["checkpoint=nowhere", "data=demo"], capsys)
    assert "do: set checkpoint=DIR, the model/ folder of a run" in _failed(evaluate.main, [], capsys)
    assert "do: name a trained model by checkpoint=DIR" in _failed(evaluate.main, ["model=DIR"], capsys)
    assert "found: data=livec without data.root" in _failed(evaluate.main, ["checkpoint=nowhere"], capsys)


@pytest.mark.parametrize(
    ("flags", "meant"),
    [(["--max-epochs", "2"], "did you mean trainer.max_epochs=VALUE?"), (["--epochs=2"], "trainer.max_epochs=2?")],
)
def test_a_setting_that_is_written_as_a_flag(flags, meant, capsys):
    said = _failed(train.main, ["data=demo", *flags], capsys)
    assert f"found: {flags[0].partition('=')[0]}, which is no flag of ksiqa train\n" in said
    assert meant in said


def test_a_flag_that_is_written_as_a_setting(capsys):
    assert "do: write --model outputs/model" in _failed(predict.main, ["model=outputs/model", "photo.jpg"], capsys)


def test_a_folder_where_a_model_config_is_wanted(capsys):
    said = _failed(train.main, ["model=outputs/run/model"], capsys)
    assert "expected: one of plain, student, teacher\n" in said
    assert "(a trained model to go on from is named by init=DIR)" in said


def test_the_two_ways_to_call_a_command(tmp_path):
    """As a module and as a program, from another directory."""
    program = Path(sys.executable).with_name("ksiqa")
    for command in ([sys.executable, "-m", "ksiqa.train"], [str(program), "train"]):
        done = subprocess.run([*command, "data=konik"], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert "found: no config data/konik" in done.stderr
        assert "Traceback" not in done.stderr


def test_the_program_lists_its_commands(monkeypatch, capsys):
    for arguments, status in ((["--help"], 0), ([], 0), (["trian"], 2)):
        monkeypatch.setattr(sys, "argv", ["ksiqa", *arguments])
        with pytest.raises(SystemExit) as exit_:
            cli.main()
        assert exit_.value.code == status
        told = capsys.readouterr()
        assert "ksiqa predict" in (told.err if status else told.out)
    assert told.err.endswith("\nksiqa: no command trian; did you mean train?\n")


@pytest.mark.parametrize(
    ("main", "arguments", "expected"),
    [
        (
            predict.main,
            ["a.png", "--ouput", "x.csv"],
            "error: unrecognized arguments: --ouput x.csv; did you mean --output?",
        ),
        (predict.main, ["a.png", "--refrence=b.png"], "arguments: --refrence=b.png; did you mean --reference?"),
        (predict.main, ["a.png", "--zzz"], "error: unrecognized arguments: --zzz\n"),
        (table.main, ["runs", "--fromat", "csv"], "did you mean --format?"),
    ],
)
def test_a_mistyped_flag_is_told_with_the_nearest(main, arguments, expected, capsys):
    assert expected in _failed(main, arguments, capsys)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("predict") / "model"
    save_model(saved(), folder)
    return folder


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "images"
    write_table(folder, contents=1)
    (folder / "scores.csv").unlink()
    return folder


def _rows(path):
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_files_folders_and_patterns_name_each_image_once(model, images, tmp_path):
    (images / "notes.txt").write_text("no image")
    paths = [str(images / "0_1.png"), str(images), str(images / "0_*.png")]
    predict.main([*paths, "--model", str(model), "--output", "scores.csv"])
    rows = _rows(tmp_path / "scores.csv")
    assert [Path(row["image"]).name for row in rows] == ["0_1.png", "0.png", *(f"0_{n}.png" for n in (0, 2, 3, 4))]
    for row in rows:
        assert row["error"] == ""
        assert float(row["score_raw"]) == pytest.approx(100 * (1 - float(row["score"])))


def test_a_broken_file_gets_its_row_and_the_status_says_so(model, images, tmp_path, capsys):
    (images / "0_2.png").write_bytes((images / "0_2.png").read_bytes()[:100])
    with pytest.raises(SystemExit) as exit_:
        predict.main([str(images), "--model", str(model), "--output", "scores.jsonl"])
    assert exit_.value.code == 1
    rows = {Path(row["image"]).name: row for row in _rows(tmp_path / "scores.jsonl")}
    broken = rows.pop("0_2.png")
    assert broken["score"] is None
    assert "0_2.png" in broken["error"]
    assert len(rows) == 5
    assert all(0 < row["score"] < 1 and not row["error"] for row in rows.values())
    assert "5 scored, 1 failed" in capsys.readouterr().out


def test_a_reference_is_scored_against_by_the_teacher(model, images, tmp_path):
    alone, against = (
        predict.predict([str(images / "0_4.png")], model=model, reference=reference)[0]["score"]
        for reference in (None, images / "0.png")
    )
    assert alone != against


def test_low_and_high_are_shown_where_the_model_has_them(model, images, tmp_path, capsys):
    one = str(images / "0.png")
    predict.main([one, "--model", str(model)])
    assert "interval" not in capsys.readouterr().out
    save_model(replace(saved(), residuals={"student": {"pairs": [0.0] * 9}}), tmp_path / "known")
    predict.main([one, "--model", str(tmp_path / "known"), "--output", "scores.csv"])
    (row,) = _rows(tmp_path / "scores.csv")
    assert row["low"] == row["score"] == row["high"]
    predict.main([one, "--model", str(tmp_path / "known")])
    assert f"{float(row['low']):.2f} to" in capsys.readouterr().out
    predict.main([one, "--model", str(tmp_path / "known"), "--coverage", "0.95", "--output", "wider.csv"])
    (row,) = _rows(tmp_path / "wider.csv")
    assert (row["low"], row["high"]) == ("0.0", "1.0")  # nine errors do not promise that much


def test_a_name_in_brackets_is_shown_as_it_is(model, images, capsys):
    (images / "0.png").rename(images / "a[b].png")
    predict.main([str(images / "a[b].png"), "--model", str(model)])
    assert "a[b].png" in capsys.readouterr().out.replace("\n", "")


def test_a_file_that_is_not_there_has_its_row_and_the_others_are_scored(model, images):
    there, gone = predict.predict([str(images / "0.png"), str(images / "gone.png")], model=model, reference=None)
    assert there["score"] is not None
    assert gone["score"] is None
    assert "gone.png" in gone["error"]


def test_an_image_above_the_pixel_limit_has_no_score(model, images, capsys):
    with pytest.raises(SystemExit) as exit_:
        predict.main([str(images / "0.png"), "--model", str(model), "--pixel-limit", "4095"])
    assert exit_.value.code == 1
    assert "64x64 pixels" in capsys.readouterr().out
    predict.main([str(images / "0.png"), "--model", str(model), "--pixel-limit", "4096"])
    text = _failed(predict.main, [str(images / "0.png"), "--model", str(model), "--pixel-limit", "178956971"], capsys)
    assert "found: pixel_limit=178956971\nexpected: at most 178956970" in text


def test_errors_of_predict(model, images, capsys):
    (images / "empty").mkdir()
    text = _failed(predict.main, [str(images / "none*.png"), "--model", str(model)], capsys)
    assert "none*.png, which names no image\nexpected: a file, a folder of images, or a pattern" in text
    assert "which names no image" in _failed(predict.main, [str(images / "empty"), "--model", str(model)], capsys)
    one = str(images / "0.png")
    assert "found: nowhere, which is no folder" in _failed(predict.main, [one, "--model", "nowhere"], capsys)
    text = _failed(predict.main, [one, "--model", str(model), "--output", "scores.txt"], capsys)
    assert "found: --output scores.txt\nexpected: a name that ends in .csv, .jsonl or .parquet\ndo: " in text
    text = _failed(predict.main, [one, "--model", str(model), "--output", "no/scores.csv"], capsys)
    assert "found: no folder no\nexpected: " in text


def test_a_model_without_a_teacher_refuses_a_reference(images, tmp_path, capsys):
    save_model(saved(fr=False), tmp_path / "alone")
    arguments = [str(images), "--model", str(tmp_path / "alone"), "--reference", str(images / "0.png")]
    assert "found: a model without a trained teacher (fr: false)" in _failed(predict.main, arguments, capsys)
