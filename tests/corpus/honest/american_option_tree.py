# kinds: finance, dynamic programming, sequential loop in the kernel, gather in registers, float64
"""Fused Kernels: an American put by a binomial tree, one option for each program"""

# <PYTHON>
import torch


def american_put(S, K, T, r: float, sigma: float, steps: int = 24):
    dt = T / steps
    u = torch.exp(sigma * torch.sqrt(dt))
    p = (torch.exp(r * dt) - 1 / u) / (u - 1 / u)
    disc = torch.exp(-r * dt)[:, None]
    up, down = p[:, None], 1 - p[:, None]
    j = torch.arange(steps + 1, device=S.device, dtype=S.dtype)
    price = S[:, None] * u[:, None] ** (2 * j - steps)
    value = torch.clamp(K[:, None] - price, min=0)
    for n in range(steps - 1, -1, -1):
        cont = disc * (up * value[:, 1:] + down * value[:, :-1])
        price = S[:, None] * u[:, None] ** (2 * j[: n + 1] - n)
        value = torch.maximum(cont, K[:, None] - price)
    return value[:, 0]


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def tree_kernel(s_ptr, k_ptr, t_ptr, out_ptr, r, sigma, STEPS: tl.constexpr, BLOCK: tl.constexpr):
    i = tl.program_id(0)
    S = tl.load(s_ptr + i)
    K = tl.load(k_ptr + i)
    dt = tl.load(t_ptr + i) / STEPS
    log_u = sigma * tl.sqrt(dt)
    u = tl.exp(log_u)
    p = (tl.exp(r * dt) - 1.0 / u) / (u - 1.0 / u)
    disc = tl.exp(-r * dt)
    j = tl.arange(0, BLOCK)
    jf = j.to(tl.float64)
    value = tl.maximum(K - S * tl.exp(log_u * (2.0 * jf - STEPS)), 0.0)
    up = tl.minimum(j + 1, BLOCK - 1)
    for back in range(STEPS):
        n = STEPS - 1 - back
        nxt = tl.gather(value, up, 0)
        cont = disc * (p * nxt + (1.0 - p) * value)
        value = tl.maximum(cont, K - S * tl.exp(log_u * (2.0 * jf - n)))
    tl.store(out_ptr + i, tl.sum(tl.where(j == 0, value, 0.0)))


def american_put_triton(S, K, T, r: float, sigma: float, steps: int = 24):
    S, K, T = S.contiguous(), K.contiguous(), T.contiguous()
    out = torch.empty_like(S)
    tree_kernel[(S.numel(),)](S, K, T, out, r, sigma, STEPS=steps, BLOCK=triton.next_power_of_2(steps + 1))
    return out


# <TEST>
import torch


def get_test_inputs():
    n = 60
    S = torch.rand(n, device="cuda", dtype=torch.float64) * 40 + 80
    K = torch.full((n,), 100.0, device="cuda", dtype=torch.float64)
    T = torch.rand(n, device="cuda", dtype=torch.float64) + 0.25
    return S, K, T, 0.03, 0.25, 24
