import numpy as np
import pytest
import torch

from ksiqa.batch import Extracted
from ksiqa.model.plain import Plain
from tests.tiny import tiny_model


def _parameters(*modules):
    return sum(p.numel() for module in modules for p in module.parameters())


def test_the_plain_trunk_pools_and_regresses(view):
    plain = tiny_model(kind="plain")
    prediction = plain(view, source="one")
    assert isinstance(plain, Plain)
    assert prediction.score.shape == (3,)
    assert torch.equal(prediction.score, prediction.regressed)
    assert prediction.decoding is prediction.imagery is prediction.level_probabilities is None
    assert not _parameters(plain.body)


def test_pooling_is_a_mean_over_tokens():
    plain = tiny_model(kind="plain")
    features = torch.randn(2, 3, 4, 32)
    pooled = features.mean(dim=(1, 2), keepdim=True)
    both = [plain.assess(Extracted(one, damage=None), source="one").score for one in (features, pooled)]
    assert torch.allclose(*both, atol=1e-6)


@pytest.mark.parametrize("imagery", ["residual", "conv", "query"])
@pytest.mark.parametrize("decoder", ["aligned", "cross", "residual"])
@pytest.mark.parametrize("size", [{"width": 32, "heads": 4}, {"width": 256, "heads": 8}])
def test_the_matched_plain_has_the_students_parameters_within_a_percent(imagery, decoder, size):
    kind = {"imagery": imagery, "decoder": decoder, "imagery_depth": 2, "decoder_depth": 2, **size}
    student, matched = (tiny_model(kind=name, **kind) for name in ("student", "plain_matched"))
    wanted = _parameters(student.imagery, student.decoder)
    assert abs(_parameters(matched.body) - wanted) < 0.01 * wanted
    assert _parameters(matched.regressor) == _parameters(student.regressor)


def test_the_matched_plain_scores_with_the_quality_aware_regressor(view):
    prediction = tiny_model(kind="plain_matched")(view, source="one")
    assert prediction.level_probabilities.shape == (3, 8)
    assert prediction.quality_map.shape == (3, 4, 6)


@pytest.mark.parametrize("kind", ["plain", "plain_matched"])
def test_a_source_starts_at_its_mean(kind, view):
    plain = tiny_model(kind=kind, sources=("one", "two"))
    plain.regressor.start_from(np.full(10, 0.8), source="two", bins="uniform")
    for source, mean in (("two", 0.8), ("one", 0.5)):
        assert plain.regressor.calibration(torch.zeros(()), source=source).item() == pytest.approx(mean)


def test_scores_are_in_full_precision_under_mixed_precision(view):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert tiny_model(kind="plain")(view, source="one").score.dtype == torch.float32
