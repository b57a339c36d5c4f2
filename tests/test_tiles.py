"""Large grids in tiles."""

import itertools

import pytest
import torch

from ksiqa.batch import View
from ksiqa.tiles import OVERLAP, SIDE, WHOLE, in_tiles, spans
from tests.tiny import CELL, tiny_model


@pytest.mark.parametrize("length", [1, 2, WHOLE - 1, WHOLE, WHOLE + 1, WHOLE + 17, 200, 333, 1000])
def test_what_is_kept_covers_the_side_once(length):
    found = spans(length)
    kept = [place for one in found for place in range(one.first, one.end)]
    assert kept == list(range(length))
    if length <= WHOLE:
        assert len(found) == 1
        return
    assert all(one.stop - one.start == SIDE for one in found)
    for one, after in itertools.pairwise(found):
        assert one.stop - after.start >= OVERLAP
        assert one.stop - one.end >= OVERLAP // 2 <= after.first - after.start  # far from the edges of both


def test_a_function_of_single_places_gives_what_it_gives_of_the_whole():
    grid = torch.rand(2, 190, 85, 3)
    calls = []

    def squared(part, other):
        calls.append(tuple(part.shape[1:3]))
        return part.square() + other

    assert torch.equal(in_tiles(squared, grid, 2 * grid), grid.square() + 2 * grid)
    assert set(calls) == {(SIDE, SIDE)}
    assert len(calls) == 4 * 2


def test_a_grid_that_is_small_is_taken_as_it_is():
    grid = torch.rand(1, WHOLE, 3, 2)
    assert in_tiles(lambda part: part, grid) is grid


def test_a_model_scores_what_is_larger_than_a_tile_with_its_map_in_place():
    """Two halves of different content: what is seen of each place is what lies there."""
    torch.manual_seed(0)
    model = tiny_model().eval()
    tokens = WHOLE + 40
    image = torch.rand(1, 3, 2 * CELL, tokens * CELL)
    image[..., image.shape[-1] // 2 :] = 0.5
    with torch.inference_mode():
        whole = model(View(image), source="one")
        middle = spans(tokens)[1]
        part = model(View(image[..., middle.start * CELL : middle.stop * CELL]), source="one")
    assert whole.quality_map.shape == (1, 2, tokens)
    assert whole.features.shape[1:3] == whole.imagery.shape[1:3] == (2, tokens)
    kept = slice(middle.first, middle.end)
    assert torch.allclose(whole.features[:, :, kept], part.features[:, :, middle.kept], atol=1e-5)
    seen = whole.features[:, :, middle.start : middle.stop]
    with torch.inference_mode():
        decoding = model.decoder(seen, whole.imagery[:, :, middle.start : middle.stop])
    assert torch.allclose(whole.decoding[:, :, kept], decoding[:, :, middle.kept], atol=1e-5)
    expected = (whole.weight_map * whole.quality_map).sum()
    assert 0 < float(expected) < 1
    assert 0 < float(whole.score) < 1


@pytest.mark.parametrize("pool", [2, 3, 4])
def test_tokens_of_several_patches_come_in_tiles_of_no_more_patches(pool):
    limit = WHOLE // pool
    assert spans(limit, pool=pool) == [(0, limit, 0, limit)]
    found = spans(5 * limit, pool=pool)
    assert [place for one in found for place in range(one.first, one.end)] == list(range(5 * limit))
    assert {one.stop - one.start for one in found} == {SIDE // pool}
