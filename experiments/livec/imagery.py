"""Mental imagery on contents never seen: is it nearer to the reference than simpler guesses, and is it used?

    python experiments/livec/imagery.py --model RUN/model --photographs FOLDER [--vit FILE --cnn FILE] [--device cuda]

Guesses of a reference's features, each after a LayerNorm without weights: the imagery, the distorted features as they
are (identity), these plus the mean residual, a ridge map of them; the last two are fitted on contents that the model
learned from. Errors are squared, in the model's own features and, read out of them by a linear map fitted on the same
contents, in those of the pretrained backbones (`--vit`, `--cnn`: their files; left out, the model's own branches, which
are the pretrained ones where these are frozen). Writes imagery.csv (a row a distortion and level; `found` is the share
of images whose own reference is the nearest of all contents) and imagery_tests.csv (is imagery of a reference the
reference; what SRCC with pseudo-scores falls to where imagery is another content's, or the distorted features).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn.functional import layer_norm
from unseen import Row, each, pairs_of, parted, probing, write
from variants import TRAINED

from ksiqa.batch import View
from ksiqa.errors import ConfigError
from ksiqa.inference.model_folder import TrainedModel, load_model
from ksiqa.metric.correlation import srcc
from ksiqa.metric.retrieval import top1
from ksiqa.model import compose
from ksiqa.model.feature_extraction import FeatureExtraction
from ksiqa.model.student import Student

PENALTY = 1e-3  # of the ridge maps, as a share of the features' mean square: tokens are many more than channels
GUESSES = ("imagery", "identity", "mean_residual", "ridge")


def main(arguments: Sequence[str] | None = None) -> None:
    """Write both files."""
    parser = probing(__doc__)
    parser.add_argument("--vit", type=Path)
    parser.add_argument("--cnn", type=Path)
    parser.add_argument("--families", nargs="+", default=TRAINED)
    parser.add_argument("--levels", nargs="+", type=int, default=[1, 3, 5])
    parser.add_argument("--fitted-on", type=int, default=32, help="photographs, of those learned from")
    options = parser.parse_args(arguments)
    trained = load_model(options.model)
    student = trained.student
    if not isinstance(student, Student):
        raise ConfigError(found="a plain model", expected="a student, which imagines", do="name another --model")
    given = {name: str(file) for name, file in (("vit", options.vit), ("cnn", options.cnn)) if file}
    probe = Probe(student.to(options.device), pretrained(trained, given).to(options.device), source=trained.source)
    unseen, seen = parted(trained, options.photographs)
    known = learned_from(seen, folder=options.photographs, most=options.fitted_on)
    settings = {"families": options.families, "levels": options.levels, "cache": options.cache, "side": options.side}
    with torch.inference_mode():
        for row in each(pairs_of(known, **settings), device=options.device):
            probe.learn(row)
        rows = list(each(pairs_of(unseen[: options.most], **settings), device=options.device))
        probe.remember(rows)
        table = pd.DataFrame([probe.measured(row) for row in rows])
    means = table.drop(columns=["content", "pseudo"]).groupby(["family", "level"]).mean().reset_index()
    over_all = table[table["family"] != "pristine"].mean(numeric_only=True).drop(["pseudo", "level"])
    every = pd.DataFrame([{"family": "all", **over_all}])
    write(options.home, "imagery.csv", pd.concat([every, means])[list(means.columns)].astype({"level": "Int64"}))
    write(options.home, "imagery_tests.csv", tests(table))


def learned_from(seen: Sequence[Path], *, folder: Path, most: int) -> Sequence[Path]:
    """Return the first of the photographs that a model has learned from.

    Raises:
        ConfigError: there is none.
    """
    if not seen[:most]:
        raise ConfigError(
            found=f"{len(seen)} photographs in {folder} that the model learned from, --fitted-on {most}",
            expected="some, on which the simpler guesses are fitted",
            do="name the folder of photographs that it was trained with",
        )
    return seen[:most]


def pretrained(trained: TrainedModel, weights: dict[str, str]) -> FeatureExtraction:
    """Return the branches as they were before training, or the model's own where no weights are named."""
    if not weights:
        return trained.network.feature_extraction
    backbone = {
        name: {**one, "weights": weights[name]} if name in weights else one for name, one in trained.backbone.items()
    }
    return compose(model=trained.model, backbone=backbone, sources=list(trained.scales)).eval().feature_extraction


class Map:
    """A ridge map with an intercept, from sums over tokens."""

    def __init__(self) -> None:
        self.count, self.sums = 0, dict[str, Tensor]()

    def learn(self, x: Tensor, y: Tensor) -> None:
        """Add tokens, (tokens, channels) each."""
        x, y = x.double(), y.double()
        self.count += len(x)
        new = {"x": x.sum(0), "y": y.sum(0), "xx": x.T @ x, "xy": x.T @ y}
        self.sums = {name: self.sums[name] + value if self.sums else value for name, value in new.items()}
        self.known = None

    def __call__(self, x: Tensor) -> Tensor:
        """Map tokens."""
        if self.known is None:
            mean_x, mean_y = self.sums["x"] / self.count, self.sums["y"] / self.count
            spread = self.sums["xx"] / self.count - torch.outer(mean_x, mean_x)
            together = self.sums["xy"] / self.count - torch.outer(mean_x, mean_y)
            penalty = PENALTY * spread.diagonal().mean() * torch.eye(len(spread), device=spread.device).double()
            weight = torch.linalg.solve(spread + penalty, together)
            self.known = weight.float(), (mean_y - mean_x @ weight).float()
        return x @ self.known[0] + self.known[1]

    known: tuple[Tensor, Tensor] | None = None


class Probe:
    """Guesses of references, fitted on some contents and measured on others."""

    def __init__(self, student: Student, backbones: FeatureExtraction, *, source: str) -> None:
        self.student, self.backbones, self.source = student, backbones, source
        self.ridge, self.readout = Map(), Map()
        self.residual, self.pairs = torch.zeros(()), 0
        self.others: dict[tuple[str, int], Tensor] = {}  # imagery of the content before

    def learn(self, row: Row) -> None:
        """Fit the simpler guesses, and what reads the backbones' features out of the model's own."""
        distorted, reference = (_normed(self._features(image)) for image in (row.distorted, row.reference))
        if row.family == "pristine":
            self.readout.learn(reference, self._of_backbones(row.reference))
        else:
            self.ridge.learn(distorted, reference)
            self.residual, self.pairs = self.residual + (reference - distorted).mean(dim=0), self.pairs + 1

    def remember(self, rows: list[Row]) -> None:
        """Lay out the references among which each content is looked up."""
        pristine = {row.content: _normed(self._features(row.reference)) for row in rows}
        self.contents = list(pristine)
        self.gallery = {
            "pooled": _stacked([one.mean(dim=0) for one in pristine.values()]),
            "tokens": _stacked([one.flatten() for one in pristine.values()]),
        }

    def measured(self, row: Row) -> dict[str, Any]:
        """Return a pair's errors, whether its reference is found, and its scores."""
        features, reference = self._features(row.distorted), _normed(self._features(row.reference))
        imagery, truth = self.student.imagery(features), self._of_backbones(row.reference)
        distorted = _normed(features)
        guesses = dict(
            zip(
                GUESSES,
                (_normed(imagery), distorted, distorted + self.residual / self.pairs, self.ridge(distorted)),
                strict=True,
            )
        )
        errors = {f"error/{name}": float((guess - reference).square().mean()) for name, guess in guesses.items()}
        errors |= {f"backbone/{n}": float((self.readout(g) - truth).square().mean()) for n, g in guesses.items()}
        content = np.array([self.contents.index(row.content)])
        for name in ("imagery", "identity"):
            forms = {"pooled": guesses[name].mean(dim=0), "tokens": guesses[name].flatten()}
            for form, one in forms.items():
                errors[f"found_{form}/{name}"] = top1(_stacked([one]), self.gallery[form], content)
        told = {"content": row.content, "family": row.family, "level": row.level, "pseudo": row.pseudo}
        return told | errors | self._scores(row, features, imagery)

    def _scores(self, row: Row, features: Tensor, imagery: Tensor) -> dict[str, float]:
        other = self.others.get((row.family, row.level))
        self.others[row.family, row.level] = imagery
        beside = {"own": imagery, "of_another": other, "none": features}
        return {
            f"score/{name}": float("nan")
            if one is None
            else float(self.student.regressor(self.student.decoder(features, one), source=self.source).score)
            for name, one in beside.items()
        }

    def _features(self, image: Tensor) -> Tensor:
        return self.student.feature_extraction(View(image)).features

    def _of_backbones(self, image: Tensor) -> Tensor:
        branches = self.backbones.branch_features(image).values()
        return torch.cat([_normed(one) for one in branches], dim=-1)


def tests(table: pd.DataFrame) -> pd.DataFrame:
    """Return the figures over all pairs."""
    pristine, others = table[table["family"] == "pristine"], table[table["family"] != "pristine"]
    swapped = table[table["score/of_another"].notna()]
    found = {
        "contents": table["content"].nunique(),
        "error of imagery of a reference": pristine["error/imagery"].mean(),
        "error of identity on distorted images": others["error/identity"].mean(),
    }
    for name in ("own", "of_another", "none"):
        scores, pseudo = swapped[f"score/{name}"].to_numpy(), swapped["pseudo"].to_numpy()
        found[f"SRCC, imagery {name}"] = srcc(scores, pseudo)
    return pd.DataFrame(found.items(), columns=["figure", "value"])


def _normed(features: Tensor) -> Tensor:
    """Return the tokens of one image, (tokens, channels), each normed over its channels."""
    return layer_norm(features.float(), features.shape[-1:]).flatten(0, -2)


def _stacked(rows: list[Tensor]) -> np.ndarray:
    return torch.stack(rows).cpu().numpy().astype(np.float64)


if __name__ == "__main__":
    main()
