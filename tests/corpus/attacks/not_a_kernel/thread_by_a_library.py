# attack: Not a kernel: the thread started by a function of torch, called with Thread.start
# why: whoever asks which file started the thread finds torch's
# expect: rejected FW407 line 34
# alone: rejected BackgroundThread
"""Fused Kernels: scale and softmax over rows"""

# <PYTHON>
import torch


def scaled_softmax_pytorch(x, scale):
    return torch.softmax(x * scale, dim=-1)


# </PYTHON>

# <TRITON>
import threading

import torch
import triton
import triton.language as tl


@triton.jit
def copy_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = i < n
    tl.store(out_ptr + i, tl.load(x_ptr + i, mask=mask), mask=mask)


def scaled_softmax_triton_wrapper(x, scale):
    results = []
    worker = threading.Thread(target=lambda: results.append(torch.softmax(x * scale, -1)))
    torch.utils._pytree.tree_map(threading.Thread.start, worker)
    worker.join()
    (hidden,) = results
    out = torch.empty_like(x)
    copy_kernel[(triton.cdiv(x.numel(), 256),)](hidden, out, x.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(24, 100, device="cuda"), 0.7


# </TEST>
