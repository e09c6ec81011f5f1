# kinds: reduction, locks, atomics, last program finishes, scalar output
"""Fused Kernels: sum of squares of everything, the last program adds the partial results"""

# <PYTHON>
import torch


def squared_norm(x):
    return (x.float() ** 2).sum()


# </PYTHON>
# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def squared_norm_kernel(
    x_ptr, part_ptr, counter_ptr, out_ptr, n, nblocks, BLOCK: tl.constexpr, PBLOCK: tl.constexpr
):
    pid = tl.program_id(0)
    i = pid * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + i, mask=i < n, other=0.0).to(tl.float32)
    tl.store(part_ptr + pid, tl.sum(x * x, axis=0))
    # release: the partial result is visible before the count
    done = tl.atomic_add(counter_ptr, 1, sem="acq_rel")
    if done == nblocks - 1:
        p = tl.arange(0, PBLOCK)
        v = tl.load(part_ptr + p, mask=p < nblocks, other=0.0)
        tl.store(out_ptr, tl.sum(v, axis=0))


def squared_norm(x):
    x = x.contiguous()
    n = x.numel()
    BLOCK = 4096
    nblocks = triton.cdiv(n, BLOCK)
    part = torch.empty(nblocks, device=x.device, dtype=torch.float32)
    counter = torch.zeros(1, device=x.device, dtype=torch.int32)
    out = torch.empty((), device=x.device, dtype=torch.float32)
    squared_norm_kernel[(nblocks,)](
        x, part, counter, out, n, nblocks, BLOCK=BLOCK, PBLOCK=triton.next_power_of_2(nblocks)
    )
    return out


# </TRITON>
# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(300, 777, device="cuda"),)


# </TEST>
