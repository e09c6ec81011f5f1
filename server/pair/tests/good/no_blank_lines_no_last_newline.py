# <PYTHON>
from torch import relu
def torch_double(x): "Twice the positive part."; return 2 * relu(x)
# <TRITON>
from torch import empty_like
from triton import cdiv, jit
from triton.language import arange, constexpr, load, maximum, program_id, store
@jit
def double_kernel(x, out, n, B: constexpr):
    i = program_id(0) * B + arange(0, B)
    store(out + i, 2 * maximum(load(x + i, mask=i < n), 0), mask=i < n)
def triton_double(x):
    out = empty_like(x); double_kernel[(cdiv(x.numel(), 64),)](x, out, x.numel(), 64); return out
# <TEST>
import torch
def get_test_inputs(): return torch.arange(-50., 50., device="cuda"),