"""The student: a no-reference (NR) model that imagines what the teacher sees."""

from dataclasses import replace

from torch import nn

from ksiqa.batch import Extracted, Prediction, View
from ksiqa.model.feature_extraction import FeatureExtraction
from ksiqa.model.quality_regressor import QualityRegressor
from ksiqa.model.teacher import Teacher
from ksiqa.tiles import in_tiles


class Student(nn.Module):
    """Feature extraction, mental imagery, the shared decoder, the quality-aware regressor.

    Args:
        feature_extraction: FE.
        imagery: MIG.
        imagery_into_features: let the losses reach FE through the imagery. False stops the gradient at MIG's input,
            so that the imagery loss trains MIG alone and cannot make FE blind to distortion.
        decoder: the decoder, the teacher's own.
        regressor: QAR.
    """

    def __init__(
        self,
        *,
        feature_extraction: FeatureExtraction,
        imagery: nn.Module,
        imagery_into_features: bool,
        decoder: nn.Module,
        regressor: QualityRegressor,
    ) -> None:
        super().__init__()
        self.feature_extraction = feature_extraction
        self.imagery = imagery
        self.imagery_into_features = imagery_into_features
        self.decoder = decoder
        self.regressor = regressor

    def forward(self, distorted: View, *, source: str) -> Prediction:
        """Score images without a reference."""
        return self.assess(self.feature_extraction(distorted), source=source)

    def assess(self, distorted: Extracted, *, source: str) -> Prediction:
        """Score from features; the prediction carries them and their imagery."""
        features = distorted.features
        imagery = in_tiles(self.imagery, features if self.imagery_into_features else features.detach())
        # What imagery adds carries no gradient into FE, but what it starts from are the features themselves: without
        # their gradient the decoder's difference (imagery - features) would push FE the wrong way.
        beside = imagery if self.imagery_into_features else imagery + (features - features.detach())
        decoding = in_tiles(self.decoder, features, beside)
        prediction = self.regressor(decoding, damage=distorted.damage, source=source)
        return replace(prediction, features=features, imagery=imagery)

    def teacher(self) -> Teacher:
        """Return the teacher that shares this student's feature extraction, decoder and regressor."""
        return Teacher(feature_extraction=self.feature_extraction, decoder=self.decoder, regressor=self.regressor)
