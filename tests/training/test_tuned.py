"""What trains faster trains the same, within rounding; the names of the weights stay."""

import json
import subprocess
import sys
from copy import deepcopy
from dataclasses import replace

import pytest
import torch
from functorch.compile import make_boxed_func
from torch._dynamo.backends.common import aot_autograd
from torch.profiler import ProfilerActivity, profile

from ksiqa.batch import View
from ksiqa.data.split_rules import Split
from ksiqa.errors import ConfigError
from ksiqa.inference.model_folder import load_model
from ksiqa.task.phase import Phase
from ksiqa.task.quality import as_images, lay_out
from ksiqa.training.tuned import CompiledTerms, Tuning, fixed_shapes, tune
from tests.runs import SMALL, composed, rows, same_run, table_overrides, train
from tests.task.conftest import trained
from tests.task.test_student import _task
from tests.tiny import quality_data, table_images, tiny_model


@pytest.fixture
def source(pairs):
    return table_images(pairs, name="pairs")


@pytest.fixture
def joint():
    torch.manual_seed(0)
    student = tiny_model(sources=("pairs",))
    return _task(student, teacher=student.teacher())


def _batch(source):
    return as_images(next(iter(quality_data(source, batch_size=6).train_dataloader())))


def test_the_same_gradients_within_rounding(joint, source):
    """Of joint training with convolutions that lie otherwise in memory."""
    tuned, batch = deepcopy(joint), _batch(source)
    tune(tuned, Tuning(channels_last=True), fixed=True)
    assert list(tuned.state_dict()) == list(joint.state_dict())
    for task in (joint, tuned):
        sum(task.terms(batch, source="pairs").values()).backward()
    reached = {name: parameter for name, parameter in joint.named_parameters() if parameter.grad is not None}
    assert len(reached) > 100
    for name, parameter in reached.items():
        largest = float(parameter.grad.abs().max())
        found = tuned.get_parameter(name).grad
        torch.testing.assert_close(found, parameter.grad, rtol=1e-3, atol=1e-3 * largest + 1e-6, msg=name)
    stem = tuned.student.feature_extraction.cnn.network.conv_stem.weight
    assert stem.is_contiguous(memory_format=torch.channels_last)


def test_a_step_in_bf16_comes_close(joint, source):
    """On the CPU: the loss, and all gradients as one vector."""
    half, batch = deepcopy(joint), _batch(source)
    losses, gradients = [], []
    for task, bf16 in ((joint, False), (half, True)):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            loss = sum(task.terms(batch, source="pairs").values())
        loss.backward()
        losses.append(loss.item())
        gradients.append(torch.cat([one.grad.flatten() for one in task.parameters() if one.grad is not None]))
    assert losses[1] == pytest.approx(losses[0], rel=0.03)
    assert losses[1] != losses[0]
    assert (gradients[1] - gradients[0]).norm() < 0.03 * gradients[0].norm()


def test_a_fused_optimiser_comes_to_the_same_scores(joint, source):
    """Scores, not weights: where no gradient is but rounding, Adam's steps are as long as anywhere."""
    image = View(_batch(source).distorted.image)
    before, scores = joint.student(image, source="pairs").score, []
    for task in (joint, deepcopy(joint)):
        tune(task, Tuning(fused=task is not joint), fixed=True)
        trained(Phase(name="joint", task=task, target=quality_data(source, batch_size=6), epochs=1), max_steps=4)
        scores.append(task.student(image, source="pairs").score)
    torch.testing.assert_close(scores[1], scores[0], rtol=0, atol=1e-5)
    assert (scores[0] - before).abs().max() > 1e-3


def test_a_fused_optimiser_goes_on_from_weights_that_lay_otherwise():
    """As the optimiser does that went on with the weights as they lay."""
    weights, gradients = torch.rand(4, 3, 2, 2), torch.rand(2, 4, 3, 2, 2)
    before, after = torch.nn.Parameter(weights.clone()), torch.nn.Parameter(weights.clone())
    one, other = (torch.optim.AdamW([weight], lr=0.1, fused=True) for weight in (before, after))
    before.grad = gradients[0].clone()
    one.step()
    after.data = before.detach().clone(memory_format=torch.channels_last)
    other.load_state_dict(deepcopy(one.state_dict()))
    lay_out(other)
    assert other.state[after]["exp_avg"].stride() == after.stride() != before.stride()
    for weight, optimiser in ((before, one), (after, other)):
        weight.grad = gradients[1].clone(memory_format=_format(weight))
        optimiser.step()
    torch.testing.assert_close(after, before, rtol=0, atol=1e-6)


def _format(weight):
    return torch.contiguous_format if weight.is_contiguous() else torch.channels_last


def test_a_compiler_that_fails_is_told_once(joint, source, capsys):
    def failing(graph, inputs):
        raise RuntimeError("no such kernel")

    batch = _batch(source)
    compiled = CompiledTerms(joint.terms, mode=None, fixed=True, backend=failing)
    for _ in range(2):
        with torch.no_grad():
            found, expected = (terms(batch, source="pairs") for terms in (compiled, joint.terms))
        assert {name: term.item() for name, term in found.items()} == {n: t.item() for n, t in expected.items()}
    (said,) = capsys.readouterr().out.splitlines()
    assert said.startswith("training goes on without torch.compile, which failed: ")
    assert "no such kernel" in said


def test_a_compiler_that_fails_at_the_gradients_alone_is_told(source, capsys):
    layer = torch.nn.Linear(6, 1)

    def terms(batch, *, source):
        return {source: layer(batch.score).square().sum()}

    def failing(graph, inputs):
        raise RuntimeError("no such kernel backwards")

    backend = aot_autograd(fw_compiler=lambda graph, inputs: make_boxed_func(graph.forward), bw_compiler=failing)
    batch = _batch(source)
    compiled = CompiledTerms(terms, mode=None, fixed=True, backend=backend)
    compiled(batch, source="pairs")["pairs"].backward()
    found, layer.weight.grad = layer.weight.grad, None
    terms(batch, source="pairs")["pairs"].backward()
    assert found.abs().sum() > 0
    torch.testing.assert_close(found, layer.weight.grad, rtol=0, atol=0)
    (said,) = capsys.readouterr().out.splitlines()
    assert said.startswith("training goes on without torch.compile, which failed: ")
    assert "no such kernel backwards" in said


def test_where_there_are_no_graphs(joint, capsys, monkeypatch):
    tune(joint, Tuning(compile="graphs"), fixed=True)
    assert isinstance(joint.terms, CompiledTerms)
    assert capsys.readouterr().out == "no GPU: compiled without CUDA graphs\n"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    tune(joint, Tuning(compile="graphs"), fixed=False)
    assert capsys.readouterr().out == "steps of different shapes: compiled without CUDA graphs\n"
    tune(joint, Tuning(compile="graphs"), fixed=True, batches=2)
    assert capsys.readouterr().out == "gradients of several batches: compiled without CUDA graphs\n"


def test_which_phases_have_steps_of_one_shape(joint, source):
    data = quality_data(source, batch_size=6)
    phase = Phase(name="joint", task=joint, target=data, epochs=1)
    assert fixed_shapes(phase)
    data.slot = (data.slot[0], data.slot[1] * 3 / 5)  # 3.6 images of 6
    assert not fixed_shapes(phase)
    partial = quality_data(source)
    partial.table.frame.loc[partial.split.train[1], "reference"] = None
    assert not fixed_shapes(replace(phase, target=partial))
    assert fixed_shapes(replace(phase, target=partial, paired=True))
    rest = replace(partial.split, train=partial.split.train[2:])
    assert isinstance(rest, Split)
    assert fixed_shapes(replace(phase, target=quality_data(source, split=rest)))


def test_what_is_not_told_is_off_and_what_has_no_meaning_refused():
    assert Tuning.of({"accelerator": "cpu"}) == Tuning() == Tuning.of(composed("train").strategy)
    assert Tuning.of(composed("train", "strategy=gpu").strategy) == Tuning(
        channels_last=True, fused=True, compile="graphs"
    )
    with pytest.raises(ConfigError, match=r"found: strategy.compile=max\nexpected: one of default, graphs, none"):
        Tuning.of({"compile": "max"})


def test_all_attention_is_torchs_own():
    """scaled_dot_product_attention, which chooses the fastest kernel: two blocks each of ViT, imagery and decoder."""
    student = tiny_model(imagery_depth=2, decoder_depth=2).train()
    with profile(activities=[ProfilerActivity.CPU]) as seen:
        student(View(torch.rand(1, 3, 48, 48)), source="one")
    counts = {event.key: event.count for event in seen.key_averages()}
    blocks = len(student.feature_extraction.vit.network.blocks)
    assert counts["aten::scaled_dot_product_attention"] == blocks + 2 + 2
    assert "aten::_safe_softmax" not in counts


FAST = ("strategy.precision=bf16-mixed", "strategy.channels_last=true", "strategy.fused=true")


def test_a_run_in_bf16_with_a_fused_optimiser(pairs, tmp_path):
    """Whose gradients are clipped, and whose model is one like all others."""
    train(tmp_path / "run", *table_overrides(pairs), *FAST)
    (row,) = rows(tmp_path / "run" / "metrics.csv")
    assert float(row["gradient_norm"]) > 0
    assert load_model(tmp_path / "run" / "model").student is not None


@pytest.mark.long  # compiles: in processes of their own, since torch cannot trace what checks types in tests
def test_a_compiled_run_and_the_same_run_again(pairs, tmp_path):
    told = [*SMALL, *table_overrides(pairs), "trainer.max_epochs=2", "sharing=joint", f"cache={tmp_path / 'cache'}"]
    for name, mode in (("eager", "none"), ("compiled", "default"), ("again", "default")):
        own = (f"strategy.compile={mode}", f"hydra.run.dir={tmp_path / name}")
        command = [sys.executable, "-m", "ksiqa.train", *told, *own]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        assert "torch.compile" not in done.stdout  # which would say that it failed
    same_run(tmp_path / "compiled", tmp_path / "again")
    assert (
        len({json.loads((tmp_path / name / "results.json").read_text())["recipe"] for name in ("eager", "again")}) == 1
    )
    for one, two in zip(*(rows(tmp_path / name / "metrics.csv") for name in ("eager", "compiled")), strict=True):
        for figure in ("train/loss", "gradient_norm", "validation/rmse"):
            assert float(two[figure]) == pytest.approx(float(one[figure]), rel=1e-3), figure


@pytest.mark.long  # compiles
@pytest.mark.timeout(900)
def test_compiled_runs_one_after_another_in_one_process(pairs, tmp_path):
    """A sweep of two splits and two seeds: what the compiler keeps of one run changes nothing of the next."""
    told = [*SMALL, *table_overrides(pairs), "sharing=joint", f"cache={tmp_path / 'cache'}"]
    for name, mode in (("eager", "none"), ("compiled", "default")):
        own = ("split.index=0,1", "seed=0,1", f"strategy.compile={mode}", f"hydra.sweep.dir={tmp_path / name}")
        command = [sys.executable, "-m", "ksiqa.train", "-m", *told, *own]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        assert "torch.compile" not in done.stdout + done.stderr  # which would say that it failed, or gave up
    folders = [sorted(file.parent for file in (tmp_path / name).rglob("metrics.csv")) for name in ("eager", "compiled")]
    assert len(folders[0]) == 4
    for eager, compiled in zip(*folders, strict=True):
        assert eager.name == compiled.name
        for one, two in zip(rows(eager / "metrics.csv"), rows(compiled / "metrics.csv"), strict=True):
            for figure in ("train/loss", "gradient_norm", "validation/rmse"):
                assert float(two[figure]) == pytest.approx(float(one[figure]), rel=1e-3), figure
        scores = [[float(row["score"]) for row in rows(one / "predictions.csv")] for one in (eager, compiled)]
        assert scores[1] == pytest.approx(scores[0], abs=1e-3)
