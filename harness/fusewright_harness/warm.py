"""What a first kernel pays once in a process, paid ahead of need: LLVM and Triton's driver.

A process's first compilation takes half a second, each later one a tenth; a fork inherits what its zygote has warm. No
code of a pair has run when any of this does.
"""

from __future__ import annotations

import os
import shutil
from typing import Any

import torch
import triton
import triton.language as tl

from fusewright_harness.examination import input_facts
from fusewright_harness.kernel_cache import CACHES
from fusewright_harness.mixing import mix
from fusewright_harness.stopwatch import prepare_handles

SEED_VARIABLE = "FUSEWRIGHT_KERNEL_SEED"
"""Names the folder of compiled driver stubs that every worker may start from."""

_BLOCK = 1024


@triton.jit
def _warm_kernel(x, y, n, BLOCK: tl.constexpr):  # noqa: ANN001, ANN202, N803
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    value = tl.load(x + offsets, mask=offsets < n, other=0.0)
    tl.store(y + offsets, tl.exp(value) + tl.sum(value, axis=0), mask=offsets < n)


def warm_compiler() -> None:
    """Compiles a kernel for a card that need not be there. Must not touch CUDA: zygotes call it."""
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    signature = {"x": "*fp32", "y": "*fp32", "n": "i32", "BLOCK": "constexpr"}
    # By position: triton 3.2 calls the third something else.
    source = ASTSource(_warm_kernel, signature, {"BLOCK": _BLOCK})
    triton.compile(source, target=GPUTarget("cuda", 90, 32))


def start_from_seed() -> None:
    """Copies the seed, where there is one, into this worker's own folder. Comes before the sandbox closes it."""
    seed = os.environ.get(SEED_VARIABLE)
    for name in CACHES:
        if seed and os.path.isdir(os.path.join(seed, name)):
            shutil.copytree(os.path.join(seed, name), os.path.join(os.environ["HOME"], name))


def warm_driver(device: torch.device) -> None:
    """Loads Triton's driver and launches a kernel, which takes long where the cache has no stubs for it."""
    for dtype in (torch.float32, torch.float16, torch.bfloat16):
        # A kernel of torch's own is loaded when it is first launched: these are launched for every pair.
        x = torch.randn(64, device=device).to(dtype)
        mix(x, x, 1)
        if dtype is not torch.bfloat16:
            input_facts(x)
            x.double()
    prepare_handles(device)
    x = torch.zeros(_BLOCK, device=device)
    launch: Any = _warm_kernel[(1,)]
    launch(x, torch.empty_like(x), _BLOCK, BLOCK=_BLOCK)
    torch.cuda.synchronize(device)
