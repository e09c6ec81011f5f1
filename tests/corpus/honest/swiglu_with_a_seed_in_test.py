# kinds: gated unit, SwiGLU, float16, autograd.Function, seed in TEST
"""Fused Kernels: SiLU of one half of a gated unit times the other"""

# <PYTHON>
import torch
import torch.nn.functional as F


def swiglu(a, b):
    return F.silu(a) * b


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def _swiglu_forward_kernel(a_ptr, b_ptr, c_ptr, row_stride, n_cols, BLOCK_SIZE: tl.constexpr):
    pid = tl.program_id(0).to(tl.int64)
    a_ptr += pid * row_stride
    b_ptr += pid * row_stride
    c_ptr += pid * row_stride
    offs = tl.arange(0, BLOCK_SIZE)
    mask = offs < n_cols
    a = tl.load(a_ptr + offs, mask=mask, other=0).to(tl.float32)
    b = tl.load(b_ptr + offs, mask=mask, other=0)
    c = a * tl.sigmoid(a) * b
    tl.store(c_ptr + offs, c, mask=mask)


def calculate_settings(n):
    MAX_FUSED_SIZE = 65536
    BLOCK_SIZE = triton.next_power_of_2(n)
    if BLOCK_SIZE > MAX_FUSED_SIZE:
        raise RuntimeError(f"Cannot launch Triton kernel since n = {n} exceeds the maximum.")
    num_warps = 4
    if BLOCK_SIZE >= 32768:
        num_warps = 32
    elif BLOCK_SIZE >= 8192:
        num_warps = 16
    elif BLOCK_SIZE >= 2048:
        num_warps = 8
    return BLOCK_SIZE, num_warps


class LigerSiLUMulFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a, b):
        ori_shape = a.shape
        n_cols = ori_shape[-1]
        a = a.contiguous().view(-1, n_cols)
        b = b.contiguous().view(-1, n_cols)
        c = torch.empty_like(a)
        n_rows = a.shape[0]
        BLOCK_SIZE, num_warps = calculate_settings(n_cols)
        _swiglu_forward_kernel[(n_rows,)](
            a, b, c, c.stride(-2), n_cols=n_cols, BLOCK_SIZE=BLOCK_SIZE, num_warps=num_warps
        )
        ctx.save_for_backward(a, b)
        return c.view(*ori_shape)

    @staticmethod
    def backward(ctx, dc):
        raise NotImplementedError("inference only")


def swiglu(a, b):
    return LigerSiLUMulFunction.apply(a, b)


# <TEST>
import torch


def get_test_inputs():
    torch.manual_seed(1234)
    a = torch.randn(2, 64, 1408, device="cuda", dtype=torch.float16)
    b = torch.randn(2, 64, 1408, device="cuda", dtype=torch.float16)
    return a, b
