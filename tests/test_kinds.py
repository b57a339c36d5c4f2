"""Values of a wrong kind are told before anything is built."""

from fnmatch import fnmatchcase
from math import inf, nan

import pytest
from omegaconf import OmegaConf

from ksiqa import train
from ksiqa.errors import ConfigError
from ksiqa.kinds import ABOVE_NOTHING, KINDS, NOT_NEGATIVE, SHARES, check_kinds
from ksiqa.names import conf_folder
from ksiqa.recipe import flat
from tests.runs import composed


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"data": {"low": "abc"}}, "found: data.low=abc\nexpected: a number\ndo: set data.low to a number"),
        (
            {"data": {"sets": {"livec": {"short_side": 3.5}}}},
            "found: data.sets.livec.short_side=3.5\nexpected: a whole",
        ),
        ({"seed": "one"}, "found: seed=one\nexpected: a whole number"),
        (
            {"split": {"train_only": "brick"}},
            "found: split.train_only=brick\nexpected: a list\ndo: .* such as .NAME,NAME",
        ),
        ({"seed": True}, "found: seed=True\nexpected: a whole number"),
        ({"task": {"optimiser": {"lr": "1e-4x"}}}, "found: task.optimiser.lr=1e-4x\nexpected: a number"),
        ({"loss": {"weights": {"pristine": "much"}}}, "found: loss.weights.pristine=much\nexpected: a number"),
        ({"sharing": {"student_share": None}}, "found: sharing.student_share=None\nexpected: a number"),
        (
            {"sharing": {"student_share": 30}},
            "found: sharing.student_share=30\nexpected: a share, from 0 to 1\ndo: .*=0.3",
        ),
        ({"task": {"optimiser": {"warmup": 2}}}, "warmup=2\nexpected: a share, from 0 to 1\ndo: set .*warmup=0.02"),
        ({"task": {"optimiser": {"lr": None}}}, "found: task.optimiser.lr=None\nexpected: a number"),
        ({"task": {"optimiser": {"lr": 0}}}, "found: task.optimiser.lr=0\nexpected: a finite number above 0\ndo: set"),
        ({"task": {"optimiser": {"head_lr": inf}}}, "head_lr=inf\nexpected: a finite number above 0"),
        ({"task": {"optimiser": {"weight_decay": nan}}}, "weight_decay=nan\nexpected: a finite number, 0 or more"),
        (
            {"sharing": {"pair_epochs": -3}},
            "pair_epochs=-3\nexpected: a finite number, 0 or more\ndo: set sharing.pair_e",
        ),
        ({"sharing": {"rehearsal_weight": -1}}, "rehearsal_weight=-1\nexpected: a finite number, 0 or more"),
        ({"trainer": {"max_epochs": -1}}, "max_epochs=-1\nexpected: a finite number, 0 or more"),
        ({"trainer": {"gradient_clip_val": -1.0}}, "gradient_clip_val=-1.0\nexpected: a finite number, 0 or more"),
        ({"checkpoint": {"minutes": -10}}, "minutes=-10\nexpected: a finite number, 0 or more"),
        ({"cache_gib": -20}, "cache_gib=-20\nexpected: a finite number, 0 or more"),
        ({"sharing": {"rehearsal": "maybe"}}, "found: sharing.rehearsal=maybe\nexpected: true or false"),
        ({"pair_split": {"test_share": [0.1]}}, r"found: pair_split.test_share=\[0.1\]\nexpected: a number"),
    ],
)
def test_what_is_wrong_is_told(config, told):
    with pytest.raises(ConfigError, match=told):
        check_kinds(config)


def test_what_is_right_passes():
    check_kinds({"data": {"low": 1, "high": 5.0, "short_side": None}, "seed": 3, "report": {"ridge": False}})
    check_kinds({"sharing": {"pair_epochs": 0, "rehearsal_weight": 0}, "trainer": {"gradient_clip_val": None}})


def test_each_pattern_means_a_key_that_is_there_and_what_is_shipped_is_of_its_kind():
    shipped = [
        *(composed("train", f"data={name}", "+data@pairs=folder") for name in ("mix", "table", "livec", "demo")),
        *(composed("train", f"+experiment={file.stem}") for file in (conf_folder() / "experiment").glob("*.yaml")),
        composed("prepare"),
    ]
    keys = set()
    for config in shipped:
        values = OmegaConf.to_container(config, resolve=True)
        check_kinds(values)
        keys |= set(flat(values))
    unused = [
        one
        for patterns in (*KINDS.values(), SHARES, ABOVE_NOTHING, NOT_NEGATIVE)
        for one in patterns.split()
        if not any(fnmatchcase(key, one) for key in keys)
    ]
    assert unused == []


def test_a_command_says_it(capsys):
    with pytest.raises(SystemExit) as exit_:
        train.main(["data=table", "data.file=scores.csv", "data.low=abc"])
    assert exit_.value.code == 2
    assert "ConfigError\nfound: data.low=abc\nexpected: a number" in capsys.readouterr().err
