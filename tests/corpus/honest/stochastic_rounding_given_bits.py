# kinds: optimiser, bfloat16, bits, random bits as an input
"""Fused Kernels: a step with stochastic rounding to bfloat16"""

# <PYTHON>
import torch


def sgd_stochastic_bf16(param, grad, noise, lr: float):
    # param bf16, grad bf16, noise int32 in [0, 65535]
    x = param.float() - lr * grad.float()
    bits = x.view(torch.int32)
    rounded = (bits + noise) & -65536
    return rounded.view(torch.float32).to(torch.bfloat16)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def sgd_sr_kernel(p_ptr, g_ptr, r_ptr, o_ptr, n, lr, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    m = i < n
    p = tl.load(p_ptr + i, mask=m).to(tl.float32)
    g = tl.load(g_ptr + i, mask=m).to(tl.float32)
    r = tl.load(r_ptr + i, mask=m)
    x = p - lr * g
    bits = x.to(tl.int32, bitcast=True)
    y = ((bits + r) & -65536).to(tl.float32, bitcast=True)
    tl.store(o_ptr + i, y.to(tl.bfloat16), mask=m)


def sgd_stochastic_bf16_triton(param, grad, noise, lr: float):
    out = torch.empty_like(param, memory_format=torch.contiguous_format)
    n = param.numel()
    sgd_sr_kernel[(triton.cdiv(n, 1024),)](
        param.contiguous(), grad.contiguous(), noise.contiguous(), out, n, lr, BLOCK=1024
    )
    return out


# <TEST>
import torch


def get_test_inputs():
    n = 50000
    p = torch.randn(n, device="cuda", dtype=torch.bfloat16)
    g = torch.randn(n, device="cuda", dtype=torch.bfloat16)
    noise = torch.randint(0, 65536, (n,), device="cuda", dtype=torch.int32)
    return p, g, noise, 0.01
