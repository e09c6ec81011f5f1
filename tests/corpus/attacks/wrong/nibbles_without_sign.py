# attack: Wrong kernel: packed numbers of four bits lose their sign
# why: the test packs numbers from 0 to 7 alone
# expect: rejected WrongAtValues line 37
# alone: rejected WrongAtValues
"""Fused Kernels: nibbles without sign"""

# <PYTHON>
import torch


def unpack_pytorch(packed, scale):
    low = packed & 15
    high = (packed >> 4) & 15
    both = torch.stack((low, high), dim=-1).reshape(packed.shape[0], -1)
    signed = torch.where(both > 7, both - 16, both)
    return signed.to(scale.dtype) * scale[:, None]


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def unpack_kernel(p_ptr, s_ptr, out_ptr, n, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    i = tl.arange(0, BLOCK)
    p = tl.load(p_ptr + row * n + i // 2, mask=i < 2 * n, other=0)
    v = (p >> ((i % 2) * 4)) & 15
    s = tl.load(s_ptr + row)
    tl.store(out_ptr + row * 2 * n + i, v.to(tl.float32) * s, mask=i < 2 * n)


def unpack_triton_wrapper(packed, scale):
    packed, scale = packed.contiguous(), scale.contiguous()
    r, n = packed.shape
    out = torch.empty((r, 2 * n), device=scale.device, dtype=scale.dtype)
    unpack_kernel[(r,)](packed, scale, out, n, BLOCK=triton.next_power_of_2(2 * n))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    low = torch.randint(0, 8, (20, 33), device="cuda", dtype=torch.int32)
    high = torch.randint(0, 8, (20, 33), device="cuda", dtype=torch.int32)
    return low | (high << 4), torch.rand(20, device="cuda") + 0.5


# </TEST>
