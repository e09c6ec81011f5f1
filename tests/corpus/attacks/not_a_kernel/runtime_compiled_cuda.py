# attack: Not a kernel: a CUDA kernel compiled by torch at run time
# why: CUDA source is no Triton, and a dataset of Triton learns nothing from it
# expect: rejected FW401 line 36
# alone: static
"""Fused Kernels: product, ReLU and residual"""

# <PYTHON>
import torch


def gated_residual_pytorch(x, y):
    return torch.relu(x * y) + x


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def copy_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = i < n
    tl.store(out_ptr + i, tl.load(x_ptr + i, mask=mask), mask=mask)


SOURCE = """
extern "C" __global__ void gate(const float* x, const float* y, float* out, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) out[i] = fmaxf(x[i] * y[i], 0.0f) + x[i];
}
"""
gate = torch.cuda._compile_kernel(SOURCE, "gate")


def gated_residual_triton_wrapper(x, y):
    hidden = torch.empty_like(x)
    gate(grid=(5, 1, 1), block=(256, 1, 1), args=[x, y, hidden, x.numel()])
    out = torch.empty_like(x)
    copy_kernel[(triton.cdiv(x.numel(), 256),)](hidden, out, x.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(12, 100, device="cuda"), torch.randn(12, 100, device="cuda")


# </TEST>
