from time import sleep

import pytest
import torch
from torch.nn import functional

from ksiqa.benchmark.counts import best_rate, flops_of, matmul, memory_of

CPU = torch.device("cpu")


def test_operations_of_a_product_of_matrices():
    """Each of the 2 x 5 results is 3 products, added up."""
    one, two = torch.rand(2, 3), torch.rand(3, 5)
    assert flops_of(lambda: one @ two) == 2 * 2 * 3 * 5
    step, flops = matmul(device=CPU, dtype=torch.float32, side=8)
    assert flops == flops_of(step) == 2 * 8**3


def test_operations_of_a_step_forward_and_backward():
    """A layer's weights and its input each get a gradient: two more products of the same size."""
    layer, image = torch.nn.Linear(3, 5, bias=False), torch.rand(2, 3, requires_grad=True)
    assert flops_of(lambda: layer(image).sum().backward()) == 3 * (2 * 2 * 3 * 5)


@pytest.mark.parametrize("groups", [1, 4])
def test_operations_of_a_convolution_and_its_two_gradients(groups):
    """Each of 8 x 5 x 5 results is a product of 3 x 3 places and the channels of its group."""
    layer = torch.nn.Conv2d(4, 8, 3, padding=1, groups=groups, bias=False)
    image = torch.rand(2, 4, 5, 5, requires_grad=True)
    assert flops_of(lambda: layer(image).sum().backward()) == 3 * (2 * 2 * 8 * 5 * 5 * 3 * 3 * (4 // groups))


def test_attention_is_two_products_whichever_kernel_does_it():
    q, k, v = (torch.rand(2, 4, 6, 8) for _ in range(3))  # heads of 6 tokens and 8 channels
    assert flops_of(lambda: functional.scaled_dot_product_attention(q, k, v)) == 2 * (2 * 2 * 4 * 6 * 6 * 8)


def test_memory_is_looked_at_on_a_gpu_alone_and_the_step_done():
    done = []
    assert memory_of(lambda: done.append(1), device=CPU) is None
    assert done == [1]


def test_the_ceiling_is_operations_over_the_shortest_time():
    seconds = iter([0.1, 0.02, 0.1, 0.1, 0.1])
    assert 100 / 0.06 < best_rate(lambda: sleep(next(seconds)), 100, device=CPU) <= 100 / 0.02
