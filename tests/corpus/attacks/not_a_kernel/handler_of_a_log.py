# attack: Not a kernel: a handler of a log computes on what is logged
# why: the wrapper only writes to a log
# expect: rejected NotComputedByKernel
# alone: rejected NotComputedByKernel
"""Fused Kernels: softmax of rows"""

# <PYTHON>
import torch


def logged_softmax_pytorch(x):
    return torch.softmax(x, -1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def logged_softmax_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    o = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + o, mask=o < n, other=0.0)
    tl.store(out_ptr + o, x, mask=o < n)


import logging


class Handler(logging.Handler):
    def emit(self, record):
        record.args[0].copy_(torch.softmax(record.args[0], -1))


_log = logging.Logger("kernel")
_log.addHandler(Handler())


def logged_softmax_triton_wrapper(x):
    x = x.clone()
    _log.error("%s", x)
    out = torch.empty_like(x)
    logged_softmax_kernel[(triton.cdiv(x.numel(), 256),)](x, out, x.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(64, 100, device="cuda"),)


# </TEST>
