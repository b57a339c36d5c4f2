"""Several sources in one training: every batch holds images of each, in given shares, each on its own scale."""

from collections.abc import Collection, Sequence
from fractions import Fraction

from ksiqa.data.datamodule import QualityData
from ksiqa.errors import ConfigError, SplitError

SAME_PHOTOGRAPHS = (frozenset({"live", "tid2013"}),)  # both distort Kodak's: one's training part shows the other's test


class MixedData:
    """Sources that are trained on together.

    Args:
        sets: of one batch size, the one with the largest share first; each with its own split, and its own scale.
        shares: of every step's images, relative to one another.

    Raises:
        ConfigError: a share that is no positive number or under one image a step, or sets of the same photographs.
        SplitError: some sets have a validation part and others none.
    """

    def __init__(self, sets: Sequence[QualityData], *, shares: Sequence[float | int]) -> None:
        self.sets = sets
        exact = [Fraction(str(share)) for share in shares]  # 0.1 is a tenth
        whole, start = sum(exact), Fraction(0)
        for one, share in zip(sets, exact, strict=True):
            one.slot = (start, start := start + share / whole)
        _check(self)

    @property
    def name(self) -> str:
        """The sets' names, joined."""
        return "+".join(one.name for one in self.sets)

    @property
    def has_validation(self) -> bool:
        """Whether there are images to choose by."""
        return all(one.has_validation for one in self.sets)

    def batches(self, *, processes: int, paired: bool = False) -> int:
        """Return the batches of an epoch for each process: in all of them together as many images as the sets have."""
        images = sum(len(one.train_places(paired=paired)) for one in self.sets)
        return max(1, round(images / (self.sets[0].batch_size * processes)))


Data = QualityData | MixedData


def check_photographs(names: Collection[str]) -> None:
    """See whether sets that are trained on together distort different photographs.

    Raises:
        ConfigError: two of them do not.
    """
    for same in SAME_PHOTOGRAPHS:
        if same <= set(names):
            raise ConfigError(
                found=f"training on {' and '.join(sorted(same))}, which distort the same photographs",
                expected="sets of which none shows in training what another tests",
                do=f"leave {max(same)} out",
            )


def same_photographs(trained: Collection[str], tested: str) -> bool:
    """Tell whether a set that was trained on, other than the tested one itself, distorts the photographs of that."""
    return any(tested in same and (same - {tested}) & set(trained) for same in SAME_PHOTOGRAPHS)


def _check(data: MixedData) -> None:
    check_photographs([one.name for one in data.sets])
    for one in data.sets:
        if (one.slot[1] - one.slot[0]) * one.batch_size < 1:
            raise ConfigError(
                found=f"data.sets.{one.name}.share: {one.share * one.batch_size:.2g} of {one.batch_size} images a step",
                expected="an image a step, or more",
                do="raise the share, or data.batch_size",
            )
    without = [one.name for one in data.sets if not one.has_validation]
    if without and len(without) < len(data.sets):
        raise SplitError(
            found=f"a mix in which {', '.join(without)} has no validation part and others have",
            expected="a validation part in each set, or in none",
            do="set split.validation_share, or complete the split's files",
        )
