"""Parts of the export; tests/test_export.py has the command and the files it writes."""

import pytest
import timm
import torch
from timm.layers.conv2d_same import Conv2dSame

from ksiqa.errors import ExportError, ModelFolderError
from ksiqa.inference.exporting.check import LARGEST, largest_difference
from ksiqa.inference.exporting.program import ScoringNetwork
from ksiqa.inference.exporting.same_padding import SameConv, with_plain_sizes
from tests.inference.conftest import saved


@pytest.mark.parametrize("kernel", [1, 2, 3, 5])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("dilation", [1, 2])
def test_padding_in_plain_sizes_is_timms(kernel, stride, dilation):
    conv = Conv2dSame(2, 3, kernel, stride=stride, dilation=dilation)
    for size in [(1, 1), (2, 7), (8, 5), (13, 14)]:
        image = torch.rand(2, 2, *size)
        assert torch.equal(SameConv(conv)(image), conv(image)), size


def test_every_such_convolution_of_a_network_is_taken():
    network = timm.create_model("tf_efficientnet_lite0", features_only=True).eval()
    image = torch.rand(1, 3, 70, 42)
    expected = network(image)
    found = with_plain_sizes(network)(image)
    assert sum(isinstance(module, SameConv) for module in network.modules()) == 5  # the strides
    assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))


def test_a_difference_is_found_and_refused(student):
    network = ScoringNetwork(student, full_reference=False)

    def off(by):
        return lambda image: {name: value + by for name, value in network(image).items()}

    assert largest_difference(network, off(LARGEST / 2)) == pytest.approx(LARGEST / 2, rel=0.01)
    for by in (2 * LARGEST, float("nan")):
        with pytest.raises(ExportError, match=r"found: score of 1 images of 1 x 1 tokens, off by (0.0002|nan)\n"):
            largest_difference(network, off(by))


def test_a_model_that_cannot_score_so():
    with pytest.raises(ModelFolderError, match=r"found: a model without a trained teacher\nexpected: a model that .*"):
        ScoringNetwork(saved(fr=False), full_reference=True)
    with pytest.raises(ModelFolderError, match=r"found: a model without a trained student\n.*\ndo: add --full-ref"):
        ScoringNetwork(saved(kind="teacher"), full_reference=False)
