"""Which places of an image are seen: a seeded crop a draw in training, the same views each time in scoring."""

from dataclasses import dataclass, field, replace

import numpy as np

from ksiqa.data.transform import Crop, check_views, every, fixed_views, random_crop


@dataclass(frozen=True, kw_only=True)
class TrainingViews:
    """One seeded square crop a draw. ``distinct`` limits how many different crops an image has (None: no limit), over
    all phases; frozen features need a limit, since each crop's features are computed once. Of these, a draw sees every
    ``token_stride``-th token of each direction, from a place of its own: the whole crop, at a fraction of the cost.
    ``cell`` is how many pixels a token covers, of which a crop holds whole ones."""

    side: int
    distinct: int | None
    token_stride: int = 1
    cell: int = field(default=1, repr=False)  # tells errors what would fit, and changes no crop

    def crops(self, size: tuple[int, int], rng: np.random.Generator) -> list[Crop]:
        """Return the one crop of a draw."""
        return [random_crop(size, side=self.side, rng=rng, cell=self.cell)]

    def tokens(self, grid: tuple[int, int], rng: np.random.Generator) -> tuple[slice, slice]:
        """Return which rows and columns of a grid of frozen features a draw sees, equally many in each draw."""
        rows, columns = (every(length, self.token_stride, rng=rng) for length in grid)
        return rows, columns

    @property
    def of_crops(self) -> "TrainingViews":
        """The views without what changes no crop."""
        return replace(self, distinct=None, token_stride=1)


@dataclass(frozen=True, kw_only=True)
class ScoringViews:
    """The same views for every draw; see ``fixed_views``."""

    kind: str
    side: int
    grid: int
    cell: int
    distinct: int | None = 1

    def __post_init__(self) -> None:
        check_views(kind=self.kind, grid=self.grid)

    def crops(self, size: tuple[int, int], rng: np.random.Generator) -> list[Crop]:
        """Return all views."""
        del rng
        return fixed_views(size, kind=self.kind, side=self.side, grid=self.grid, cell=self.cell)

    def tokens(self, grid: tuple[int, int], rng: np.random.Generator) -> tuple[slice, slice]:
        """Return all rows and columns of a grid of frozen features."""
        del grid, rng
        return slice(None), slice(None)

    @property
    def of_crops(self) -> "ScoringViews":
        """The views without what changes no crop."""
        return replace(self, distinct=None)
