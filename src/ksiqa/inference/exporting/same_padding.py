"""timm's convolutions with "same" padding, in a form whose sizes an exporter can reason about."""

import torch
from timm.layers.conv2d_same import Conv2dSame
from torch import Tensor, nn
from torch.nn import functional as F


class SameConv(nn.Module):
    """The same numbers as a ``Conv2dSame``: padded so that n places with a stride of s give n / s of them, rounded up.

    timm's own padding is a maximum of fractions of the size. Nested over the strides of a network, such sizes take an
    exporter minutes; here the size after each stride is one division.
    """

    def __init__(self, conv: Conv2dSame) -> None:
        super().__init__()
        self.conv = conv

    def forward(self, image: Tensor) -> Tensor:
        """Return what the convolution makes of (batch, channels, height, width)."""
        pads: list[int | torch.SymInt] = []
        for axis in (1, 0):  # F.pad begins with the last axis
            length, stride = image.shape[2 + axis], self.conv.stride[axis]
            seen = (self.conv.kernel_size[axis] - 1) * self.conv.dilation[axis] + 1  # places under the kernel
            more = ((length + stride - 1) // stride - 1) * stride + seen - length
            before = more // 2 if seen >= stride else 0  # with gaps between the kernels nothing is put before
            pads += [before, more - before]
        padded = F.pad(image, pads)  # type: ignore[arg-type]  # takes symbolic sizes, too
        conv = self.conv
        return F.conv2d(padded, conv.weight, conv.bias, conv.stride, 0, conv.dilation, conv.groups)


def with_plain_sizes(network: nn.Module) -> nn.Module:
    """Put ``SameConv`` in the place of each ``Conv2dSame`` of a network (the network itself is changed)."""
    for parent in list(network.modules()):
        for name, child in parent.named_children():
            if isinstance(child, Conv2dSame):
                setattr(parent, name, SameConv(child))
    return network
