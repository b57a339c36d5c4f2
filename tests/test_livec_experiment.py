"""experiments/livec at miniature size: what it makes, what it leaves out, what it keeps, what it says of that."""

import csv
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from ksiqa.errors import ConfigError
from tests.fake_iqa import write_livec
from tests.tiny import write_table

ROOT = Path(__file__).parents[1]
TINY = [
    *("backbone=tiny", "trainer.max_epochs=1", "model.width=32", "model.heads=4", "model.imagery_depth=1"),
    *("model.decoder_depth=1", "model.levels=8", "data.crop=32", "data.batch_size=8", "data.workers=0"),
]
ON_LIVEC = ["data.keep_in_memory=false", "data.allow_missing=true"]
ON_PAIRS = ["families=[jpeg,gaussian_blur]", "levels=[1,5]"]
HELD_OUT = ["test_share=0.4", "validation_share=0.2"]
COLUMNS = (
    "variant,part,split,seed,test/srcc,test/plcc,test/plcc_fitted,test/krcc,test/rmse,train_n,recipe,commit,"
    "hardware,seconds"
)


def of(node: str, values: list[str]) -> list[str]:
    return [f"{node}.{value}" for value in values]


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as opened:
        return list(csv.DictReader(opened))


@pytest.fixture(scope="module")
def scripts():
    """The folder's scripts, which find one another as scripts do."""
    folder = str(ROOT / "experiments" / "livec")
    sys.path.insert(0, folder)
    import calibration
    import contrasts
    import damage
    import imagery
    import measure
    import other_sets
    import teacher
    import variants

    yield SimpleNamespace(
        calibration=calibration.main,
        composed=measure.composed,
        contrasts=contrasts.main,
        imagery=imagery.main,
        damage=damage.main,
        measure=measure.main,
        other_sets=other_sets.main,
        teacher=teacher.main,
        variants=variants,
    )
    sys.path.remove(folder)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A tiny LIVEC, five photographs, and where things are kept."""
    folder = tmp_path_factory.mktemp("livec-experiment")
    write_livec(folder / "livec", rows=20)
    write_table(folder / "written", contents=5, first=30, side=96)
    (folder / "photographs").mkdir()
    for number in range(30, 35):
        (folder / "written" / f"{number}.png").rename(folder / "photographs" / f"{number}.png")
    return folder


def told(place: Path, *more: str) -> list[str]:
    files = ["--livec", place / "livec", "--pairs", place / "photographs", "--vit", "random", "--cnn", "random"]
    kept = ["--home", place / "kept", "--runs", place / "runs", "--strategy", "cpu"]
    return [*map(str, [*files, *kept]), *more]


def test_rows_are_made_once_kept_and_compared(scripts, place, capsys):
    home = place / "kept"
    some = ["--parts", "random", "--splits", "0", "--variants", "plain", "plain_again"]
    asked = told(place, *some, "--also", *TINY, *ON_LIVEC)
    assert scripts.measure([*asked, "--minutes", "0"]) == 0  # the clock is respected
    assert not home.exists()
    assert scripts.measure(asked) == 0
    assert "2 runs to make" in capsys.readouterr().out
    made = rows(home / "results.csv")
    assert (home / "results.csv").read_text().startswith(COLUMNS)
    assert [(one["variant"], one["split"], one["seed"]) for one in made] == [
        ("plain", "0", "0"),
        ("plain_again", "0", "100"),
    ]
    assert len({one["data_fingerprint"] for one in made} - {""}) == 1
    assert len({one["recipe"] for one in made}) == 1  # split and seed are no part of it
    assert {one["train_n"] for one in made} == {"16"}
    assert not list((place / "runs").rglob("checkpoints"))
    assert not list((place / "runs").rglob("model.safetensors"))
    scores = rows(home / "predictions" / "plain.csv")
    column = f"random 0 0 {made[0]['recipe']}"
    assert sum(one[column] != "" for one in scores) == 4
    before = (home / "results.csv").read_bytes()
    assert scripts.measure(asked) == 0
    assert "\n0 runs to make" in "\n" + capsys.readouterr().out
    assert (home / "results.csv").read_bytes() == before
    (home / "results.csv").write_text(before.decode().replace(made[0]["commit"], "f" * 40, 1))
    assert scripts.measure(asked) == 0
    assert "1 of 2 rows in results.csv were made by other code than" in capsys.readouterr().out
    (home / "results.csv").write_bytes(before)
    assert scripts.measure([one.replace("plain_again", "plain_own") for one in asked]) == 0
    assert "\n0 runs to make" in "\n" + capsys.readouterr().out  # at this size its recipe is that of `plain`
    assert rows(home / "results.csv")[-1] == {**made[0], "variant": "plain_own"}
    assert rows(home / "predictions" / "plain_own.csv") == scores
    scripts.contrasts(["--livec", str(place / "livec"), "--home", str(home), "--draws", "50"])
    (found,) = rows(home / "contrasts.csv")
    assert (found["first"], found["second"], found["kind"], found["parts"]) == ("plain_again", "plain", "noise", "1")
    apart = float(made[1]["test/srcc"]) - float(made[0]["test/srcc"])
    assert float(found["difference"]) == pytest.approx(apart, abs=1e-4)
    assert found["whole"] == "False"
    of_plain = before.decode().splitlines(keepends=True)[1]
    (home / "results.csv").write_text(before.decode() + of_plain.replace(made[0]["recipe"], "0" * 12))
    with pytest.raises(ConfigError, match="found: plain on random by the recipes"):
        scripts.contrasts(["--livec", str(place / "livec"), "--home", str(home)])
    (home / "results.csv").write_bytes(before)


def test_a_run_that_fails_is_told_and_the_others_are_made(scripts, place, capsys):
    asked = told(place, "--parts", "random", "--splits", "0", "--variants", "plain", "--also", *TINY, "data.crop=33")
    assert scripts.measure(asked) == 1
    assert "FAILED plain random 0 0" in capsys.readouterr().out


def test_with_few_labels_pairs_weigh_more(scripts, place):
    """The folds with a twentieth of their training photographs, for longer; heads on frozen backbones."""
    options = SimpleNamespace(frozen=True, jobs=1, strategy="cpu", also=[])
    places = scripts.variants.Places(place / "livec", place / "photographs", "random", "random")
    few, folds = (
        scripts.composed(scripts.variants.overrides("sharing", part, places=places, frozen=True), options)
        for part in ("few", "folds")
    )
    assert [one.split.source for one in (few, folds)] == ["folds", "folds"]
    assert [one.split.train_share for one in (few, folds)] == [0.05, 1.0]
    assert few.trainer.max_epochs == 4 * folds.trainer.max_epochs
    assert [one.sharing.rehearsal_weight for one in (few, folds)] == [0.2, 0.05]


@pytest.mark.long
@pytest.mark.timeout(900)
def test_what_is_looked_at_beside_the_rows(scripts, place):
    """Pairs, sharing, all probes, other sets."""
    home, photographs = place / "kept", str(place / "photographs")
    small = [*TINY, *ON_LIVEC]
    beside = [*of("pairs", ["crop=32", "batch_size=4", "workers=0", *ON_PAIRS]), *of("pair_split", HELD_OUT)]
    folds = ["--parts", "folds", "--splits", "0", "1"]
    every = ["--variants", "sharing", "pretrain", "distil", "intervals", "--keep-models"]
    assert scripts.measure(told(place, *folds, *every, "--jobs", "2", "--also", *small, *beside)) == 0
    alone = ["--parts", "pairs", "--variants", "imagery", "sharing", "distil"]
    assert scripts.measure(told(place, *alone, "--also", *TINY, *of("data", ON_PAIRS), *of("split", HELD_OUT))) == 0
    scripts.contrasts(["--livec", str(place / "livec"), "--home", str(home), "--draws", "50"])
    decisive = {(one["first"], one["second"]) for one in rows(home / "contrasts.csv") if one["kind"] == "decisive"}
    assert decisive == {("sharing", "pretrain"), ("sharing", "distil")}
    assert [one["variant"] for one in rows(home / "gap.csv")] == ["sharing", "distil"]
    of_pairs = next(one for one in rows(home / "results.csv") if one["part"] == "pairs" and one["variant"] == "sharing")
    model = place / "runs" / of_pairs["recipe"] / "0-0" / "model"
    probe = ["--model", str(model), "--photographs", photographs, "--side", "96", "--cache", str(place / "cache")]
    probe += ["--home", str(home)]
    few = ["--families", "jpeg", "gaussian_blur", "--levels", "1", "5"]
    scripts.imagery([*probe, *few])
    means = rows(home / "imagery.csv")
    assert [(one["family"], one["level"]) for one in means][:3] == [
        ("all", ""),
        ("gaussian_blur", "1"),
        ("gaussian_blur", "5"),
    ]
    pristine = next(one for one in means if one["family"] == "pristine")
    assert float(pristine["error/identity"]) == 0
    assert pristine["found_tokens/identity"] == "1.0000"
    scripts.teacher([*probe, "--families", "jpeg", "pixelate", "--levels", "1", "3", "5", "--trained", "jpeg"])
    levels = {(one["family"], one["trained"]) for one in rows(home / "teacher.csv")}
    assert levels == {("jpeg", "True"), ("pixelate", "False")}
    told_of = {one["figure"] for one in rows(home / "teacher_tests.csv")}
    assert {"SRCC with viewers, left out: mdsi", "SRCC with pseudo-scores, reference another content's"} <= told_of
    scripts.damage(probe)
    assert {one["kind"] for one in rows(home / "ladders.csv")} >= {"avif", "jpeg", "noise"}
    assert [one["figure"] for one in rows(home / "waterloo.csv")][1:4] == ["D-test", "L-test", "P-test"]
    of_intervals = next(one["recipe"] for one in rows(home / "results.csv") if one["variant"] == "intervals")
    for runs in (place / "runs", place / "runs" / of_intervals):
        scripts.calibration(["--livec", str(place / "livec"), "--runs", str(runs), "--home", str(home)])
    assert [one["split"] for one in rows(home / "calibration.csv")] == ["0", "1"]
    assert "crps: adaptive - constant" in {one["figure"] for one in rows(home / "calibration_tests.csv")}
    others = ["--models", str(model), "--sets", f"livec={place / 'livec'}", "--runs", str(place / "others")]
    scripts.other_sets([*others, "--home", str(home), "--also", "data.allow_missing=true", "strategy=cpu"])
    (row,) = rows(home / "other_sets.csv")
    assert (row["data"], row["test_n"]) == ("livec", "20")
