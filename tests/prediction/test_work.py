from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ksiqa.errors import ConfigError, ModelFolderError
from ksiqa.inference.model_folder import load_model, save_model
from ksiqa.inference.scoring import Scorer
from ksiqa.predict import predict
from ksiqa.prediction import work
from ksiqa.prediction.work import Scoring, Work
from tests.inference.conftest import saved
from tests.prediction.conftest import crop

IN_ORDER = ["photos/0.png", "photos/2.png", "photos/4.png", *(f"photos/more/{number}.png" for number in (1, 3, 5))]


def _scores(model, paths=("photos",), **settings):
    rows = predict(list(paths), model=model, **settings)
    return {row["image"]: row["score"] for row in rows}


@pytest.mark.filterwarnings("ignore:This DataLoader will create", "ignore:.*multi-threaded:DeprecationWarning")
def test_a_score_is_the_same_to_the_bit_whatever_the_order_and_the_workers(photos, model):
    scorer = Scorer(load_model(model))
    alone = {path: scorer.score(path).score for path in IN_ORDER}
    assert len(set(alone.values())) == 6
    for workers in (0, 1, 3):
        assert list(_scores(model, workers=workers).items()) == list(alone.items())
    assert list(_scores(model, IN_ORDER[::-1], workers=2).items()) == list(alone.items())[::-1]


@pytest.mark.parametrize("batch_size", [2, 3, 100])
def test_batches_keep_order_and_scores(photos, model, batch_size):
    alone, together = (_scores(model, batch_size=size) for size in (1, batch_size))
    assert list(together) == IN_ORDER
    assert list(together.values()) == pytest.approx(list(alone.values()), abs=1e-5)


def test_what_cannot_be_scored_spoils_no_batch(photos, model):
    alone = _scores(model)
    Image.fromarray(crop(0)[:9]).save(photos / "1 small.png")
    (photos / "2 broken.png").write_bytes((photos / "2.png").read_bytes()[:99])
    rows = {row["image"]: row for row in predict(["photos", "gone.png"], model=model, batch_size=4)}
    small, broken, gone = (rows.pop(name) for name in ("photos/1 small.png", "photos/2 broken.png", "gone.png"))
    assert small["error"] == "an image of 64x9; leave the image out"
    assert "2 broken.png" in broken["error"]
    assert gone["error"].startswith("no file gone.png; ")
    assert small["score"] is broken["scale"] is gone["low"] is None
    assert {name: row["score"] for name, row in rows.items()} == pytest.approx(alone, abs=1e-5)


def test_a_reference_for_all_gives_both_scores(photos, model):
    for file in ("4.png", "more/3.png", "more/5.png"):
        (photos / file).unlink()
    rows = predict(["photos"], model=model, reference=photos / "2.png", batch_size=2)
    scorer = Scorer(load_model(model))
    for row in rows:
        assert row["score"] == pytest.approx(scorer.score(row["image"], photos / "2.png").score, abs=1e-5)
        assert row["nr_score"] == pytest.approx(scorer.score(row["image"]).score, abs=1e-5)
        assert row["score"] != row["nr_score"]


def test_references_in_a_folder_belong_to_the_images_of_their_names(photos, model):
    pristine = Path("pristine")
    pristine.mkdir()
    for number in (0, 1, 2, 4):
        width = 64 if number < 4 else 90
        Image.fromarray(crop(number, width=width)[::-1].copy()).save(pristine / f"{number}.bmp")
    rows = {row["image"]: row for row in predict(["photos"], model=model, reference=pristine)}
    scorer = Scorer(load_model(model))
    for place in ("0", "more/1", "2"):
        row = rows.pop(f"photos/{place}.png")
        assert row["score"] == scorer.score(row["image"], pristine / f"{place[-1]}.bmp").score
        assert row["nr_score"] == scorer.score(row["image"]).score
    assert rows.pop("photos/4.png")["error"].startswith("an image of 80x48 and a reference of 90x48; ")
    for row in rows.values():
        assert row["error"].startswith(f"no reference for {row['image']} in pristine; ")
        assert row["nr_score"] is None


def test_a_teacher_alone_has_no_nr_score(photos, tmp_path):
    save_model(saved(kind="teacher"), tmp_path / "teacher")
    (row,) = predict(["photos/0.png"], model=tmp_path / "teacher", reference=photos / "2.png")
    assert 0 < row["score"] < 1
    assert row["nr_score"] is None


def test_what_a_model_cannot_do_is_refused_before_any_image(photos, model, tmp_path):
    save_model(saved(fr=False), tmp_path / "alone")
    with pytest.raises(ModelFolderError, match="found: a model without a trained teacher"):
        Scoring(Work(model=tmp_path / "alone", reference=photos / "0.png"))
    save_model(saved(kind="plain"), tmp_path / "plain")
    with pytest.raises(ConfigError, match="found: maps=True of a plain model"):
        Scoring(Work(model=tmp_path / "plain", maps=tmp_path))
    assert not Scoring(Work(model=tmp_path / "plain"), with_maps=True).maps
    with pytest.raises(ConfigError, match="found: scale=other"):
        Scoring(Work(model=model, scale="other"))
    with pytest.raises(ConfigError, match="found: coverage=90"):
        Scoring(Work(model=model, coverage=90.0))


def test_what_made_a_score_is_told_by_a_digest(photos, model, tmp_path, monkeypatch):
    """Of all that changes a score or its interval, and of nothing else."""

    def digest(trained, **settings):
        monkeypatch.setattr(work, "load", lambda _model, **how: Scorer(trained, **how))
        return Scoring(Work(**settings)).made_by()

    trained, changed = load_model(model), load_model(model)
    next(changed.network.parameters()).data.view(-1)[0] += 1e-6
    same = [digest(trained), digest(trained, batch_size=4, workers=2, maps=tmp_path)]
    same.append(digest(replace(trained, training={"seed": 1}, batch_size=1)))
    other = [digest(changed), digest(replace(trained, residuals={"student": {"pairs": [0.1]}}))]
    other += [digest(trained, **one) for one in ({"coverage": 0.8}, {"dtype": "bfloat16"}, {"scale": "pairs"})]
    other += [digest(trained, reference=place) for place in (photos / "0.png", photos / "2.png", photos)]
    assert len(set(same)) == 1
    assert len({*same, *other}) == 1 + len(other)


def test_maps_belong_to_their_images(photos, model):
    scoring = Scoring(Work(model=model, batch_size=3), with_maps=True)
    scored = [one for group in scoring.groups([(path, "photos") for path in IN_ORDER]) for one in scoring.scored(group)]
    for one, path in zip(scored, IN_ORDER, strict=True):
        np.testing.assert_array_equal(one.pixels, np.array(Image.open(path)))
        expected = scoring.scorer.score(path, maps=True).quality_map
        np.testing.assert_allclose(one.quality_map, expected, atol=1e-5)
