"""Of what kind a config's values are: seen before anything is built, so that no wrong one fails deep inside."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from math import isfinite
from typing import Any

from ksiqa.errors import ConfigError
from ksiqa.recipe import flat

WHOLE, NUMBER, TRUTH, LIST = "a whole number", "a number", "true or false", "a list"
TYPES: dict[str, tuple[type, ...]] = {WHOLE: (int,), NUMBER: (int, float), TRUTH: (bool,), LIST: (list,)}
EXAMPLES = {NUMBER: ", such as 1e-4", LIST: ", such as [NAME,NAME]"}
SHARES = """
    *split.test_share *split.validation_share *split.train_share model.regressed_share sharing.student_share
    task.optimiser.warmup
    """
ABOVE_NOTHING = "task.optimiser.lr task.optimiser.head_lr"  # and finite, as are these:
NOT_NEGATIVE = """
    task.optimiser.weight_decay sharing.pair_epochs sharing.rehearsal_weight checkpoint.minutes cache_gib
    trainer.max_epochs trainer.gradient_clip_val
    """
KINDS = {  # of keys by pattern; null is taken for "not told" where the part that reads the key says so
    WHOLE: """
        seed *split.index *split.seed trainer.max_epochs sharing.pair_epochs
        *.crop *.distinct_crops *.token_stride *.short_side *.batch_size *.workers *.pixel_limit *.views.grid
        *.distortion_seed
        checkpoint.steps trainer.log_every_n_steps
        model.students model.width model.heads model.levels model.imagery_depth model.decoder_depth
        """,
    NUMBER: f"""
        {SHARES} *.share
        task.optimiser.* loss.weights.* sharing.rehearsal_weight *.low *.high cache_gib checkpoint.minutes
        trainer.gradient_clip_val model.damage_weight
        """,
    TRUTH: """
        *.keep_in_memory *.by_content *.allow_missing data*.pristine pairs.pristine *.higher_is_better sharing.rehearsal
        sharing.freeze_decoder task.standardise task.patchwork report.* model.imagery_into_features
        backbone.cnn.spread strategy.channels_last strategy.fused trainer.enable_progress_bar
        """,
    LIST: "*split.train_only",
}
TOLD = "sharing.* task.optimiser.*"  # keys of which null means nothing


def check_kinds(config: Mapping[str, Any]) -> None:
    """See whether the values of a resolved config are of the kinds that their keys want, and numbers in their ranges.

    Raises:
        ConfigError: one is not.
    """
    for key, value in flat(config).items():
        for kind, patterns in KINDS.items():
            if _matches(key, patterns) and (value is not None or _matches(key, TOLD)):
                _check(key, value, kind)
        if value is not None:
            _check_range(key, value)


def _matches(key: str, patterns: str) -> bool:
    return any(fnmatchcase(key, pattern) for pattern in patterns.split())


def _check(key: str, value: Any, kind: str) -> None:
    truth_for_number = isinstance(value, bool) and kind != TRUTH
    if not isinstance(value, TYPES[kind]) or truth_for_number:
        raise ConfigError(
            found=f"{key}={value}",
            expected=kind,
            do=f"set {key} to {kind}{EXAMPLES.get(kind, '')}",
        )


def _check_range(key: str, value: Any) -> None:
    if _matches(key, SHARES) and not 0 <= value <= 1:
        raise ConfigError(
            found=f"{key}={value}",
            expected="a share, from 0 to 1",
            do=f"set {key}={value / 100:g}" if 2 <= value <= 100 else f"set {key} to a number from 0 to 1",
        )
    above = _matches(key, ABOVE_NOTHING)
    if (above or _matches(key, NOT_NEGATIVE)) and (not isfinite(value) or value < 0 or (above and not value)):
        wanted = "a finite number above 0" if above else "a finite number, 0 or more"
        raise ConfigError(found=f"{key}={value}", expected=wanted, do=f"set {key} to {wanted}")
