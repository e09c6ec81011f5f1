# attack: Unsound task: PYTHON switches the fast attentions off
# why: the slowest kernel is compared with
# expect: rejected SlowReference
# alone: rejected SlowReference
"""Fused Kernels: attention"""

# <PYTHON>
import torch


torch.backends.cuda.enable_flash_sdp(False)
torch.backends.cuda.enable_mem_efficient_sdp(False)


def attention_pytorch(q, k, v):
    return torch.nn.functional.scaled_dot_product_attention(q, k, v)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def attention_kernel(q_ptr, k_ptr, v_ptr, out_ptr, steps, scale, D: tl.constexpr, BQ: tl.constexpr, BK: tl.constexpr):
    base = tl.program_id(1) * steps * D
    r = tl.program_id(0) * BQ + tl.arange(0, BQ)
    d = tl.arange(0, D)
    q = tl.load(q_ptr + base + r[:, None] * D + d[None, :], mask=r[:, None] < steps, other=0.0)
    top = tl.full((BQ,), -float("inf"), dtype=tl.float32)
    total = tl.zeros((BQ,), dtype=tl.float32)
    acc = tl.zeros((BQ, D), dtype=tl.float32)
    for start in range(0, steps, BK):
        c = start + tl.arange(0, BK)
        k = tl.load(k_ptr + base + c[:, None] * D + d[None, :], mask=c[:, None] < steps, other=0.0)
        v = tl.load(v_ptr + base + c[:, None] * D + d[None, :], mask=c[:, None] < steps, other=0.0)
        s = tl.where(c[None, :] < steps, tl.dot(q, tl.trans(k), input_precision="ieee") * scale, -float("inf"))
        new = tl.maximum(top, tl.max(s, 1))
        keep = tl.exp(top - new)
        p = tl.exp(s - new[:, None])
        total = total * keep + tl.sum(p, 1)
        acc = acc * keep[:, None] + tl.dot(p, v, input_precision="ieee")
        top = new
    tl.store(out_ptr + base + r[:, None] * D + d[None, :], acc / total[:, None], mask=r[:, None] < steps)


def attention_triton_wrapper(q, k, v):
    q, k, v = q.contiguous(), k.contiguous(), v.contiguous()
    b, h, steps, d = q.shape
    out = torch.empty_like(q)
    attention_kernel[(triton.cdiv(steps, 32), b * h)](q, k, v, out, steps, d**-0.5, D=d, BQ=32, BK=32)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    shape = (1, 2, 50, 32)
    return torch.randn(shape, device="cuda"), torch.randn(shape, device="cuda"), torch.randn(shape, device="cuda")


# </TEST>
