"""The commands as they are called: their exit status, and their errors as text instead of tracebacks."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from ksiqa import cli, evaluate, predict, table, train
from ksiqa.errors import KsiqaError
from ksiqa.hints import check_added
from ksiqa.sets import check_labels
from tests.runs import composed, failed, table_overrides
from tests.tiny import write_table


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Commands work from any directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")  # a terminal wide enough for the paths of these tests


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
            ["data", "=", "demo"],
            ["found: data = demo, with blanks\nexpected: settings as KEY=VALUE", "write data=demo\n"],
        ),
        (["seed=1", "data=", "demo"], ["found: data= demo, with blanks", "do: write data=demo\n"]),
        (["data", "=demo", "seed=1"], ["found: data =demo, with blanks", "do: write data=demo\n"]),
        (
            ["split.test_share=20"],
            ["found: split.test_share=20\nexpected: a share, from 0 to 1\ndo: set split.test_share=0.2\n"],
        ),
        (
            ["split.train_share=-0.5"],
            ["expected: a share, from 0 to 1\ndo: set split.train_share to a number from 0 to 1\n"],
        ),
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
    text = failed(train.main, arguments, capsys)
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


def test_what_scores_does_not_wait_for_what_trains():
    """These take seconds to import."""
    script = "import sys; from ksiqa import Scorer; import ksiqa.prediction.run; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    modules = set(done.stdout.split())
    assert "ksiqa.inference.scoring" in modules
    assert not modules & {"lightning", "torchmetrics", "pandas", "scipy", "hydra", "matplotlib"}


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
    assert expected in failed(train.main, [*arguments, *changes], capsys)


def test_an_evaluation_without_a_model_or_data(capsys):
    assert "found: nowhere, which is no folder" in failed(evaluate.main, ["checkpoint=nowhere", "data=demo"], capsys)
    assert "do: set checkpoint=DIR, the model/ folder of a run" in failed(evaluate.main, [], capsys)
    assert "do: name a trained model by checkpoint=DIR" in failed(evaluate.main, ["model=DIR"], capsys)
    assert "found: data=livec without data.root" in failed(evaluate.main, ["checkpoint=nowhere"], capsys)


@pytest.mark.parametrize(
    ("flags", "meant"),
    [(["--max-epochs", "2"], "did you mean trainer.max_epochs=VALUE?"), (["--epochs=2"], "trainer.max_epochs=2?")],
)
def test_a_setting_that_is_written_as_a_flag(flags, meant, capsys):
    said = failed(train.main, ["data=demo", *flags], capsys)
    assert f"found: {flags[0].partition('=')[0]}, which is no flag of ksiqa train\n" in said
    assert meant in said


def test_a_flag_that_is_written_as_a_setting(capsys):
    assert "do: write --model outputs/model" in failed(predict.main, ["model=outputs/model", "photo.jpg"], capsys)


def test_a_folder_where_a_model_config_is_wanted(capsys):
    said = failed(train.main, ["model=outputs/run/model"], capsys)
    assert "expected: one of plain, student, teacher\n" in said
    assert "(a trained model to go on from is named by init=DIR)" in said


def test_a_path_may_have_an_equals_sign_in_it(capsys):
    """As those of a sweep's runs have."""
    assert "found: runs/split.index=0/model, which is no folder" in failed(
        train.main, ["data=demo", "+experiment=finetune", "init=runs/split.index=0/model"], capsys
    )
    said = failed(evaluate.main, ["data=livec", "data.root=a=b", "checkpoint=shipped"], capsys)
    assert "found: data.root=a=b, which is no folder" in said


def test_a_path_that_is_there_may_have_brackets_and_commas_in_it(capsys):
    """As a browser names a second download."""
    folder = Path("set (1), [mine]")
    folder.mkdir()
    (folder / "scores.csv").write_text("picture,score\n")
    scale = ["data.low=1", "data.high=5", "data.higher_is_better=true"]
    said = failed(train.main, ["data=table", f"data.file={folder}/scores.csv", *scale], capsys)
    assert f"found: {folder}/scores.csv without image" in said


def test_the_ways_to_call_a_command(tmp_path):
    """As a module, by the package and as a program, from another directory."""
    program = Path(sys.executable).with_name("ksiqa")
    python = [sys.executable, "-m"]
    for command in ([*python, "ksiqa.train"], [*python, "ksiqa", "train"], [str(program), "train"]):
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
    monkeypatch.setattr(sys, "argv", ["ksiqa", "--version"])
    cli.main()
    assert capsys.readouterr().out == f"ksiqa {version('ksiqa')}\n"


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
    assert expected in failed(main, arguments, capsys)
