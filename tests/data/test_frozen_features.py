from dataclasses import replace

import pytest
import torch

from ksiqa.data.frozen_features import keep_features, weights_fingerprint
from ksiqa.data.image_pairs import Draw, ImagePairs, collated
from ksiqa.data.image_source import FileImages
from ksiqa.data.views import ScoringViews, TrainingViews


class Extractor:
    """A branch that means colours over cells of 16 pixels, and counts how often it is asked."""

    def __init__(self, factor=1.0):
        self.calls, self.factor = 0, factor

    def __call__(self, images):
        self.calls += 1
        means = torch.nn.functional.avg_pool2d(images.float() / 255, 16).permute(0, 2, 3, 1)
        return {"cnn": self.factor * means}


def _dataset(source, *, views=None, seed=0, rows=(0, 3, 9)):
    views = views or TrainingViews(side=32, distinct=2)
    return ImagePairs(source=source, rows=rows, views=views, short_side=None, seed=seed, with_reference=True)


def _draws(dataset):
    return [Draw(place, number) for number in range(dataset.views.distinct) for place in range(len(dataset))]


def _keep(dataset, extractor, cache, *, fingerprint="weights", complete=False):
    return keep_features(
        dataset,
        draws=_draws(dataset),
        extractor=extractor,
        fingerprint=fingerprint,
        complete=complete,
        cache=cache,
    )


@pytest.mark.parametrize(
    "views", [TrainingViews(side=32, distinct=2), ScoringViews(kind="grid", side=32, grid=2, cell=16)]
)
def test_kept_features_equal_those_of_the_branch(views, scored_files, tmp_path):
    dataset, extractor = _dataset(scored_files, views=views), Extractor()
    known = _keep(dataset, extractor, tmp_path)
    for draw in _draws(dataset):
        sample = dataset[draw]
        for reference, view in ((False, sample.distorted), (True, sample.reference)):
            kept = known.get(dataset.key(draw), reference=reference)["cnn"]
            assert torch.equal(kept, extractor(view.image)["cnn"].half())


def test_a_batch_carries_what_is_known(scored_files, tmp_path):
    dataset, extractor = _dataset(scored_files), Extractor()
    dataset.known = _keep(dataset, extractor, tmp_path)
    batch = collated([dataset[Draw(place, 5)] for place in (2, 0)])  # the fifth draw is the second distinct crop
    for view in (batch.distorted, batch.reference):
        assert torch.equal(view.known["cnn"], extractor(view.image)["cnn"].half())


def test_a_second_run_computes_nothing(scored_files, tmp_path):
    first, second = Extractor(), Extractor()
    _keep(_dataset(scored_files), first, tmp_path)
    dataset = _dataset(scored_files)
    known = _keep(dataset, second, tmp_path)
    assert first.calls == 12  # three images of two crops, distorted and reference
    assert second.calls == 0
    assert known.get(dataset.key(Draw(0, 0)), reference=True)["cnn"].shape == (1, 2, 2, 3)


def test_another_split_computes_what_is_new_alone(scored_files, tmp_path):
    """And finds each row's features, at whatever place the row is."""
    _keep(_dataset(scored_files), Extractor(), tmp_path)
    extractor, dataset = Extractor(), _dataset(scored_files, rows=(9, 8, 0))
    dataset.known = _keep(dataset, extractor, tmp_path)
    assert extractor.calls == 4  # row 8
    for draw in _draws(dataset):
        for view in (dataset[draw].distorted, dataset[draw].reference):
            assert torch.equal(view.known["cnn"], Extractor()(view.image)["cnn"].half())


def test_more_crops_of_an_image_are_added_to_those_that_are_there(scored_files, tmp_path):
    _keep(_dataset(scored_files), Extractor(), tmp_path)
    extractor = Extractor()
    _keep(_dataset(scored_files, views=TrainingViews(side=32, distinct=3)), extractor, tmp_path)
    assert extractor.calls == 6  # the third crop of three images, distorted and reference


def test_no_pixel_is_read_where_all_branches_are_kept(scored_files, tmp_path, monkeypatch):
    with_pixels, without = _dataset(scored_files), _dataset(scored_files)
    with_pixels.known = _keep(with_pixels, Extractor(), tmp_path)
    without.known = _keep(without, Extractor(), tmp_path, complete=True)
    wanted = collated([with_pixels[Draw(place, 1)] for place in range(3)])
    monkeypatch.setattr(type(scored_files), "load", None)
    batch = collated([without[Draw(place, 1)] for place in range(3)])
    for view, other in ((batch.distorted, wanted.distorted), (batch.reference, wanted.reference)):
        assert view.image is None
        assert len(view) == len(other) == 3
        assert torch.equal(view.known["cnn"], other.known["cnn"])
        assert torch.equal(view.at(slice(1, 2)).known["cnn"], other.known["cnn"][1:2])


@pytest.mark.parametrize("changes", [{"seed": 1}, {"views": TrainingViews(side=48, distinct=2)}])
def test_other_views_are_computed_anew(changes, scored_files, tmp_path):
    _keep(_dataset(scored_files), Extractor(), tmp_path)
    anew = Extractor()
    _keep(_dataset(scored_files, **changes), anew, tmp_path)
    assert anew.calls > 0


def test_other_weights_go_to_another_folder(scored_files, tmp_path):
    dataset = _dataset(scored_files)
    one = _keep(dataset, Extractor(), tmp_path)
    two = _keep(_dataset(scored_files), Extractor(2.0), tmp_path, fingerprint="others")
    assert len(list((tmp_path / "features").iterdir())) == 2
    values = [known.get(dataset.key(Draw(0, 0)), reference=False)["cnn"] for known in (one, two)]
    assert torch.allclose(2 * values[0], values[1], atol=1e-2)


def test_files_that_changed_are_read_again(scored_files, tmp_path):
    from tests.tiny import table_images, write_table

    file = write_table(tmp_path / "images", contents=5)
    _keep(_dataset(table_images(file)), Extractor(), tmp_path)
    write_table(tmp_path / "images", contents=5, first=7)
    anew = Extractor()
    (tmp_path / "images" / "0_0.png").write_bytes((tmp_path / "images" / "8_0.png").read_bytes())
    _keep(_dataset(table_images(file)), anew, tmp_path)
    assert anew.calls > 0


def test_a_reference_that_moves_to_another_row_is_another_set(scored_files):
    table = scored_files.table
    frame = table.frame.iloc[[0, 5, 10]].reset_index(drop=True)
    one, other = ([*frame["reference"][:2], None], [None, *frame["reference"][:2]])
    made = [FileImages(replace(table, frame=frame.assign(reference=column)), keep=False) for column in (one, other)]
    assert made[0].fingerprint != made[1].fingerprint


def test_sets_without_references(files_without_references, tmp_path):
    dataset = _dataset(files_without_references)
    dataset.known = _keep(dataset, Extractor(), tmp_path)
    sample = dataset[Draw(1, 0)]
    assert sample.distorted.known["cnn"].shape == (1, 2, 2, 3)
    assert sample.reference is None


def test_a_computation_that_breaks_off_leaves_nothing_that_counts(scored_files, tmp_path):
    class Broken(Extractor):
        def __call__(self, images):
            if self.calls == 1:
                raise KeyboardInterrupt
            return super().__call__(images)

    with pytest.raises(KeyboardInterrupt):
        _keep(_dataset(scored_files), Broken(), tmp_path)
    again = Extractor()
    _keep(_dataset(scored_files), again, tmp_path)
    assert again.calls == 12


def test_the_fingerprint_tells_weights_names_and_settings():
    weights = {"a": torch.arange(3.0), "b": torch.ones(2)}
    one = weights_fingerprint(weights, settings="vit [1]")
    assert one == weights_fingerprint(dict(reversed(weights.items())), settings="vit [1]")
    others = [
        weights_fingerprint({"a": torch.arange(3.0), "b": torch.ones(2) * 1.5}, settings="vit [1]"),
        weights_fingerprint({"a": torch.arange(3.0), "c": torch.ones(2)}, settings="vit [1]"),
        weights_fingerprint(weights, settings="vit [0]"),
    ]
    assert len({one, *others}) == 4


def test_a_draw_sees_some_tokens_of_the_whole_crop(scored_files, tmp_path):
    """Every second row and column of it and of its reference, from a place of its own, whatever draw made the crop."""
    views = TrainingViews(side=64, distinct=1, token_stride=2)
    dataset = _dataset(scored_files, views=views)
    dataset.known = known = _keep(dataset, Extractor(), tmp_path, complete=True)
    seen = set()
    for number in range(12):
        draw = Draw(1, number)
        sample = dataset[draw]
        whole = known.get(dataset.key(Draw(1, 0)), reference=False)["cnn"]
        assert whole.shape == (1, 4, 4, 3)
        (place,) = (
            (top, left)
            for top in range(2)
            for left in range(2)
            if torch.equal(whole[:, top::2, left::2], sample.distorted.known["cnn"])
        )
        assert torch.equal(sample.reference.known["cnn"], dataset[draw].reference.known["cnn"])
        reference = known.get(dataset.key(Draw(1, 0)), reference=True)["cnn"]
        rows, columns = (slice(start, None, 2) for start in place)
        assert torch.equal(sample.reference.known["cnn"], reference[:, rows, columns])
        seen.add(place)
    assert len(seen) == 4


def test_the_tokens_that_are_seen_change_no_kept_feature(scored_files, tmp_path):
    _keep(_dataset(scored_files), Extractor(), tmp_path)
    extractor = Extractor()
    _keep(_dataset(scored_files, views=TrainingViews(side=32, distinct=2, token_stride=2)), extractor, tmp_path)
    assert extractor.calls == 0
