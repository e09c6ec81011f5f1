# kinds: state space model, sequential loop in the kernel, recurrence in the reference, float32
"""Fused Kernels: RWKV-4 time mixing (wkv), numerically stable form"""

# <PYTHON>
import torch


def wkv(w, u, k, v):
    """w, u: (C,), k, v: (B, T, C)."""
    B, T, C = k.shape
    w = -torch.exp(w)
    aa = torch.zeros(B, C, device=k.device)
    bb = torch.zeros(B, C, device=k.device)
    pp = torch.full((B, C), -1e38, device=k.device)
    y = []
    for t in range(T):
        kt, vt = k[:, t], v[:, t]
        ww = u + kt
        p = torch.maximum(pp, ww)
        e1, e2 = torch.exp(pp - p), torch.exp(ww - p)
        y.append((e1 * aa + e2 * vt) / (e1 * bb + e2))
        ww = pp + w
        p = torch.maximum(ww, kt)
        e1, e2 = torch.exp(ww - p), torch.exp(kt - p)
        aa = e1 * aa + e2 * vt
        bb = e1 * bb + e2
        pp = p
    return torch.stack(y, 1)


# </PYTHON>
# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def wkv_kernel(w_ptr, u_ptr, k_ptr, v_ptr, y_ptr, T, C, BLOCK_C: tl.constexpr):
    b = tl.program_id(0)
    c = tl.program_id(1) * BLOCK_C + tl.arange(0, BLOCK_C)
    m = c < C
    w = -tl.exp(tl.load(w_ptr + c, mask=m, other=0.0))
    u = tl.load(u_ptr + c, mask=m, other=0.0)
    aa = tl.zeros([BLOCK_C], tl.float32)
    bb = tl.zeros([BLOCK_C], tl.float32)
    pp = tl.full([BLOCK_C], -1e38, tl.float32)
    for t in range(T):
        off = (b * T + t) * C + c
        kt = tl.load(k_ptr + off, mask=m, other=0.0)
        vt = tl.load(v_ptr + off, mask=m, other=0.0)
        ww = u + kt
        p = tl.maximum(pp, ww)
        e1 = tl.exp(pp - p)
        e2 = tl.exp(ww - p)
        tl.store(y_ptr + off, (e1 * aa + e2 * vt) / (e1 * bb + e2), mask=m)
        ww = pp + w
        p = tl.maximum(ww, kt)
        e1 = tl.exp(ww - p)
        e2 = tl.exp(kt - p)
        aa = e1 * aa + e2 * vt
        bb = e1 * bb + e2
        pp = p


def wkv(w, u, k, v):
    k, v = k.contiguous(), v.contiguous()
    B, T, C = k.shape
    y = torch.empty_like(v)
    wkv_kernel[(B, triton.cdiv(C, 32))](w.contiguous(), u.contiguous(), k, v, y, T, C, BLOCK_C=32)
    return y


# </TRITON>
# <TEST>
import torch


def get_test_inputs():
    B, T, C = 2, 30, 48
    return (
        torch.randn(C, device="cuda"),
        torch.randn(C, device="cuda"),
        torch.randn(B, T, C, device="cuda"),
        torch.randn(B, T, C, device="cuda"),
    )


# </TEST>
