from ksiqa.data.datasets import spaq
from tests.data.datasets.base import DatasetChecks


class TestChecks(DatasetChecks):
    module = spaq
    contents = 11125
    extremes = (2.0, 96.0)
    first_image = "TestImage/00001.jpg"
