import numpy as np
import pytest
import torch

from ksiqa.data.image_pairs import Draw
from ksiqa.data.views import TrainingViews
from ksiqa.inference.ridge import PENALTIES, ridge_scores
from ksiqa.metric.correlation import srcc
from tests.tiny import quality_data, table_images, write_table


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Two branches of different widths on a grid of 3 x 3 or 4 x 4 tokens, two crops an image."""
    source = table_images(write_table(tmp_path_factory.mktemp("ridge"), contents=20))
    data = quality_data(source, training=TrainingViews(side=48, distinct=2))

    def extractor(images):
        x = images.float() / 255
        edges = torch.cat([x.diff(dim=3, append=x[..., -1:]).abs(), x.diff(dim=2, append=x[:, :, -1:]).abs()], dim=1)
        return {
            name: torch.nn.functional.avg_pool2d(one, 16).permute(0, 2, 3, 1)
            for name, one in (("vit", x), ("cnn", edges))
        }

    data.keep_frozen(
        branches={},
        settings="",
        extractor=extractor,
        complete=False,
        cache=tmp_path_factory.mktemp("cache"),
        ridge=True,
    )
    return data, extractor


def _features(data, extractor, part):
    """The same pooled features, read from pixels instead of the cache."""
    dataset = data.train_scored if part == "train" else data.parts[part]
    rows = []
    for place in range(len(dataset)):
        views = []
        for number in range(dataset.views.distinct):
            found = extractor(dataset[Draw(place, number)].distorted.image)
            pooled = [
                torch.cat([one.flatten(0, 2).mean(dim=0), one.flatten(0, 2).std(dim=0, correction=0)])
                for one in found.values()
            ]
            views.append(torch.cat(pooled).double().numpy())
        rows.append(np.mean(views, axis=0))
    return np.stack(rows)


def test_against_the_normal_equations(data):
    data, extractor = data
    x = {part: _features(data, extractor, part) for part in ("train", "test")}
    y = {part: data.table.scores[list(data.split.part(part))] for part in x}
    contents = np.array(data.table.contents)[list(data.split.train)]

    def fit(train, labels, test, penalty):
        mean, spread = train.mean(axis=0), train.std(axis=0)
        z = (train - mean) / spread
        weights = np.linalg.solve(z.T @ z + penalty * np.eye(18), z.T @ (labels - labels.mean()))
        return (test - mean) / spread @ weights + labels.mean()

    def error(penalty):
        folds = [contents == content for content in np.unique(contents)]
        found = [fit(x["train"][~out], y["train"][~out], x["train"][out], penalty) - y["train"][out] for out in folds]
        return np.square(np.concatenate(found)).sum()

    best = min(PENALTIES, key=error)
    found = ridge_scores(data)
    expected = fit(x["train"], y["train"], x["test"], best)
    assert found == pytest.approx(expected, abs=0.02)  # half-precision features
    assert srcc(found, y["test"]) > 0.3
