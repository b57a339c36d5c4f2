"""Intervals of whole runs: from the errors on validation parts, and what they cover."""

import json
from dataclasses import replace

import numpy as np
import pytest

import ksiqa
from ksiqa.inference.model_folder import load_model
from ksiqa.inference.scoring import Scorer
from ksiqa.metric.interval import half_width, residuals
from tests.runs import PAIR_SPLIT, rows, table_overrides, train
from tests.tiny import LEVELS, write_table


@pytest.fixture(scope="module")
def joint(pairs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("intervals") / "joint"
    train(folder, *table_overrides(pairs), "sharing=joint", "trainer.max_epochs=2", "task.optimiser.head_lr=1e-2")
    return folder


def _label(name):
    """As ``write_table`` gives it, on [0, 1]: 5 - level of 1 to 5."""
    return 1 - int(name.removesuffix(".png").partition("_")[2]) / (LEVELS - 1)


def _saved_residuals(folder):
    return json.loads((folder / "model" / "config.json").read_text())["residuals"]


def test_a_model_keeps_its_errors_on_the_validation_part(joint, pairs):
    names = (joint / "split" / "validation.txt").read_text().split()
    labels = np.array([_label(name) for name in names])
    scorer = ksiqa.load(joint / "model")
    images = [pairs.parent / name for name in names]
    references = [pairs.parent / f"{name.partition('_')[0]}.png" for name in names]
    found = _saved_residuals(joint)
    assert len(names) == 10
    assert sorted(found) == ["student", "teacher"]
    for model, given in (("student", (images,)), ("teacher", (images, references))):
        scores, doubts = np.array([(one.score, one.doubt) for one in scorer.score(*given)]).T
        assert list(found[model]) == ["table"]
        assert found[model]["table"] == pytest.approx(np.sort(np.abs(scores - labels) / doubts), rel=1e-4)
    assert scorer.trained.in_doubts


def test_pairs_have_a_validation_part_of_their_own(photographs, pristine, tmp_path, monkeypatch):
    """The target has none here: no interval without a reference, but one with it."""
    monkeypatch.setattr("ksiqa.training.phases.FR_MAY_LOSE", 2.5)  # the teacher is kept
    made = ["+data@pairs=folder", f"pairs.root={pristine}", "pairs.families=[jpeg]", "pairs.levels=[1,5]", *PAIR_SPLIT]
    small = ["pairs.crop=32", "pairs.batch_size=4", "pairs.workers=0", "sharing.pair_epochs=1", "sharing=transfer"]
    data = [*table_overrides(photographs, reference=False), "split.validation_share=0", "report.ridge=false"]
    train(tmp_path / "run", *data, *made, *small, "+trainer.limit_train_batches=1")
    found = _saved_residuals(tmp_path / "run")
    trained = load_model(tmp_path / "run" / "model")
    assert trained.source == "table"
    assert trained.fr_source != "table"
    assert sorted(found) == ["student", "teacher"]
    assert all(list(errors) == [trained.fr_source] for errors in found.values())
    assert found["teacher"][trained.fr_source] == sorted(found["teacher"][trained.fr_source])
    image = photographs.parent / "20_1.png"
    alone, against = Scorer(trained).score(image), Scorer(trained).score(image, image, coverage=0.5)
    assert (alone.low, alone.high) == (None, None)
    assert against.low <= against.score <= against.high
    assert against.high - against.low < 1


def test_without_a_validation_part_nothing_is_promised(photographs, tmp_path):
    data = [*table_overrides(photographs, reference=False), "split.validation_share=0"]
    train(tmp_path / "run", *data, "+trainer.limit_train_batches=1")
    assert _saved_residuals(tmp_path / "run") == {}
    found = ksiqa.load(tmp_path / "run" / "model").score(photographs.parent / "20_1.png")
    assert (found.low, found.high) == (None, None)


def test_what_intervals_cover_of_images_that_no_training_saw(joint, tmp_path):
    """Exchangeable: half of the images by lot give the errors, the others show what is covered, many times over."""
    file = write_table(tmp_path, contents=40, first=100)
    names = [row["image"] for row in rows(file)]
    labels = np.array([_label(name) for name in names])
    trained = load_model(joint / "model")
    images = [file.parent / name for name in names]
    scores, doubts = np.array([(one.score, one.doubt) for one in Scorer(trained, batch_size=8).score(images)]).T
    rng, draws, half = np.random.default_rng(0), 100, len(names) // 2
    for coverage in (0.6, 0.9):
        shares = []
        for _ in range(draws):
            known, new = np.split(rng.permutation(len(names)), 2)
            errors = residuals(scores[known], labels[known], doubts[known])
            widths = [half_width(errors, coverage=coverage, doubt=doubt) for doubt in doubts[new]]
            shares.append(np.mean(np.abs(scores[new] - labels[new]) <= widths))
        error = np.sqrt(coverage * (1 - coverage) * 2 / half / draws)  # known and new images both by lot
        assert coverage - 3 * error <= np.mean(shares) <= coverage + 1 / half + 3 * error
        scorer = Scorer(replace(trained, residuals={"student": {"table": errors}}), batch_size=8)
        found = scorer.score([images[place] for place in new], coverage=coverage)
        covered = [one.low - 1e-6 <= label <= one.high + 1e-6 for one, label in zip(found, labels[new], strict=True)]
        assert np.mean(covered) == pytest.approx(shares[-1], abs=1.5 / half)  # an image on the edge
        assert np.mean([one.high - one.low for one in found]) < 1  # something is said
