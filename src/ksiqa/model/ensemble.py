"""Several students as one: the mean of their scores is the score.

Small heads on frozen branches that learn from some hundred photographs differ by where they start and in which order
they see them nearly as much as recipes do, and what they agree on is better than any of them. They learn one after
another, each alone. Together they are a student, every part of which holds theirs: what one of them reads and makes are
channels of its own.

Averaging networks: Hansen and Salamon, "Neural network ensembles", IEEE TPAMI 1990. That these are students of KSIQA
which share frozen branches is our choice (measured in ``experiments/shipped``).
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor, nn

from ksiqa.batch import Features, Prediction, View
from ksiqa.errors import ConfigError
from ksiqa.model.feature_extraction import FeatureExtraction
from ksiqa.model.ordinal_regression import OrdinalHead
from ksiqa.model.quality_regressor import QualityRegressor
from ksiqa.model.student import Student


class EnsembleExtraction(FeatureExtraction):
    """Several students' feature extraction from the same frozen branches.

    Args:
        members: theirs, over the same branches; the first one's readout of damage becomes that of all.

    Raises:
        ConfigError: a branch learns: it would do so with one student after the other.
    """

    def __init__(self, members: Sequence[FeatureExtraction]) -> None:
        nn.Module.__init__(self)  # what FE has beside its branches its members have
        first = members[0]
        if first.learning:
            raise ConfigError(
                found=f"model.students={len(members)} with backbone.frozen={first.frozen}",
                expected="frozen branches, which several students share",
                do="set backbone.frozen=null, which freezes all, or model.students=1",
            )
        self.vit, self.cnn, self.damage = first.vit, first.cnn, first.damage
        self.cell, self.pool, self.width = first.cell, first.pool, first.width * len(members)
        for member in members:
            _share(member, vit=self.vit, cnn=self.cnn, damage=self.damage)
        self.members: Any = nn.ModuleList(members)

    def start_from(self, views: Iterable[View]) -> None:
        """Let all members start alike; see ``FeatureExtraction``."""
        first, *others = self.members
        first.start_from(views)
        for name in self.frozen:
            for member in others:
                member.get_submodule(f"{name}_projection.0").load_state_dict(
                    first.get_submodule(f"{name}_projection.0").state_dict()
                )

    @property
    def vit_projection(self) -> Callable[[Tensor], Features]:  # type: ignore[override]  # a module's attribute there
        """All members' projections of the transformer branch, side by side."""
        return partial(self._all_projected, "vit")

    @property
    def cnn_projection(self) -> Callable[[Tensor], Features]:  # type: ignore[override]  # a module's attribute there
        """All members' projections of the convolutional branch, side by side."""
        return partial(self._all_projected, "cnn")

    def _all_projected(self, name: str, raw: Tensor) -> Features:
        return torch.cat([getattr(member, f"{name}_projection")(raw) for member in self.members], dim=-1)

    def _fused(self, *projected: Features) -> Features:
        shares = zip(*(one.chunk(len(self.members), dim=-1) for one in projected), strict=True)
        return torch.cat([member._fused(*own) for member, own in zip(self.members, shares, strict=True)], dim=-1)

    @property
    def dtype(self) -> torch.dtype:
        """Of the weights."""
        return self.members[0].dtype


class EnsemblePart(nn.Module):
    """Imagery or decoder of several students."""

    def __init__(self, members: Sequence[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, *features: Features) -> Features:
        """Return what each makes of its channels."""
        shares = zip(*(one.chunk(len(self.members), dim=-1) for one in features), strict=True)
        return torch.cat([member(*own) for member, own in zip(self.members, shares, strict=True)], dim=-1)


class EnsembleRegressor(QualityRegressor):
    """Several students' regressors; their mean predicts."""

    def __init__(self, members: Sequence[QualityRegressor]) -> None:
        nn.Module.__init__(self)  # all that a regressor has its members have
        self.members: Any = nn.ModuleList(members)

    def forward(
        self, decoding: Features, *, source: str, damage: Float[Tensor, "batch height width"] | None = None
    ) -> Prediction:
        """Return the mean of the members' predictions; thresholds, which have no mean, are theirs alone."""
        shares = decoding.chunk(len(self.members), dim=-1)
        pairs = zip(self.members, shares, strict=True)
        return _mean([member(own, source=source, damage=damage) for member, own in pairs], decoding=decoding)

    def start_from(self, scores: Float[ndarray, " rows"], *, source: str, bins: str) -> None:
        """Lay out each member's calibration and levels; see ``QualityRegressor``."""
        for member in self.members:
            member.start_from(scores, source=source, bins=bins)

    def slope(self, source: str) -> Float[Tensor, ""]:
        """Return the mean of the members' slopes."""
        return torch.stack([member.slope(source) for member in self.members]).mean()

    @property
    def ordinal(self) -> OrdinalHead | None:  # type: ignore[override]  # a module's attribute there
        """The first member's ordinal head: all have the same levels."""
        return self.members[0].ordinal

    @property
    def damage_weight(self) -> float:  # type: ignore[override]  # an attribute there
        """By how much the latent quality of each member falls with damage."""
        return self.members[0].damage_weight


def ensemble(students: Sequence[Student]) -> Student:
    """Make one student of several of the same make.

    Raises:
        ConfigError: a branch learns.
    """
    return Student(
        feature_extraction=EnsembleExtraction([one.feature_extraction for one in students]),
        imagery=EnsemblePart([one.imagery for one in students]),
        imagery_into_features=students[0].imagery_into_features,
        decoder=EnsemblePart([one.decoder for one in students]),
        regressor=EnsembleRegressor([one.regressor for one in students]),
    )


def members(model: Any) -> list[Any]:
    """Return the students that a model is made of, which share its weights; of any other model that model."""
    if not isinstance(model, Student) or not isinstance(model.feature_extraction, EnsembleExtraction):
        return [model]
    parts: Any = (model.feature_extraction, model.imagery, model.decoder, model.regressor)
    return [
        Student(
            feature_extraction=extraction,
            imagery=imagery,
            imagery_into_features=model.imagery_into_features,
            decoder=decoder,
            regressor=regressor,
        )
        for extraction, imagery, decoder, regressor in zip(*(part.members for part in parts), strict=True)
    ]


def _share(member: FeatureExtraction, **modules: nn.Module | None) -> None:
    """Let a member see modules that are not its own: no state or parameter of it names them."""
    for name, module in modules.items():
        member._modules.pop(name, None)
        object.__setattr__(member, name, module)


def _mean(predictions: Sequence[Prediction], *, decoding: Features) -> Prediction:
    means: dict[str, Tensor] = {}
    for name in ("score", "regressed", "level_probabilities", "quality_map", "weight_map", "doubt"):
        values = [getattr(one, name) for one in predictions]
        if values[0] is not None:
            means[name] = torch.stack(values).mean(dim=0)
    return Prediction(**means, decoding=decoding)
