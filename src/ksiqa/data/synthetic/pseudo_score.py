"""Pseudo-scores of synthetic pairs: what KADID-10k's viewers said of the distortion, refined by measures.

No viewer saw these pairs. A pseudo-score in [0, 1], higher is better, is made of

1. an anchor: KADID-10k's mean DMOS of the (type, level), brought to [0, 1] by (dmos − 1) / 4. On KADID-10k
   itself that mean alone reaches SRCC .94. A family that viewers never rated (WebP) takes its anchor from the
   measures, by a monotone map fitted on the rated families of its group;
2. a deviation: among the photographs distorted alike, those that the full-reference measures call better lie
   above the anchor. It is bounded, and sized by the spread of DMOS between KADID-10k's references.

An image equal to its reference has 1, whatever its family: KADID-10k's viewers gave such pairs 4.6 of 5
(level 1 of type 1, level 3 of type 18), which is where opinions end, not a fault of the image.
"""

import numpy as np
import pandas as pd
from jaxtyping import Float
from numpy import ndarray
from scipy.optimize import isotonic_regression

from ksiqa.data.synthetic.families import FAMILIES
from ksiqa.data.synthetic.human_means import HIGH, LOW, shipped_means
from ksiqa.data.synthetic.measures import RANKED
from ksiqa.errors import ConfigError

# How far measures are believed: opinions regress on a measure with the slope correlation x spread. That
# correlation among images of one type and level is not published; one half is our choice.
BELIEF = 0.5


def pseudo_scores(frame: pd.DataFrame, *, means: pd.DataFrame | None = None) -> Float[ndarray, " rows"]:
    """Score rows of (content, family, level, mse, ssim, gmsd, haarpsi) in [0, 1], higher is better.

    score = anchor + min(√3 · BELIEF · spread, anchor, 1 − anchor) · (2u − 1), where u in (0, 1) is the row's
    rank among the contents of the same family and level, mean over the measures. With one content u is 1/2.
    √3 is the half-width of a uniform distribution of unit standard deviation.

    Args:
        frame: the rows; a row with mse = 0 (a pristine photograph, or a level that changes nothing) scores 1.
        means: of ``kadid10k_means``; None takes the shipped ones, over all references.

    Raises:
        ConfigError: a family without human means stands without any rated family beside it.
    """
    changed = frame["mse"].to_numpy() > 0
    rows = frame[changed].reset_index(drop=True)
    anchor, spread = _anchors(rows, shipped_means() if means is None else means)
    width = np.minimum(np.sqrt(3) * BELIEF * spread, np.minimum(anchor, 1 - anchor))
    scores = np.ones(len(frame))
    scores[changed] = anchor + width * (2 * _rank(rows, ["family", "level"]) - 1)
    return scores


def _anchors(rows: pd.DataFrame, means: pd.DataFrame) -> tuple[Float[ndarray, " rows"], Float[ndarray, " rows"]]:
    """Return anchor and spread of each row, both on the scale of the scores."""
    numbers = {name: family.number for name, family in FAMILIES.items()}
    keys = pd.DataFrame({"type": rows["family"].map(numbers).astype(float), "level": rows["level"].astype(int)})
    told = keys.merge(means.astype({"type": float}), on=["type", "level"], how="left")
    anchor = ((told["mean"] - LOW) / (HIGH - LOW)).to_numpy(copy=True)
    spread = (told["spread"] / (HIGH - LOW)).to_numpy(copy=True)
    rated = np.isfinite(anchor)
    groups = rows["family"].map({name: family.group for name, family in FAMILIES.items()})
    for family in rows["family"][~rated].unique():
        of_family = (rows["family"] == family).to_numpy()
        like = rated & (groups == FAMILIES[family].group).to_numpy()
        if not like.any():
            raise ConfigError(
                found=f"families with {family}, which no viewer of KADID-10k rated",
                expected=f"a rated family of the group {FAMILIES[family].group} beside it, to anchor it",
                do="add jpeg or jpeg2000 to the families",
            )
        anchor[of_family] = _interpolated(rows, of_family, like, anchor)
        spread[of_family] = spread[like].mean()
    return anchor, spread


def _interpolated(
    rows: pd.DataFrame, of_family: ndarray, like: ndarray, anchor: Float[ndarray, " rows"]
) -> Float[ndarray, " some"]:
    """Read a family's anchors, one a level, off the best monotone map from measures to rated anchors.

    Fitted on one point a (family, level): its mean rank among all rows in question, and its anchor.
    """
    both = rows[of_family | like].reset_index(drop=True)
    both["quality"], both["anchor"] = _rank(both, None), anchor[of_family | like]
    points = both.groupby(["family", "level"], as_index=False)[["quality", "anchor"]].mean()
    rated = points[points["anchor"].notna()].sort_values("quality")
    risen = isotonic_regression(rated["anchor"].to_numpy()).x
    points["anchor"] = np.interp(points["quality"], rated["quality"], risen)
    wanted = rows.loc[of_family, ["family", "level"]].merge(points, on=["family", "level"], how="left")
    return wanted["anchor"].to_numpy()


def _rank(rows: pd.DataFrame, by: list[str] | None) -> Float[ndarray, " rows"]:
    """Return (rank − 1/2) / n in (0, 1), mean over the measures, higher is better; ties share a rank."""
    total = np.zeros(len(rows))
    for measure, higher_is_better in RANKED.items():
        values = rows[measure] if higher_is_better else -rows[measure]
        groups = values.groupby([rows[name] for name in by]) if by else values.groupby(np.zeros(len(rows)))
        total += ((groups.rank() - 0.5) / groups.transform("size")).to_numpy()
    return total / len(RANKED)
