"""The teacher: a full-reference (FR) model that sees both images."""

from torch import nn

from ksiqa.batch import Extracted, Prediction, View, stacked
from ksiqa.model.feature_extraction import FeatureExtraction
from ksiqa.model.quality_regressor import QualityRegressor
from ksiqa.tiles import in_tiles


class Teacher(nn.Module):
    """Feature extraction of both images, the shared decoder, the quality-aware regressor."""

    def __init__(
        self, *, feature_extraction: FeatureExtraction, decoder: nn.Module, regressor: QualityRegressor
    ) -> None:
        super().__init__()
        self.feature_extraction = feature_extraction
        self.decoder = decoder
        self.regressor = regressor

    def forward(self, distorted: View, reference: View, *, source: str) -> Prediction:
        """Score distorted images against their references; features of all are extracted in one pass."""
        image = distorted.image
        count = len(distorted) if image is None else image.shape[0]  # an exporter's symbol, where one looks on
        both = self.feature_extraction(stacked(distorted, reference))
        return self.assess(both[:count], both[count:], source=source)

    def assess(self, distorted: Extracted, reference: Extracted, *, source: str) -> Prediction:
        """Score from features."""
        return self.regressor(in_tiles(self.decoder, distorted.features, reference.features), source=source)
