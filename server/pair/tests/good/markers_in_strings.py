"""Fused Kernels: a pair whose strings quote the format

# <TRITON>
"""

# <PYTHON>
import torch

NOTE = """
# <TEST>
# </PYTHON>
#<TRITON>
"""

def shift_torch(x, by):
    """Write it between `# <PYTHON>` and `# </PYTHON>`."""
    return (x + by).sin()

# <TRITON>
import torch
import triton
import triton.language as tl

@triton.jit
def shift_kernel(x_ptr, out_ptr, by, size, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out_ptr + at, tl.sin(tl.load(x_ptr + at, mask=at < size) + by), mask=at < size)

def shift_triton(x, by):
    out = torch.empty_like(x)
    shift_kernel[(triton.cdiv(x.numel(), 128),)](x, out, by, x.numel(), BLOCK=128)
    return out

# <TEST>
import torch

TEMPLATE = '''
if __name__ == "__main__":
# <TRITON>
'''

def get_test_inputs():
    return torch.randn(1000, device="cuda"), 2
