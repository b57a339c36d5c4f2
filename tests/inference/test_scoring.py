from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

import ksiqa
from ksiqa import predict
from ksiqa.batch import View
from ksiqa.data.facts import Facts
from ksiqa.data.transform import shrunk
from ksiqa.data.views import ScoringViews
from ksiqa.errors import ConfigError, ImageError, ModelFolderError
from ksiqa.inference.model_folder import save_model
from ksiqa.inference.scoring import Scorer
from tests.inference.conftest import saved
from tests.tiny import tiny_model


def test_a_score_is_deterministic(student, image):
    torch.manual_seed(1)
    first = Scorer(student).score(image)
    torch.rand(3)
    assert Scorer(student).score(image.copy()) == first


def test_the_score_is_the_networks_on_the_trimmed_image(student, image):
    """70 x 100 pixels are 64 x 96 in whole tokens, cut evenly."""
    cut = torch.tensor(image[3:67, 2:98]).permute(2, 0, 1)[None].float() / 255
    with torch.inference_mode():
        expected = student.network(View(cut), source="pairs").score.item()
    assert Scorer(student).score(image).score == pytest.approx(expected, abs=1e-6)


def test_the_raw_score_is_on_the_scale_of_the_source(student, image):
    found = Scorer(student).score(image)
    assert found.score_raw == pytest.approx(100 * (1 - found.score))  # a DMOS: higher is worse


def test_a_scale_can_be_chosen_among_those_that_the_model_knows(image):
    """Two sources: the second one's images are made smaller, its scale rises with quality."""
    two = saved()
    network = tiny_model(sources=("pairs", "other")).eval()
    network.regressor.calibration.shift["other"].data.fill_(2.0)
    other = Facts(name="other", title="Other", label="MOS", low=1.0, high=5.0, higher_is_better=True)
    two = replace(two, network=network, scales={**two.scales, "other": other}, short_sides={"other": 48})
    main, chosen = Scorer(two).score(image), Scorer(two).score(image, scale="other")
    assert (main.scale, chosen.scale) == ("pairs", "other")
    assert main == Scorer(two).score(image, scale="pairs")
    assert chosen.score_raw == pytest.approx(1 + 4 * chosen.score)
    small = View(torch.tensor(shrunk(image, short_side=48)[:, 2:66]).permute(2, 0, 1)[None].float() / 255)
    with torch.inference_mode():
        assert chosen.score == pytest.approx(network(small, source="other").score.item(), abs=1e-6)
    against = Scorer(two).score(image, image, scale="other")
    assert against.scale == "other"
    with pytest.raises(ConfigError, match=r"found: scale=pair\nexpected: one of other, pairs\ndo: set scale=pairs"):
        Scorer(two).score(image, scale="pair")


def test_the_views_are_averaged(image):
    grid = saved(views=ScoringViews(kind="grid", side=48, grid=2, cell=16))
    corners = [image[top : top + 48, left : left + 48] for top in (0, 22) for left in (0, 52)]
    alone = [Scorer(grid).score(np.ascontiguousarray(corner)).score for corner in corners]
    assert Scorer(grid).score(image).score == pytest.approx(np.mean(alone), abs=1e-6)


def test_larger_images_are_made_smaller_as_in_training(image):
    large = np.repeat(np.repeat(image, 2, axis=0), 2, axis=1)
    small = saved(short_side=70)
    assert Scorer(small).score(large).score == pytest.approx(Scorer(small).score(image).score, abs=0.02)


def test_a_reference_is_used(student, image):
    same, other = (Scorer(student).score(image, reference).score for reference in (image, image[::-1].copy()))
    assert same != other
    assert Scorer(student).score(image, image) == Scorer(student).score(image, image.copy())


def test_a_reference_of_another_size(student, image):
    with pytest.raises(
        ImageError, match=r"found: an image of 100x70 and a reference of 99x70\nexpected: one size, .*\ndo: hand in"
    ):
        Scorer(student).score(image, image[:, 1:])


def test_a_model_without_a_trained_teacher_refuses_a_reference(image):
    alone = saved(fr=False)
    assert 0 < Scorer(alone).score(image).score < 1
    with pytest.raises(
        ModelFolderError,
        match=r"found: a model without a trained teacher \(fr: false\) and a reference\nexpected: .*\ndo: leave the",
    ):
        Scorer(alone).score(image, image)


def test_a_teacher_alone_wants_a_reference(image):
    with pytest.raises(
        ModelFolderError, match=r"found: a model that holds a teacher alone\nexpected: a student, .*\ndo: hand in the"
    ):
        Scorer(saved(kind="teacher")).score(image)


def test_an_image_smaller_than_a_token(student):
    with pytest.raises(ImageError, match=r"found: an image of 40x9\nexpected: at least 16x16 pixels\ndo: leave the"):
        Scorer(student).score(np.zeros((9, 40, 3), dtype=np.uint8))


def _sizes(image):
    return [image, image[:, 4:], image[5:].copy(), image[::-1].copy(), image[:, 4:] // 2]


def test_several_images_keep_their_order_whatever_batch_they_are_in(student, image):
    images = _sizes(image)
    alone = [Scorer(student).score(one) for one in images]
    assert Scorer(student).score(images) == alone  # bit for bit
    assert Scorer(student).score(images[::-1]) == alone[::-1]
    for batch_size in (2, 3, 100):
        found = Scorer(student, batch_size=batch_size).score(images)
        assert [one.score for one in found] == pytest.approx([one.score for one in alone], abs=1e-5)
    against = Scorer(student).score(images[0], image)
    both = Scorer(student, batch_size=2).score([images[0], images[3]], image)
    assert both[0].score == pytest.approx(against.score, abs=1e-5)
    assert Scorer(student).score([images[0], images[3]], [image, image]) == [
        Scorer(student).score(one, image) for one in (images[0], images[3])
    ]
    with pytest.raises(ImageError, match="found: 2 images and 1 references\nexpected: one reference for each image"):
        Scorer(student).score(images[:2], images[:1])
    assert Scorer(student).score([]) == []


def test_levels_and_map_belong_to_the_score(student, image):
    found = Scorer(student).score(image, maps=True)
    assert len(found.levels) == 8
    assert min(found.levels) >= 0
    assert sum(found.levels) == pytest.approx(1, abs=1e-5)
    assert found.quality_map.shape == (4, 6)
    assert 0 < found.quality_map.min() <= found.quality_map.max() < 1
    assert Scorer(student).score(image).quality_map is None
    grid = saved(views=ScoringViews(kind="grid", side=48, grid=2, cell=16))
    with pytest.raises(ConfigError, match=r"found: maps=True of a model with views.kind=grid"):
        Scorer(grid).score(image, maps=True)


def test_intervals_are_those_of_the_scale_and_the_model(student, image):
    errors = {"student": {"pairs": [0.01, 0.02, 0.03]}, "teacher": {"pairs": [0.5]}}
    scorer = Scorer(replace(student, residuals=errors))
    found = scorer.score(image, coverage=0.5)
    assert (found.low, found.high) == pytest.approx((found.score - 0.02, found.score + 0.02))
    assert scorer.score(image, coverage=0.9)[3:5] == (0, 1)  # three errors do not promise that much
    against = scorer.score(image, image, coverage=0.5)
    assert (against.low, against.high) == (max(0, against.score - 0.5), min(1, against.score + 0.5))
    assert Scorer(student).score(image)[3:5] == (None, None)


def test_intervals_are_wide_where_the_model_doubts(student, image):
    flat = np.full_like(image, 128)
    scorer = Scorer(replace(student, residuals={"student": {"pairs": [0.1, 0.2, 0.3]}}, in_doubts=True))
    found = scorer.score([image, flat], coverage=0.5)
    assert found[0].doubt != pytest.approx(found[1].doubt, rel=1e-3)
    for one in found:
        assert (one.low, one.high) == pytest.approx((one.score - 0.2 * one.doubt, one.score + 0.2 * one.doubt))
        assert Scorer(student).score(image, image).doubt > 0
    plain = Scorer(saved(kind="plain"))
    known = replace(plain.trained, residuals={"student": {"pairs": [0.1, 0.2, 0.3]}}, in_doubts=True)
    alone = Scorer(known).score(image, coverage=0.5)
    assert alone.doubt is None
    assert (alone.low, alone.high) == pytest.approx((alone.score - 0.2, alone.score + 0.2))


def test_half_precision_is_the_same_in_any_batch(student, image):
    alone, together = (Scorer(student, dtype="bfloat16", batch_size=size).score([image] * 3) for size in (1, 3))
    assert [one.score for one in together] == pytest.approx([one.score for one in alone], abs=1e-3)


def test_half_precision_comes_close(student, image):
    whole, half = (Scorer(student, dtype=dtype).score(image).score for dtype in ("float32", "bfloat16"))
    assert 0 < abs(whole - half) < 1e-2


def _broken():
    broken = saved()
    broken.network.regressor.quality[0].weight.data[0, 0] = float("nan")
    return broken


def test_a_score_that_is_no_number_is_an_error(image):
    with pytest.raises(ImageError, match=r"found: a score of nan\nexpected: a finite .*\ndo: score with dtype=float32"):
        Scorer(_broken()).score([image, image])


def test_predict_has_a_row_for_a_score_that_is_no_number(image, tmp_path):
    save_model(_broken(), tmp_path / "model")
    Image.fromarray(image).save(tmp_path / "one.png")
    (row,) = predict.predict([str(tmp_path / "one.png")], model=tmp_path / "model", reference=None)
    assert row["error"].startswith("a score of nan; score with dtype=float32")
    assert row["score"] is row["low"] is None


def test_no_image_waits_for_others_without_a_batch(image, tmp_path):
    """The last one's file is gone as soon as something is scored: by then batches are read, single images are not."""
    one, files = saved(), [tmp_path / f"{number}.png" for number in range(3)]
    one.network.register_forward_hook(lambda *_: files[-1].unlink(missing_ok=True))
    for file in files:
        Image.fromarray(image).save(file)
    assert len(Scorer(one, batch_size=2).score(files)) == 3
    Image.fromarray(image).save(files[-1])
    with pytest.raises(ImageError, match=r"2\.png"):
        Scorer(one).score(files)


def test_one_reference_for_all_is_read_once(image, tmp_path):
    """It is gone as soon as the first image is scored."""
    one, file = saved(), tmp_path / "reference.png"
    Image.fromarray(image).save(file)
    one.network.decoder.register_forward_hook(lambda *_: file.unlink(missing_ok=True))
    several = Scorer(one).score([image, image[::-1].copy(), *[image] * 3], file)
    assert not file.exists()
    assert several[0] == several[2] == Scorer(one).score(image, image)


def test_the_callers_model_stays_where_it_is(image):
    one = saved()
    elsewhere = Scorer(one, device="meta")  # a device that every torch has
    assert {value.device.type for value in elsewhere.trained.network.state_dict().values()} == {"meta"}
    assert {value.device.type for value in one.network.state_dict().values()} == {"cpu"}
    assert Scorer(one).trained is one  # no copy without need
    assert 0 < Scorer(one).score(image).score < 1


def test_what_a_scorer_is_not_given(student):
    with pytest.raises(ConfigError, match="found: dtype=float8\nexpected: one of bfloat16, float16, float32"):
        Scorer(student, dtype="float8")
    with pytest.raises(ConfigError, match="found: device=nowhere: "):
        Scorer(student, device="nowhere")
    with pytest.raises(ConfigError, match="found: batch_size=0"):
        Scorer(student, batch_size=0)


def test_the_package_itself_opens_a_model(student, image, tmp_path):
    save_model(student, tmp_path / "model")
    assert ksiqa.load(tmp_path / "model").score(image) == Scorer(student).score(image)
    assert isinstance(ksiqa.load(str(tmp_path / "model")), ksiqa.Scorer)
    with pytest.raises(AttributeError, match="module ksiqa has no attribute lode"):
        _ = ksiqa.lode


def test_what_python_shows_of_a_model_and_of_a_score_fits_a_line(student, image):
    scorer = Scorer(student)
    assert repr(scorer) == "Scorer(pairs: student and teacher; cpu, float32)"
    shown = repr(scorer.score(image, maps=True))
    assert len(shown) < 240
    assert shown.endswith("quality_map=(4 x 6))")


def test_all_that_can_be_asked_for_is_listed():
    assert set(ksiqa.__all__) <= set(dir(ksiqa))
    assert ksiqa.errors.ImageError is ImageError
    assert all(getattr(ksiqa, name) is not None for name in dir(ksiqa))
