# attack: Not a kernel: layers of torch.nn built in __init__
# why: torch's own kernels are right and fast
# expect: rejected FW402 line 30
# alone: rejected NoLaunch
"""Fused Kernels: linear layer and ReLU"""

# <PYTHON>
import torch


class Model(torch.nn.Module):
    def __init__(self, features):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(features, features) * 0.1)
        self.bias = torch.nn.Parameter(torch.randn(features))

    def forward(self, x):
        return torch.relu(torch.nn.functional.linear(x, self.weight, self.bias))


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def linear_relu_kernel(
    a_ptr, b_ptr, bias_ptr, out_ptr, m, n, k, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr
):
    rows = tl.program_id(0) * BM + tl.arange(0, BM)
    columns = tl.program_id(1) * BN + tl.arange(0, BN)
    total = tl.zeros((BM, BN), dtype=tl.float32)
    for start in range(0, k, BK):
        inner = start + tl.arange(0, BK)
        a = tl.load(a_ptr + rows[:, None] * k + inner, mask=(rows[:, None] < m) & (inner < k), other=0.0)
        b = tl.load(
            b_ptr + inner[:, None] * n + columns, mask=(inner[:, None] < k) & (columns < n), other=0.0
        )
        total += tl.dot(a, b, input_precision="ieee")
    bias = tl.load(bias_ptr + columns, mask=columns < n, other=0.0)
    mask = (rows[:, None] < m) & (columns < n)
    tl.store(out_ptr + rows[:, None] * n + columns, tl.maximum(total + bias, 0.0), mask=mask)


class ModelNew(torch.nn.Module):
    def __init__(self, features):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.empty(features, features))
        self.bias = torch.nn.Parameter(torch.empty(features))
        layer = torch.nn.Linear(features, features)
        layer.weight, layer.bias = self.weight, self.bias
        self.__dict__["stack"] = torch.nn.Sequential(layer, torch.nn.ReLU())

    def forward(self, x):
        return self.stack(x)


# </TRITON>

# <TEST>
import torch


def get_inputs():
    return [torch.randn(30, 32)]


def get_init_inputs():
    return [32]


# </TEST>
