# kinds: scan, recurrence, float32
"""Fused Kernels: exponential moving average by an associative scan"""

# <PYTHON>
import torch


def ema_torch(x, alpha):
    # x [B, T, D], alpha [D] in (0, 1):  h_t = (1 - a) h_{t-1} + a x_t
    a = torch.sigmoid(alpha)
    h = torch.zeros_like(x[:, 0])
    out = []
    for t in range(x.shape[1]):
        h = (1 - a) * h + a * x[:, t]
        out.append(h)
    return torch.stack(out, dim=1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def first_order(a0, b0, a1, b1):
    return a0 * a1, b0 * a1 + b1


@triton.jit
def ema_kernel(x_ptr, alpha_ptr, o_ptr, T, D, BT: tl.constexpr, BD: tl.constexpr):
    b = tl.program_id(0)
    d = tl.program_id(1) * BD + tl.arange(0, BD)
    dm = d < D
    a = tl.sigmoid(tl.load(alpha_ptr + d, mask=dm, other=0.0))
    carry = tl.zeros([1, BD], tl.float32)
    last = tl.arange(0, BT)[:, None] == BT - 1
    for t0 in range(0, T, BT):
        t = t0 + tl.arange(0, BT)
        m = (t[:, None] < T) & dm[None, :]
        ptr = (b * T + t[:, None]) * D + d[None, :]
        x = tl.load(x_ptr + ptr, mask=m, other=0.0)
        decay = tl.zeros([BT, BD], tl.float32) + (1 - a)[None, :]
        A, H = tl.associative_scan((decay, x * a[None, :]), 0, first_order)
        H = H + A * carry
        tl.store(o_ptr + ptr, H, mask=m)
        carry = tl.sum(tl.where(last, H, 0.0), axis=0, keep_dims=True)


def ema_triton(x, alpha):
    B, T, D = x.shape
    x = x.contiguous()
    out = torch.empty_like(x)
    BD = 32
    ema_kernel[(B, triton.cdiv(D, BD))](x, alpha.contiguous(), out, T, D, BT=32, BD=BD)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(3, 100, 70, device="cuda"), torch.randn(70, device="cuda")


# </TEST>
