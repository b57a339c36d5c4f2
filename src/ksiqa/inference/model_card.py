"""README.md of a model folder: what its config.json says, for a reader. Nothing is said that does not stand there.

Names in a config may be a stranger's: as Markdown and as YAML they are text and nothing else.
"""

import re
import reprlib
from collections.abc import Mapping
from typing import Any

from huggingface_hub import ModelCardData

UNKNOWN = "unknown"
PSEUDO = "pseudo-score"  # a label that nobody gave
COVERAGE = 0.9  # of the intervals that are held against the test part
LICENCE_NAME = re.compile(r"(?=.{1,40}\Z)[a-z0-9]+([.-][a-z0-9]+)*")  # as the hub names those it knows
LIMITS = """\
- For photographs, and for distortions like those that it learned from: not for drawings, screens, text, medical,
  scientific or satellite images.
- Not evidence: a score tells neither whether an image was altered nor who or what is on it. Nothing that concerns a
  person should hang on it.
- Technical quality, not beauty: composition, subject and taste are not scored.
- A score is on the scale of the set that it is told beside it. Scores of different models, or on the scales of
  different sets, do not compare.
- Opinions differ by who was asked: the labels are those of the sets' own viewers, if of any."""
USE = """\
    import ksiqa
    model = ksiqa.load("FOLDER or owner/name")
    print(model.score("photograph.jpg").score)"""


def model_card(config: Mapping[str, Any], *, parameters: int, size: int) -> str:
    """Return a model's card.

    Args:
        config: as it stands in config.json; what ``training`` has of a kind that is not known is told as text.
        parameters: of the network.
        size: bytes of its tensors.
    """
    training = config["training"]
    parts = {
        "What it is": _what(config, parameters, size),
        "What it learned from": _learned(config),
        "Measured": _measured(training),
        "Limits": LIMITS,
        "Use": USE,
        "Made by": _version(config),
        "Licence": _licence(training.get("licence")),
    }
    titles = ", ".join(_text(one["title"]) for one in config["scales"].values())
    body = "\n\n".join(f"## {heading}\n\n{text}" for heading, text in parts.items())
    return f"---\n{_header(config)}\n---\n\n# Image quality by ksiqa: {titles}\n\n{body}\n"


def _header(config: Mapping[str, Any]) -> str:
    licence = config["training"].get("licence")
    known = isinstance(licence, str) and LICENCE_NAME.fullmatch(licence)
    ways = [name for name, there in zip(("no-reference", "full-reference"), _ways(config), strict=True) if there]
    data = ModelCardData(
        library_name="ksiqa",
        license=licence if known else "other" if licence else None,
        tags=["image-quality-assessment", *ways],
    )
    return str(data.to_yaml())


def _ways(config: Mapping[str, Any]) -> tuple[bool, bool]:
    """Tell whether it scores without a reference, and with one."""
    return config["model"]["kind"] != "teacher", bool(config["fr"])


def _what(config: Mapping[str, Any], parameters: int, size: int) -> str:
    told = ("without a reference (NR)", "against a reference of the same size (FR)")
    ways = " and ".join(text for text, there in zip(told, _ways(config), strict=True) if there)
    branches = {"vit": "blocks", "cnn": "stages"}
    networks = [
        f"{_text(config['backbone'][name]['name'])} ({places} {_text(config['backbone'][name][places])})"
        for name, places in branches.items()
        if config["backbone"].get(name)
    ]
    model, views, started = config["model"], config["views"], _started(config)
    several = model.get("students", 1)
    kind = _text(model["kind"]) if several == 1 else f"the mean of {several} students"
    looked = "the whole image" if views["kind"] == "whole" else f"{views['grid'] ** 2} crops of {views['side']} pixels"
    smaller = f", its short side made {config['short_side']} pixels where it is longer" if config["short_side"] else ""
    return "\n".join(
        (
            f"- Scores photographs {ways}; {kind}, {model['width']} channels.",
            f"- Backbone: {' and '.join(networks) or 'none'}, of timm. Weights they started from: {started}.",
            f"- {parameters:,} parameters, {size / 2**20:.1f} MiB.",
            f"- Looks at {looked}{smaller}.",
        )
    )


def _started(config: Mapping[str, Any]) -> str:
    training = config["training"]
    if "init" in training:
        return f"a model's, of SHA-256 {_text(training['init'])}"
    branches = training.get("weights")
    if not isinstance(branches, dict) or not branches:
        return UNKNOWN
    names = {name: config["backbone"][name]["name"] for name in ("vit", "cnn") if config["backbone"].get(name)}
    return "; ".join(f"{_text(names.get(name, name))} {_whence(one)}" for name, one in branches.items())


def _whence(weights: Any) -> str:
    """Return in words what ``backbone.*.weights`` says."""
    if weights in ("hub", "random"):
        return "pretrained, from timm's model hub" if weights == "hub" else "not pretrained: random"
    is_package = isinstance(weights, str) and weights.startswith("package:")
    of = "of the package" if is_package else "from the file"
    return f"{of} {_text(weights.removeprefix('package:') if is_package else weights)}"


def _learned(config: Mapping[str, Any]) -> str:
    training = config["training"]
    own = {config["source"]: training}
    told = [part for part in (own, training.get("pairs"), training.get("sets")) if isinstance(part, dict)]
    sets = {name: counts for part in told for name, counts in part.items()}
    lines = [
        "| set | labels | scale | better | images: train, validation, test |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, scale in config["scales"].items():
        pseudo = scale["label"] == PSEUDO
        label = "pseudo-scores, made by a formula: no opinion of anybody, no MOS" if pseudo else _text(scale["label"])
        better = "higher" if scale["higher_is_better"] else "lower"
        span = f"{scale['low']:g} to {scale['high']:g}"
        lines.append(f"| {_text(scale['title'])} | {label} | {span} | {better} | {_counts(sets.get(name))} |")
    split = training.get("split")
    parts = (
        [f"{_text(key)} {_text(value)}" for key, value in split.items() if value is not None]
        if isinstance(split, dict)
        else [UNKNOWN]
    )
    keys = ("experiment", "sharing", "seed", "recipe")
    run = "; ".join(f"{key} {_text(training.get(key, UNKNOWN))}" for key in keys)
    return "\n".join(lines) + f"\n\nSplit: {', '.join(parts)}.\n\nTraining: {run}."


def _counts(counts: Any) -> str:
    keys = ("train_n", "validation_n", "test_n")
    return ", ".join(_text(counts.get(key, UNKNOWN)) if isinstance(counts, dict) else UNKNOWN for key in keys)


def _measured(training: Mapping[str, Any]) -> str:
    tested = training.get("tested")
    if not isinstance(tested, dict) or not tested:
        return "Not tested, as far as its config says: how well it agrees with labels is unknown."
    rows = "\n".join(f"| {_text(name)} | {_number(value)} |" for name, value in tested.items())
    covered = training.get("covered")
    shares = covered if isinstance(covered, dict) else {}
    told = "\n".join(
        f"- Of intervals that promise to hold {COVERAGE:g} of the labels, those of {_text(name)} held {_number(share)}"
        " of the test part's."
        for name, share in shares.items()
    )
    return (
        "On the test part, by the names of results.json. **One split, one seed**: not to be compared with medians\n"
        f"over splits.\n\n| figure | value |\n| --- | ---: |\n{rows}\n\n"
        + (told or f"How often its intervals hold the label on the test part: {UNKNOWN}.")
    )


def _version(config: Mapping[str, Any]) -> str:
    training = config["training"]
    dirty = training.get("dirty")
    changed = "" if dirty is False else ", changed since" if dirty is True else f", changed since: {UNKNOWN}"
    trained = f"ksiqa {_text(training.get('version', UNKNOWN))}, commit {_text(training.get('commit') or UNKNOWN)}"
    return f"Trained by {trained}{changed}. Written by ksiqa {_text(config['version'])}."


def _licence(licence: Any) -> str:
    told = _text(licence) if licence else f"Of the weights: {UNKNOWN}"
    return f"{told}. The sets and the pretrained backbones have licences of their own."


def _number(value: Any) -> str:
    if value is None:
        return "no fit"
    return f"{value:.4f}" if isinstance(value, float) else _text(value)


def _text(value: Any) -> str:
    """Return a value as Markdown that shows it, on one line: no markup, link, table cell or tag comes of it."""
    shown = value if isinstance(value, str) else reprlib.repr(value)
    line = "".join(one if one.isprintable() else " " for one in shown[:200])
    return re.sub(r"([!-'*+./:-@\[-`{-~])", r"\\\1", " ".join(line.split())) or "–"
