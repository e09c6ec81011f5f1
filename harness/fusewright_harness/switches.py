"""The switches of a process that a pair's code must leave as they are: precision, tracing, signals, environment."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import torch

_SIGNALS = (signal.SIGINT, signal.SIGALRM, signal.SIGTERM, signal.SIGUSR1)

PRECISION = {
    "torch.get_default_dtype()",
    "torch.get_float32_matmul_precision()",
    "torch.backends.cuda.matmul.allow_tf32",
    "torch.is_autocast_enabled()",
}

_THEIRS = ("TORCH", "TRITON", "PYTORCH", "KINETO", "CUDA", "NCCL", "PATH", "LD_")

TAMPERING = {'os.environ["TRITON_INTERPRET"]', "signal.getsignal()", "sys.gettrace()", "sys.getprofile()"}


SLOW = {
    "torch.backends.cudnn.enabled": False,
    "torch.backends.cuda.flash_sdp_enabled()": False,
    "torch.backends.cuda.mem_efficient_sdp_enabled()": False,
    "torch.is_anomaly_enabled()": True,
    "torch.are_deterministic_algorithms_enabled()": True,
}
"""Switches that make torch slower, each with the value that does so."""


def switches_now() -> dict[str, Any]:
    """Each switch by the name that a person knows it by, with its value."""
    matmul = torch.backends.cuda.matmul
    return {
        "torch.get_default_dtype()": torch.get_default_dtype(),
        "torch.get_float32_matmul_precision()": torch.get_float32_matmul_precision(),
        "torch.backends.cuda.matmul.allow_tf32": matmul.allow_tf32,
        "torch.is_autocast_enabled()": torch.is_autocast_enabled(),
        "torch.is_grad_enabled()": torch.is_grad_enabled(),
        "torch.are_deterministic_algorithms_enabled()": torch.are_deterministic_algorithms_enabled(),
        "torch.backends.cudnn.enabled": torch.backends.cudnn.enabled,
        "torch.backends.cuda.flash_sdp_enabled()": torch.backends.cuda.flash_sdp_enabled(),
        "torch.backends.cuda.mem_efficient_sdp_enabled()": torch.backends.cuda.mem_efficient_sdp_enabled(),
        "torch.is_anomaly_enabled()": torch.is_anomaly_enabled(),
        "torch.get_num_threads()": torch.get_num_threads(),
        "sys.getrecursionlimit()": sys.getrecursionlimit(),
        "signal.getsignal()": [signal.getsignal(number) for number in _SIGNALS],
        "sys.gettrace()": sys.gettrace(),
        "sys.getprofile()": sys.getprofile(),
        # Torch and Triton set variables of their own as they are imported.
        "os.environ": {name: value for name, value in os.environ.items() if not name.startswith(_THEIRS)},
        'os.environ["TRITON_INTERPRET"]': os.environ.get("TRITON_INTERPRET"),
    }
