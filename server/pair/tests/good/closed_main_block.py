"""Fused Kernels: add, GELU, scale"""

# <PYTHON>
import torch
import torch.nn.functional as F

def fused_kernel_pytorch(x, y, scale):
    """
    PyTorch or Python implementation combining:
    1. Add
    2. GELU
    3. Scale
    """
    return F.gelu(x + y, approximate="tanh") * scale

# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl
from triton.language.extra import libdevice

@triton.jit
def fused_kernel_triton(
    x_ptr, y_ptr, out_ptr,
    scale,
    n_elements,
    BLOCK_SIZE: tl.constexpr,
):
    """
    Triton fused kernel implementation
    """
    pid = tl.program_id(axis=0)
    offsets = pid * BLOCK_SIZE + tl.arange(0, BLOCK_SIZE)
    mask = offsets < n_elements
    v = tl.load(x_ptr + offsets, mask=mask) + tl.load(y_ptr + offsets, mask=mask)
    inner = 0.7978845608 * (v + 0.044715 * v * v * v)
    tl.store(out_ptr + offsets, 0.5 * v * (1 + libdevice.tanh(inner)) * scale, mask=mask)

def fused_kernel_triton_wrapper(x, y, scale):
    """
    Wrapper for the Triton kernel
    """
    out = torch.empty_like(x)
    n_elements = out.numel()
    grid = lambda meta: (triton.cdiv(n_elements, meta["BLOCK_SIZE"]),)
    fused_kernel_triton[grid](x, y, out, scale, n_elements, BLOCK_SIZE=1024)
    return out

# </TRITON>

# <TEST>
import torch
import time

def test_performance(pytorch_func, triton_func, inputs, num_runs=50):
    """Test performance of both implementations"""
    for _ in range(10):
        pytorch_func(*inputs)
        triton_func(*inputs)
    torch.cuda.synchronize()
    start = time.time()
    for _ in range(num_runs):
        expected = pytorch_func(*inputs)
    torch.cuda.synchronize()
    pytorch_time = (time.time() - start) / num_runs
    start = time.time()
    for _ in range(num_runs):
        actual = triton_func(*inputs)
    torch.cuda.synchronize()
    triton_time = (time.time() - start) / num_runs
    assert torch.allclose(expected, actual, atol=1e-4)
    return pytorch_time, triton_time

# </TEST>

# Main execution block
if __name__ == '__main__':
    print("=== ATTEMPT 1: add, GELU, scale ===")

    torch.manual_seed(0)
    device = torch.device("cuda")
    rows, columns = 4096, 1024
    # Two tensors and a number.
    x = torch.randn(rows, columns, device=device)
    y = torch.randn(rows, columns, device=device)
    inputs = (x, y, 0.5)

    pytorch_time, triton_time = test_performance(fused_kernel_pytorch, fused_kernel_triton_wrapper, inputs)
    print(f"{rows} x {columns}: Triton is {pytorch_time / triton_time:.2f}x FASTER than PyTorch")
