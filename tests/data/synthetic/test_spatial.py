from itertools import combinations, pairwise

import numpy as np
import pytest

from ksiqa.data.synthetic.spatial import otsu


def _within(histogram, cuts):
    edges = [0, *(cut + 1 for cut in cuts), len(histogram)]
    value, cost = np.arange(len(histogram)), 0.0
    for low, high in pairwise(edges):
        mass = histogram[low:high].sum()
        if mass:
            mean = (histogram[low:high] * value[low:high]).sum() / mass
            cost += (histogram[low:high] * (value[low:high] - mean) ** 2).sum()
    return cost


@pytest.mark.parametrize("count", [1, 2, 3])
def test_otsus_thresholds_are_the_best_of_all(count):
    histogram = np.random.default_rng(count).integers(0, 50, 14).astype(float)
    best = min(_within(histogram, cuts) for cuts in combinations(range(13), count))
    cuts = otsu(histogram, count)
    assert cuts == sorted(set(cuts))
    assert _within(histogram, cuts) == pytest.approx(best)
