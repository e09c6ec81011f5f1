"""Fused Kernels: ReLU²; Überlauf ist 安全 🚀"""

# <PYTHON>
import torch

def relu_squared_pytorch(x):
    # Größe bleibt: "# <TRITON>" in a comment's middle is no marker
    return torch.relu(x) ** 2

# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl

@triton.jit
def relu_squared_triton(x_ptr, out_ptr, size, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.maximum(tl.load(x_ptr + at, mask=at < size), 0.0)
    tl.store(out_ptr + at, x * x, mask=at < size)

def relu_squared_triton_wrapper(x):
    out = torch.empty_like(x)
    relu_squared_triton[(triton.cdiv(x.numel(), 256),)](x, out, x.numel(), BLOCK=256)
    return out

# </TRITON>

# <TEST>
import torch

def get_test_inputs():
    return (torch.randn(1 << 20, device='cuda', dtype=torch.bfloat16),)

# </TEST>
