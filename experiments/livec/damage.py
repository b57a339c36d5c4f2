"""How scores fall as photographs never seen get worse, and the tests of the Waterloo Exploration protocol.

    python experiments/livec/damage.py --model RUN/model --photographs FOLDER [--device cuda]

The rungs are those of experiments/shipped: JPEG, WebP and AVIF (no training distortion) at quality 90 to 10, JPEG 2000
at six rates, blur and noise at six strengths. Writes ladders.csv (a row a kind: the share of strictly monotone ladders)
and waterloo.csv: the D-test (pristine or distorted, by one threshold), the L-test (scores beside levels) and the P-test
(pairs that VSI, MDSI and SSIM order alike, each by two fifths of all images) on Waterloo's four kinds at five levels.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import piq
from unseen import each, pairs_of, parted, probing, write
from variants import ladders

import ksiqa
from ksiqa.data.synthetic.families import LEVELS
from ksiqa.data.synthetic.synthetic_images import SyntheticImages
from ksiqa.metric.waterloo import d_test, discriminable_pairs, l_test, p_test

KINDS = ("gaussian_blur", "jpeg", "jpeg2000", "white_noise")
MARGIN = 0.4  # of all images
SIDE = 378  # nearly whole photographs, as Waterloo's images are


def main(arguments: Sequence[str] | None = None) -> None:
    """Write both files."""
    parser = probing(__doc__)
    parser.set_defaults(side=SIDE)
    options = parser.parse_args(arguments)
    scorer = ksiqa.load(options.model, device=options.device)
    files, _ = parted(scorer.trained, options.photographs)
    files = files[: options.most]
    rungs = pd.DataFrame(ladders.measured(scorer, files))
    rungs.insert(0, "model", scorer.trained.training["recipe"])
    write(options.home, "ladders.csv", rungs)
    pairs = pairs_of(files, families=KINDS, levels=LEVELS, cache=options.cache, side=options.side)
    write(options.home, "waterloo.csv", waterloo(scorer, pairs))


def waterloo(scorer: ksiqa.Scorer, pairs: SyntheticImages) -> pd.DataFrame:
    """Return the three tests of no-reference scores of synthetic pairs."""
    rows = []
    for row in each(pairs, device=str(scorer.device)):
        measures = {"vsi": piq.vsi, "mdsi": piq.mdsi, "ssim": piq.ssim}
        told = {name: float(measure(row.distorted, row.reference)) for name, measure in measures.items()}
        score = scorer.score(row.distorted[0].cpu()).score
        rows.append({"content": row.content, "family": row.family, "level": row.level, "score": score, **told})
    table = pd.DataFrame(rows)
    pristine = table["family"] == "pristine"
    damaged = table[~pristine].sort_values("level")
    ladders = [one["score"].to_numpy() for _, one in damaged.groupby(["content", "family"])]
    better = np.stack([damaged["vsi"], -damaged["mdsi"], damaged["ssim"]])
    order = discriminable_pairs(better, margin=MARGIN)
    scores = damaged["score"].to_numpy()
    found = {
        "photographs": table["content"].nunique(),
        "D-test": d_test(table.loc[pristine, "score"].to_numpy(), scores),
        "L-test": l_test(ladders),
        "P-test": p_test(scores, order),
        "pairs of the P-test": len(order),
    }
    return pd.DataFrame(found.items(), columns=["figure", "value"])


if __name__ == "__main__":
    main()
