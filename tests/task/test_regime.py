from dataclasses import replace

import pytest
import torch

from ksiqa.data.image_source import FileImages
from ksiqa.data.mixed import MixedData
from ksiqa.errors import ConfigError, SplitError
from ksiqa.loss.weighted import Weighted
from ksiqa.task.quality import Optimiser
from ksiqa.task.regime import Regime, Sharing
from ksiqa.task.regime_check import PAIRS
from tests.task.conftest import trained
from tests.tiny import quality_data, tiny_model

SOURCES = ("photographs", "pairs")
WEIGHTS = {"mse": 1.0, "imagery_cosine": 0.5, "sharing_decoding": 0.1}
EVERYTHING = {"feature_extraction", "imagery", "decoder", "regressor"}
ALONE = {"mse"}
FOLLOWING = {"mse", "sharing_decoding"}
IMAGINING = {"mse", "imagery_cosine", "sharing_decoding"}


def _regime(kind, **changes):
    sharing = {
        "pair_epochs": 1,
        "rehearsal": True,
        "rehearsal_weight": 0.5,
        "student_share": 1.0,
        "freeze_decoder": True,
        **changes,
    }
    return Regime(
        sharing=Sharing(kind=kind, **sharing),
        loss=Weighted(WEIGHTS),
        optimiser=Optimiser(lr=1e-3, head_lr=1e-3, weight_decay=0.0, warmup=0.0),
        epochs=1,
        patchwork=None,
    )


def _snapshot(model):
    return {
        name: [parameter.detach().clone() for parameter in part.parameters()] for name, part in model.named_children()
    }


def _moved(model, before):
    return {
        name
        for name, values in _snapshot(model).items()
        if any(not torch.equal(new, old) for new, old in zip(values, before[name], strict=True))
    }


def _names(source, **terms):
    return {f"train/{source}/{model}/{name}" for model, names in terms.items() for name in names}


ON_PAIRS = {
    "none": [("student", EVERYTHING, set(), _names("pairs", student=ALONE))],
    "joint": [("joint", EVERYTHING, set(), _names("pairs", student=IMAGINING, teacher=ALONE))],
    "sequential": [
        ("teacher", EVERYTHING - {"imagery"}, set(), _names("pairs", teacher=ALONE)),
        ("student", EVERYTHING - {"decoder"}, set(), _names("pairs", student=IMAGINING)),
    ],
    "distil": [
        ("teacher", set(), EVERYTHING - {"imagery"}, _names("pairs", teacher=ALONE)),
        ("student", EVERYTHING, set(), _names("pairs", student=FOLLOWING)),
    ],
}
ON_PHOTOGRAPHS = {
    "transfer": [
        ("joint", EVERYTHING, set(), _names("pairs", student=IMAGINING, teacher=ALONE)),
        (
            "student",
            EVERYTHING,
            set(),
            _names("photographs", student=ALONE) | _names("pairs", student=IMAGINING, teacher=ALONE),
        ),
    ],
    "pretrain": [
        ("pretrain", EVERYTHING, set(), _names("pairs", student=ALONE)),
        ("student", EVERYTHING, set(), _names("photographs", student=ALONE) | _names("pairs", student=ALONE)),
    ],
    "distil": [
        ("teacher", set(), EVERYTHING - {"imagery"}, _names("pairs", teacher=ALONE)),
        ("distil", EVERYTHING, set(), _names("pairs", student=FOLLOWING)),
        ("student", EVERYTHING, set(), _names("photographs", student=ALONE) | _names("pairs", student=FOLLOWING)),
    ],
}
CASES = [(kind, "pairs", phases) for kind, phases in ON_PAIRS.items()]
CASES += [("none", "photographs alone", [("student", EVERYTHING, set(), _names("photographs", student=ALONE))])]
CASES += [(kind, "photographs", phases) for kind, phases in ON_PHOTOGRAPHS.items()]


def test_every_regime_is_tried():
    assert {kind for kind, *_ in CASES} == set(PAIRS)


def _data(on, pairs, photographs):
    """Return a case's target and the pairs beside it."""
    beside = quality_data(pairs)
    return {
        "pairs": (beside, None),
        "photographs": (quality_data(photographs), beside),
        "photographs alone": (quality_data(photographs), None),
    }[on]


@pytest.mark.parametrize(("kind", "on", "expected"), CASES)
def test_phases_terms_and_what_moves(kind, on, expected, pairs, photographs):
    """Names of the phases; parts of the model and of the instructor that moved; terms logged."""
    student = tiny_model(sources=SOURCES)
    instructor = tiny_model(kind="teacher", sources=SOURCES)
    target, others = _data(on, pairs, photographs)
    found = []
    for phase in _regime(kind).phases(student, instructor=instructor, target=target, pairs=others):
        before = _snapshot(student), _snapshot(instructor)
        ran = trained(phase, limit_train_batches=2, limit_val_batches=2)
        moved = _moved(student, before[0]), _moved(instructor, before[1])
        terms = {name for name in ran.callback_metrics if name.startswith("train/") and name != "train/loss"}
        found.append((phase.name, *moved, terms))
    assert found == expected


FROZEN = {"frozen": ["vit", "cnn"]}


@pytest.mark.parametrize(("kind", "on", "expected"), CASES)
def test_several_students_learn_one_after_another(kind, on, expected, pairs, photographs):
    """Each by all phases of its own; an instructor learns once."""
    student = tiny_model(sources=SOURCES, backbone=FROZEN, students=2)
    instructor = tiny_model(kind="teacher", sources=SOURCES) if kind == "distil" else None
    target, others = _data(on, pairs, photographs)
    phases = _regime(kind).phases(student, instructor=instructor, target=target, pairs=others)
    first = [name for name, *_ in expected]
    again = [f"{name}_2" for name in first if (kind, name) != ("distil", "teacher")]
    assert [phase.name for phase in phases] == first + again
    assert [phase.number for phase in phases] == list(range(len(phases)))
    learning = [{id(parameter) for parameter in phase.task.parameters() if parameter.requires_grad} for phase in phases]
    own = slice(1, None) if kind == "distil" else slice(None)
    ones, others = (set.union(*part) for part in (learning[: len(first)][own], learning[len(first) :]))
    assert ones
    assert others
    assert not ones & others


def test_a_decoder_that_is_not_frozen_moves_in_the_second_phase(pairs):
    student = tiny_model(sources=("pairs",))
    regime = _regime("sequential", freeze_decoder=False)
    _, second = regime.phases(student, instructor=None, target=quality_data(pairs), pairs=None)
    before = _snapshot(student)
    trained(second, limit_train_batches=1, limit_val_batches=2)
    assert _moved(student, before) == EVERYTHING


def test_teacher_and_student_of_a_phase_share_the_decoder(pairs):
    student = tiny_model(sources=("pairs",))
    (phase,) = _regime("joint").phases(student, instructor=None, target=quality_data(pairs), pairs=None)
    assert phase.task.teacher.decoder is phase.task.student.decoder is student.decoder


def test_how_much_the_scores_of_a_rehearsal_teach_the_student(pairs, photographs):
    """Where pairs are the target of a phase, all learn them alike."""
    student = tiny_model(sources=SOURCES)
    data = {"target": quality_data(photographs, batch_size=4), "pairs": quality_data(pairs, batch_size=4)}
    first, second = _regime("transfer", student_share=0.3).phases(student, instructor=None, **data)
    assert first.task.weight("pairs/student/mse") == first.task.weight("pairs/teacher/mse") == 1
    names = ("pairs/student/mse", "pairs/student/imagery_cosine", "pairs/teacher/mse", "photographs/student/mse")
    assert [second.task.weight(name) for name in names] == pytest.approx([0.5 * 0.3, 0.5, 0.5, 1])


def test_a_rehearsal_without_a_teacher_teaches_the_student(pairs, photographs):
    data = {"target": quality_data(photographs, batch_size=4), "pairs": quality_data(pairs, batch_size=4)}
    with pytest.raises(ConfigError, match=r"found: sharing\.student_share=0\.3 with sharing=pretrain"):
        _regime("pretrain", student_share=0.3).phases(tiny_model(sources=SOURCES), instructor=None, **data)


def test_without_rehearsal_the_second_phase_sees_the_target_alone(pairs, photographs):
    student = tiny_model(sources=SOURCES)
    data = {"target": quality_data(photographs), "pairs": quality_data(pairs)}
    first, second = _regime("transfer", rehearsal=False).phases(student, instructor=None, **data)
    assert list(first.loaders()) == ["pairs"]
    assert list(second.loaders()) == ["photographs"]
    loaders = _regime("transfer").phases(student, instructor=None, **data)[1].loaders()
    assert list(loaders) == ["photographs", "pairs"]
    assert len({len(loader) for loader in loaders.values()}) == 1
    assert _regime("transfer").phases(student, instructor=None, **data)[1].task.weights["pairs"] == 0.5


def test_each_phase_draws_anew(pairs, photographs):
    data = {"target": quality_data(photographs), "pairs": quality_data(pairs)}
    phases = _regime("transfer").phases(tiny_model(sources=SOURCES), instructor=None, **data)
    first, second = ([draw for batch in phase.loaders()["pairs"].batch_sampler for draw in batch] for phase in phases)
    assert not set(first) & set(second)


def test_processes_share_the_steps(pairs):
    data = quality_data(pairs)  # 120 images in batches of 8
    (phase,) = _regime("none").phases(tiny_model(sources=("pairs",)), instructor=None, target=data, pairs=None)
    assert len(phase.loaders()["pairs"]) == 15
    assert phase.loaders(processes=2)["pairs"].batch_sampler.sampler.draws == 2 * 8 * 8


def _named(source, name):
    """The same rows under another name, in a table of their own."""
    table = source.table
    return FileImages(replace(table, facts=replace(table.facts, name=name), frame=table.frame.copy()), keep=True)


def _mix(*sources, shares=(1, 1)):
    return MixedData([quality_data(source) for source in sources], shares=shares)


ON_A_MIX = {
    "none": [_names("pairs", student=ALONE) | _names("photographs", student=ALONE)],
    "joint": [_names("pairs", student=IMAGINING, teacher=ALONE) | _names("photographs", student=ALONE)],
}


@pytest.mark.parametrize(("kind", "expected"), ON_A_MIX.items())
def test_each_set_of_a_mix_has_terms_and_figures_of_its_own(kind, expected, pairs, photographs):
    """A set with references and one without: this one serves the student alone."""
    student = tiny_model(sources=SOURCES)
    phases = _regime(kind).phases(
        student, instructor=None, target=_mix(pairs, photographs, shares=(0.75, 0.25)), pairs=None
    )
    found = []
    for phase in phases:
        assert phase.task.weights == {"pairs": 0.75, "photographs": 0.25}
        figures = trained(phase, limit_train_batches=2).callback_metrics
        found.append({name for name in figures if name.startswith("train/") and name != "train/loss"})
        srcc = [figures[f"validation/{source}/srcc"] for source in ("pairs", "photographs")]
        assert figures["validation/mean_srcc"] == pytest.approx(sum(srcc) / 2)
        assert phase.task.criterion == "validation/mean_srcc"
        assert "validation/srcc" not in figures
        assert ("validation/pairs/teacher_srcc" in figures) is (kind == "joint")
        assert "validation/photographs/teacher_srcc" not in figures
    assert found == expected


def test_a_mix_may_have_pairs_beside_it(photographs, pairs):
    other = _named(photographs, "others")
    data = {"target": _mix(photographs, other), "pairs": quality_data(pairs)}
    student = tiny_model(sources=("photographs", "others", "pairs"))
    _, second = _regime("transfer").phases(student, instructor=None, **data)
    loaders = second.loaders()
    assert list(loaders) == ["photographs", "others", "pairs"]
    assert len({len(loader) for loader in loaders.values()}) == 1
    assert [len(next(iter(loader)).score) for loader in loaders.values()] == [4, 4, 8]


@pytest.mark.parametrize(("model", "kind"), [({}, "sequential"), ({}, "distil"), ({"kind": "teacher"}, "none")])
def test_a_teacher_on_its_own_wants_references_in_every_set_of_a_mix(model, kind, pairs, photographs):
    learner = tiny_model(sources=SOURCES, **model)
    with pytest.raises(
        ConfigError,
        match=r"found: .* on photographs, which has no references\nexpected: pairs of a .* in every set\ndo: set",
    ):
        _regime(kind).phases(learner, instructor=None, target=_mix(pairs, photographs), pairs=None)


def test_rows_without_a_reference_serve_the_student_alone(pairs):
    """Every fifth reference is not there."""
    lacking = _named(pairs, "lacking")
    frame = lacking.table.frame
    frame.loc[::5, "reference"] = None
    data = quality_data(lacking)
    student = tiny_model(sources=("lacking",))
    teacher, joined = _regime("sequential").phases(student, instructor=None, target=data, pairs=None)
    assert (teacher.paired, joined.paired) == (True, False)
    drawn = [{row for batch in phase.loaders()["lacking"] for row in batch.row.tolist()} for phase in (teacher, joined)]
    there = {row for row in data.split.train if frame["reference"].notna()[row]}
    assert len(there) == 96
    assert drawn[0] == there
    assert drawn[1] == set(data.split.train)
    for phase in (teacher, joined):
        figures = trained(phase, limit_train_batches=2).callback_metrics
    assert {"train/lacking/student/sharing_decoding", "validation/teacher_srcc"} <= set(figures)
    collected = joined.task.parts[0].collected
    assert not collected["teacher"].row  # starts anew after each part


@pytest.mark.parametrize(
    ("kind", "learner", "part"),
    [("sequential", "student", "validation"), ("none", "teacher", "validation"), ("none", "teacher", "test")],
)
def test_a_part_with_too_few_pairs_to_score_a_teacher_on(kind, learner, part, pairs):
    lacking = _named(pairs, "lacking")
    data = quality_data(lacking)
    rows = list(data.split.part(part))
    lacking.table.frame.loc[rows[1:], "reference"] = None
    model = tiny_model(kind=learner, sources=("lacking",))
    message = rf"found: 1 of {len(rows)} images in the {part} part of lacking with a reference\nexpected: 2 or more"
    with pytest.raises(SplitError, match=message):
        _regime(kind).phases(model, instructor=None, target=data, pairs=None)
    (phase,) = _regime("joint").phases(tiny_model(sources=("lacking",)), instructor=None, target=data, pairs=None)
    assert phase.name == "joint"


@pytest.mark.parametrize("kind", ["none", "joint", "sequential"])
def test_pairs_that_no_phase_would_look_at(kind, pairs, photographs):
    data = {"target": quality_data(pairs), "pairs": quality_data(photographs)}
    with pytest.raises(
        ConfigError,
        match=rf"found: sharing={kind} with a source of pairs \(\+data@pairs\)\nexpected: no second.*\ndo: leave \+d",
    ):
        _regime(kind).phases(tiny_model(sources=SOURCES), instructor=None, **data)


def test_a_teacher_alone(pairs):
    teacher = tiny_model(kind="teacher", sources=("pairs",))
    (phase,) = _regime("none").phases(teacher, instructor=None, target=quality_data(pairs), pairs=None)
    assert phase.name == "teacher"
    before = _snapshot(teacher)
    trained(phase, limit_train_batches=1, limit_val_batches=2)
    assert _moved(teacher, before) == EVERYTHING - {"imagery"}


@pytest.mark.parametrize(
    ("model", "kind", "message"),
    [
        ({}, "jiont", r"found: sharing=jiont\nexpected: one of distil, joint, .*\ndo: set sharing=joint"),
        ({}, "joint", r"found: sharing=joint on photographs, which has no references\nexpected: pairs of.*\ndo: set"),
        ({}, "transfer", r"found: sharing=transfer without a source of pairs\nexpected: a set with.*\ndo: name one"),
        ({}, "pretrain", r"found: sharing=pretrain without a source of pairs"),
        (
            {"kind": "teacher"},
            "joint",
            r"found: model=teacher with sharing=joint\nexpected: sharing=none: .*\ndo: set model=student",
        ),
        ({"kind": "teacher"}, "none", r"found: model=teacher on photographs, which has no references"),
        ({"kind": "plain"}, "joint", r"found: model=plain with sharing=joint\nexpected: a model with a decoder"),
    ],
)
def test_regimes_that_do_not_go_with_model_or_data(model, kind, message, photographs):
    learner = tiny_model(sources=("photographs",), **model)
    with pytest.raises(ConfigError, match=message):
        _regime(kind).phases(learner, instructor=None, target=quality_data(photographs), pairs=None)
