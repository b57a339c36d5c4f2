"""config.json of a model folder: read as data, every value of the form that its place has and no key beside these.

What it names is built of words that ``compose`` knows; no value is a path, a target or an interpolation.
"""

import json
from pathlib import Path
from typing import Any

from ksiqa.errors import ModelFolderError
from ksiqa.inference.forms import MAPPING, NUMBER, TEXT, TRUTH, Form, keys, list_of, mapping_of, one, or_null, whole

FORMAT = 1  # of config.json; raised when an older version could not read a newer one
LARGEST = 4 * 2**20  # bytes of config.json; some thousands are usual
COUNT = whole(1, 2**16)  # channels, images, pixels of a side
SEED = whole(0, 2**64)
WORD = one("a word", lambda value: isinstance(value, str) and value.isidentifier())
PLACES = list_of(whole(0, 2**16))
PAIRS_MADE = {  # how synthetic pairs were made: evaluate makes them so again
    "families": or_null(list_of(WORD)),
    "levels": list_of(COUNT),
    "size": or_null(list_of(COUNT)),
    "pristine": TRUTH,
    "distortion_seed": SEED,
}
FORMS: dict[str, Form] = {
    "format": COUNT,
    "version": TEXT,
    "model": keys(
        {
            **dict.fromkeys(("kind", "fusion", "imagery", "decoder", "ordinal", "bins", "damage"), WORD),
            **dict.fromkeys(("students", "width", "heads", "imagery_depth", "decoder_depth", "levels"), COUNT),
            "imagery_into_features": TRUTH,
            "regressed_share": NUMBER,
            "damage_weight": NUMBER,
        }
    ),
    "backbone": keys(
        {
            "vit": or_null(keys({"name": TEXT, "blocks": PLACES, "pool": COUNT, "shrink": COUNT})),
            "cnn": or_null(keys({"name": TEXT, "stages": PLACES, "spread": TRUTH})),
            "frozen": list_of(WORD),
        }
    ),
    "source": TEXT,
    "fr": TRUTH,
    "fr_source": or_null(TEXT),
    "scales": mapping_of(
        keys({"title": TEXT, "label": TEXT, "low": NUMBER, "high": NUMBER, "higher_is_better": TRUTH})
    ),
    "views": keys({"kind": WORD, "side": COUNT, "grid": COUNT, "cell": COUNT, "distinct": or_null(COUNT)}),
    "short_side": or_null(COUNT),
    "short_sides": mapping_of(or_null(COUNT)),
    "residuals": mapping_of(mapping_of(list_of(NUMBER))),
    "in_doubts": TRUTH,
    "batch_size": COUNT,
    "training": MAPPING,  # for the reader, but for its pairs_made
}


def read_config(file: Path) -> dict[str, Any]:
    """Read config.json, whoever wrote it.

    Raises:
        ModelFolderError: a newer version of ksiqa wrote it.
        ValueError: it is too large, no JSON, or a value does not belong where it stands.
    """
    with file.open("rb") as opened:
        content = opened.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ValueError(f"{file.name} of more than {LARGEST} bytes")
    config = json.loads(content.decode(), object_pairs_hook=_mapping, parse_constant=_no_number)
    MAPPING(config, file.name)
    COUNT(config["format"], "format")
    if config["format"] > FORMAT:
        raise ModelFolderError(
            found=f"{file} of format {config['format']}, written by ksiqa {str(config['version'])[:20]}",
            expected=f"format {FORMAT} or older",
            do="upgrade ksiqa",
        )
    config = {"short_sides": {}, "residuals": {}, "in_doubts": False, **config}  # older models may lack them
    if isinstance(config.get("model"), dict):
        config["model"] = {"damage": "copies", "damage_weight": 0, "students": 1, **config["model"]}
    vit = config["backbone"].get("vit") if isinstance(config.get("backbone"), dict) else None
    if isinstance(vit, dict):
        vit.setdefault("shrink", 1)
    keys(FORMS)(config, "")
    mapping_of(keys(PAIRS_MADE, may_lack=True))(config["training"].get("pairs_made", {}), "training.pairs_made")
    for name, scale in config["scales"].items():
        if scale["low"] >= scale["high"]:
            raise ValueError(f"scales.{name} from {scale['low']} to {scale['high']}")
    for key in ("source", "fr_source"):
        if config[key] not in (*config["scales"], *([None] if key == "fr_source" else [])):
            raise ValueError(f"{key}={config[key]}, which is none of the scales")
    return config


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    for key, _ in pairs:
        if key.startswith("_"):  # _target_ and its like: nowhere in this file, not even where anything may stand
            raise ValueError(f"a key {key}")
    return dict(pairs)


def _no_number(text: str) -> None:
    raise ValueError(f"{text}, which is no number")
