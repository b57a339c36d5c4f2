"""What every task does alike: bytes to images, scoring by fixed views, figures over whole parts, the optimiser."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import lightning.pytorch as lightning
import torch
from torch import Tensor, nn
from torch.distributed.tensor import DTensor
from torch.optim.lr_scheduler import LambdaLR

from ksiqa.batch import Batch, Features, Prediction, View
from ksiqa.loss.weighted import Weighted
from ksiqa.metric.collected import Collected
from ksiqa.model.plain import Plain
from ksiqa.model.student import Student
from ksiqa.model.teacher import Teacher
from ksiqa.task.epoch_means import EpochMeans
from ksiqa.task.finite_terms import FiniteTerms
from ksiqa.task.schedule import warmup_cosine
from ksiqa.task.scored_part import ScoredPart
from ksiqa.task.terms import Terms


@dataclass(frozen=True, kw_only=True)
class Optimiser:
    """AdamW with two learning rates, linear warm-up and a cosine to zero, by step."""

    lr: float  # of the backbones
    head_lr: float  # of everything else
    weight_decay: float
    warmup: float  # share of all steps


class QualityTask(lightning.LightningModule):
    """Scores sources with a model: the no-reference one, the full-reference one, or both.

    Args:
        student: the no-reference model, or None.
        teacher: the full-reference model, or None; it scores images that have a reference.
        units: the sources on whose scales the parts are scored, in the order of their loaders, each with the length of
            its raw scale.
        fr_source: the one on whose scale the teacher scores; None: the same as the student.
    """

    loss: Weighted  # of the tasks that train
    weights: Mapping[str, float]  # of each source's terms, too
    epoch: EpochMeans  # of the loss and its terms; checkpoints carry it
    fused = False  # whether the optimiser's step is one kernel

    def __init__(
        self,
        *,
        student: Student | Plain | None,
        teacher: Teacher | None,
        units: Mapping[str, float],
        fr_source: str | None = None,
    ) -> None:
        super().__init__()
        self.student, self.teacher, self.sources, self.fr_source = student, teacher, list(units), fr_source
        models = [name for name, model in self._models().items() if model is not None]
        self.epoch, self.finite = EpochMeans(), FiniteTerms()
        ordinal = getattr((student or teacher).regressor, "ordinal", None)  # type: ignore[union-attr]  # one is there
        levels = 0 if ordinal is None else ordinal.levels
        self.parts: Any = nn.ModuleList(ScoredPart(models=models, unit=unit, levels=levels) for unit in units.values())

    @property
    def criterion(self) -> str:
        """The figure by which the best epoch is chosen: the SRCC, or its mean over the sources."""
        return "validation/srcc" if len(self.sources) == 1 else "validation/mean_srcc"

    def on_after_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:
        """Turn bytes into images in [0, 1], on the device."""
        del dataloader_idx
        if isinstance(batch, dict):
            return {name: as_images(one) for name, one in batch.items()}
        return as_images(batch)

    def on_validation_start(self) -> None:
        """Score with weights that came of a loss that is a number."""
        self.finite.check()

    def validation_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> None:
        """Collect the scores of a batch."""
        del batch_idx
        self._collect(batch, dataloader_idx)

    def test_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> None:
        """Collect the scores of a batch."""
        del batch_idx
        self._collect(batch, dataloader_idx)

    def on_validation_epoch_end(self) -> None:
        """Log the figures over the whole parts."""
        self._figures("validation")

    def on_test_epoch_end(self) -> None:
        """Log the figures over the whole parts and keep the scores for the report."""
        self.scores = self._figures("test")

    def predict_batch(self, batch: Batch, *, source: str) -> tuple[dict[str, Prediction], Features | None]:
        """Return each model's prediction for every view (a teacher's for views with a reference), and the references'
        features where there are some."""
        extract = (self.student or self.teacher).feature_extraction  # type: ignore[union-attr]  # one is there
        distorted = extract(batch.distorted)
        reference = extract(batch.reference) if batch.reference is not None else None
        predictions = {}
        if self.student is not None:
            predictions["student"] = self.student.assess(distorted, source=source)
        if self.teacher is not None and reference is not None:
            paired = distorted[batch.paired_views]
            predictions["teacher"] = self.teacher.assess(paired, reference, source=self.fr_source or source)
        return predictions, reference.features if reference is not None else None

    def on_train_start(self) -> None:
        """Go on with an optimiser whose state was saved where the weights lay otherwise in memory."""
        for optimiser in self.trainer.optimizers:
            lay_out(optimiser)

    def on_train_epoch_start(self) -> None:
        """Forget the epoch before; a run that goes on within an epoch does not come here."""
        self.epoch.forget()

    def on_before_optimizer_step(self, optimizer: Any) -> None:
        """Note the gradient's norm, before it is clipped, and see whether it is a number, which a finite loss does not
        promise. In fp16 the scaler sees to it, and leaves out steps without."""
        parameters = (parameter for group in optimizer.param_groups for parameter in group["params"])
        norm = torch.nn.utils.get_total_norm([one.grad for one in parameters if one.grad is not None])
        norm = norm.full_tensor() if isinstance(norm, DTensor) else norm  # of gradients that processes share out
        if self.trainer.precision != "16-mixed":
            self.finite.add({"norm of the gradient": norm})
        elif not norm.isfinite():  # the scaler waits for the GPU at each step anyway
            return
        self.epoch.add({"gradient_norm": norm}, images=1)

    def on_train_epoch_end(self) -> None:
        """Note the epoch's figures, over all images of all processes: ``MetricsFile`` hands them on to the loggers."""
        for name, mean in self.epoch.means().items():
            self.log(name, mean, sync_dist=True, logger=False)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep what the running epoch has come to in each process, unless it came to nothing."""
        self.finite.check()
        checkpoint["epoch_means"] = self.epoch.totals()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on from there."""
        self.epoch.go_on(checkpoint["epoch_means"])

    def total(self, terms: Terms, batch: Mapping[str, Batch]) -> Tensor:
        """Return the weighted total of a step's ``source/model/term``.

        Raises:
            NotFiniteError: a term is no finite number; raised up to ``SEEN_EVERY`` steps later on a GPU.
        """
        total = self.loss({name: term * self.weight(name) for name, term in terms.items()})
        images = sum(len(batch[source].score) for source in self.sources)  # without what accompanies them
        self.epoch.add({"train/loss": total, **{f"train/{name}": term for name, term in terms.items()}}, images=images)
        self.finite.start(self.global_step, rows={source: one.row for source, one in batch.items()})
        self.finite.add(terms)
        return total

    def weight(self, term: str) -> float:
        """Return what a ``source/model/term`` weighs beside others of its name: as much as its source."""
        return self.weights[term.partition("/")[0]]

    def optimisers(self, settings: Optimiser) -> Any:
        """Return AdamW over the parts that learn, and its schedule; each parameter stands in one group."""
        backbones: dict[int, nn.Parameter] = {}
        for model in self._models().values():
            for branch in (model.feature_extraction.vit, model.feature_extraction.cnn) if model else ():
                backbones.update({id(p): p for p in (branch.parameters() if branch else ())})
        learning = [parameter for parameter in self.parameters() if parameter.requires_grad]
        groups = [
            {"params": [p for p in learning if id(p) in backbones], "lr": settings.lr, "name": "backbone"},
            {
                "params": [p for p in learning if id(p) not in backbones],
                "lr": settings.head_lr,
                "name": "head",
            },
        ]
        optimiser = torch.optim.AdamW(
            [group for group in groups if group["params"]], weight_decay=settings.weight_decay, fused=self.fused or None
        )
        # Lightning clips no gradients of an optimiser that may unscale them itself; without this mark, which only fp16
        # has a use for, they are unscaled before, as without ``fused``.
        optimiser._step_supports_amp_scaling = False
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = LambdaLR(optimiser, warmup_cosine(steps=steps, warmup=settings.warmup))
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def _models(self) -> dict[str, Any]:
        return {"student": self.student, "teacher": self.teacher}

    def _collect(self, batch: Batch, place: int) -> None:
        self.parts[place].update(batch, *self.predict_batch(batch, source=self.sources[place]))

    def _figures(self, stage: str) -> list[dict[str, Collected]]:
        """Log what the metrics, which have gathered from all processes, say of the whole parts; every process logs the
        same figures, for all of them choose the best epoch (``sync_dist`` takes the mean of equal numbers)."""
        scores, srcc = [], []
        for source, part in zip(self.sources, self.parts, strict=True):
            prefix = f"{stage}/" if len(self.sources) == 1 else f"{stage}/{source}/"
            figures, scored = part.figures(prefix)
            self.log_dict(figures, sync_dist=True, logger=False)
            scores.append(scored)
            srcc.append(figures[f"{prefix}srcc"])
        if len(self.sources) > 1:
            self.log(f"{stage}/mean_srcc", sum(srcc) / len(srcc), sync_dist=True, logger=False)
        return scores


def lay_out(optimiser: torch.optim.Optimizer) -> None:
    """Let an optimiser's state lie in memory as its weights do: a fused step takes them place by place."""
    for weight, state in optimiser.state.items():
        for name, value in state.items():
            if value.shape == weight.shape and value.stride() != weight.stride():
                state[name] = torch.empty_like(weight, dtype=value.dtype).copy_(value)


def as_images(batch: Batch) -> Batch:
    """Return the batch with its bytes as numbers in [0, 1]."""
    return replace(
        batch,
        distorted=_as_image(batch.distorted),
        reference=None if batch.reference is None else _as_image(batch.reference),
    )


def _as_image(view: View) -> View:
    return View(None if view.image is None else view.image.float() / 255, view.known)
