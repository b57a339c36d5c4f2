"""What the student takes over from the teacher; the teacher's side is the target and gets no gradient."""

from jaxtyping import Float
from torch import Tensor

from ksiqa.loss import imagery, regression


def decoding(
    student: Float[Tensor, "batch height width channels"],
    teacher: Float[Tensor, "batch height width channels"],
) -> Float[Tensor, ""]:
    """The decoder's output from imagery against that from the reference: smooth L1 after a LayerNorm."""
    return imagery.smooth_l1(student, teacher)  # stops the gradient at its second argument


def score(student_score: Float[Tensor, " batch"], teacher_score: Float[Tensor, " batch"]) -> Float[Tensor, ""]:
    """The student's score against the teacher's: smooth L1 that bends at ``regression.BETA``."""
    return regression.smooth_l1(student_score, teacher_score.detach())
