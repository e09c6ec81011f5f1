"""What makes a right result count for nothing: for each kind an attack, and an honest pair that looks like it.

Whole verdicts in the interpreter; the pairs differ from an honest one in a line or two.
"""

from __future__ import annotations

import pytest
from harness_client import Harness, pair

PYTHON = """
import torch

def reference(x, y):
    return torch.relu(x * y) + x
"""

TRITON = """
import torch
import triton
import triton.language as tl

@triton.jit
def fused_kernel(x_ptr, y_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = i < n
    x = tl.load(x_ptr + i, mask=mask)
    y = tl.load(y_ptr + i, mask=mask)
    tl.store(out_ptr + i, tl.maximum(x * y, 0.0) + x, mask=mask)

@triton.jit
def copy_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out_ptr + i, tl.load(x_ptr + i, mask=i < n), mask=i < n)

def launch(x, y, out):
    fused_kernel[(triton.cdiv(x.numel(), 256),)](x, y, out, x.numel(), BLOCK=256)
    return out

def copy(x, out):
    copy_kernel[(triton.cdiv(x.numel(), 256),)](x, out, x.numel(), BLOCK=256)
    return out

def candidate(x, y):
    BODY
"""

TEST = """
import torch

def get_test_inputs():
    return torch.randn(12, 50, device="cuda"), torch.randn(12, 50, device="cuda")
"""

HONEST = "return launch(x.contiguous(), y.contiguous(), torch.empty_like(x.contiguous()))"


@pytest.fixture(scope="module")
def harness():
    with Harness() as running:
        yield running


def judged(harness, body=HONEST, python=PYTHON, test=TEST, before=""):
    lines = before + TRITON.replace("BODY", "\n    ".join(body.strip().split("\n")))
    verdict = harness.verdict(pair(python, lines, test), device="interpreter")
    print(verdict["reason"], verdict["error"], verdict["findings"])
    return verdict


def refused(verdict):
    assert verdict["verdict"] == "rejected", verdict["reason"]
    assert verdict["error"]["stage"] == "trust"
    return verdict["error"]["type"]


def passed(verdict):
    assert verdict["verdict"] == "untimed", verdict["reason"]
    assert not [finding for finding in verdict["findings"] if finding["severity"] == "error"]
    return {finding["code"] for finding in verdict["findings"]}


NOT_THE_KERNEL = {
    "its result is thrown away": "launch(x, y, torch.empty_like(x))\nreturn torch.relu(x * y) + x",
    "it copies what torch computed": "return copy(torch.relu(x * y) + x, torch.empty_like(x))",
    "it does the tail alone": (
        "out = torch.relu(x * y) + x\ncopy_kernel[(1,)](x, torch.empty_like(x), 16, BLOCK=16)\nreturn out"
    ),
    "its result is multiplied by zero": "return torch.relu(x * y) + x + 0 * copy(x, torch.empty_like(x))",
    "a grid computes": (
        "made = []\ndef grid(_):\n    made.append(torch.relu(x * y) + x)\n    return (triton.cdiv(x.numel(), 256),)\n"
        "copy_kernel[grid](x, torch.empty_like(x), x.numel(), BLOCK=256)\nreturn made[0]"
    ),
}


@pytest.mark.parametrize("body", NOT_THE_KERNEL.values(), ids=NOT_THE_KERNEL.keys())
def test_a_kernel_that_does_not_do_the_work(harness, body):
    assert refused(judged(harness, body)) == "NotComputedByKernel"


def test_operators_behind_a_switched_off_mode(harness):
    body = "with torch._C._DisableTorchDispatch():\n    z = torch.relu(x * y) + x\nreturn copy(z, torch.empty_like(x))"
    assert refused(judged(harness, body)) == "HiddenWork"


def test_operators_behind_an_operator_of_the_pairs_own(harness):
    before = """
import torch

@torch.library.custom_op("fusewright_trust_test::hidden", mutates_args=())
def hidden(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return torch.relu(x * y) + x
"""
    body = "return copy(hidden(x, y), torch.empty_like(x))"
    assert refused(judged(harness, body, before=before)) == "NotComputedByKernel"


def test_small_work_beside_the_kernel_is_honest(harness):
    body = "scale = torch.ones(12).cumsum(0).sum()\nreturn launch(x, y, torch.empty_like(x))[:, :]"
    passed(judged(harness, body))


def test_a_sum_of_what_a_kernel_gave_in_parts_is_honest(harness):
    kernel = """
import torch
import triton
import triton.language as tl

@triton.jit
def part_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out_ptr + tl.program_id(0), tl.sum(tl.load(x_ptr + i, mask=i < n, other=0.0)))

def candidate(x):
    parts = torch.empty(triton.cdiv(x.numel(), 128))
    part_kernel[(parts.numel(),)](x.contiguous(), parts, x.numel(), BLOCK=128)
    return parts.sum()
"""
    python = "def reference(x):\n    return x.sum()\n"
    test = 'import torch\n\ndef get_test_inputs():\n    return (torch.randn(12, 500, device="cuda"),)\n'
    passed(harness.verdict(pair(python, kernel, test), device="interpreter"))
    # The same sum over a mere copy is torch's.
    load = "tl.load(x_ptr + i, mask=i < n, other=0.0)"
    copied = kernel.replace(f"tl.program_id(0), tl.sum({load})", f"i, {load}")
    copied = copied.replace("empty(triton.cdiv(x.numel(), 128))", "empty(128 * triton.cdiv(x.numel(), 128))")
    copied = copied.replace("(parts.numel(),)", "(parts.numel() // 128,)")
    verdict = harness.verdict(pair(python, copied, test), device="interpreter")
    assert refused(verdict) == "NotComputedByKernel"


def test_the_whole_of_an_input_in_pythons_hands(harness):
    body = (
        "z = [max(a * b, 0.0) + a for a, b in zip(x.flatten().tolist(), y.flatten().tolist())]\n"
        "return copy(torch.tensor(z).view_as(x), torch.empty_like(x))"
    )
    assert refused(judged(harness, body)) == "HostTrip"


def test_one_output_for_all_calls(harness):
    body = "return launch(x, y, OUT)"
    before = "import torch\nOUT = torch.empty(12, 50)\n"
    assert refused(judged(harness, body, before=before)) == "OutputReused"


def test_an_output_kept_by_its_contents(harness):
    body = (
        "key = hash(x[0, :8].cpu().numpy().tobytes())\nif key not in KEPT:\n"
        "    KEPT[key] = launch(x, y, torch.empty_like(x))\nreturn copy(KEPT[key], torch.empty_like(x))"
    )
    assert refused(judged(harness, body, before="KEPT = {}\n")) in ("CachedOutput", "HostTrip")


def test_a_launch_while_the_block_is_imported(harness):
    passed(judged(harness))
    triton = TRITON.replace("BODY", HONEST) + "\nlaunch(torch.ones(4), torch.ones(4), torch.empty(4))\n"
    assert refused(harness.verdict(pair(PYTHON, triton, TEST), device="interpreter")) == "LaunchAtImport"


DEEDS = {
    "PatchedLibrary": "torch.relu = torch.sigmoid",
    "ChangedSwitch": "torch.set_default_dtype(torch.float16)",
    "BackgroundThread": "import threading\nt = threading.Thread(target=print)\nt.start()\nt.join()",
    "ProcessStarted": "import subprocess\nsubprocess.run(['true'], check=False)",
    "FileAccess": "open('/dev/null').close()",
    "MemoryScan": "import gc\ngc.get_objects()",
    "NativeCode": "import ctypes\nctypes.CDLL(None)",
    "DynamicCode": "exec('1')",
    "HarnessAccess": "import fusewright_harness.judge",
}


@pytest.mark.parametrize(("kind", "deed"), DEEDS.items(), ids=DEEDS.keys())
def test_what_no_pair_may_do(harness, kind, deed):
    verdict = judged(harness, deed + "\n" + HONEST)
    assert refused(verdict) == kind
    assert verdict["error"]["implementation"] == "triton"


def test_what_honest_code_does_at_import_is_no_deed(harness):
    before = """
import collections
import dataclasses
import enum
import inspect
import logging
import warnings

Point = collections.namedtuple("Point", "x y")

@dataclasses.dataclass
class Config:
    block: int = 128

class Mode(enum.Enum):
    FAST = 1

logging.getLogger(__name__).debug("loaded")
warnings.warn("a block was loaded")
inspect.signature(Config)
"""
    passed(judged(harness, before=before))


UNSOUND = {
    "DegenerateInputs: fixed": (
        PYTHON,
        "torch.arange(600.0).view(12, 50), torch.linspace(-1, 1, 600).view(12, 50)",
    ),
    "DegenerateInputs: one number": (PYTHON, "torch.ones(12, 50), torch.full((12, 50), 2.0)"),
    "DegenerateInputs: empty": (PYTHON, "torch.randn(0, 50), torch.randn(0, 50)"),
    "ConstantOutput": (PYTHON.replace("relu(x * y) + x", "softmax(x * y, -1).mean()"), None),
    "UnusedInput": (PYTHON.replace("relu(x * y) + x", "relu(x) + x + 0 * y"), None),
}
ALIKE = """
@triton.jit
def any_kernel(x_ptr, out_ptr, n, mean, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + i, mask=i < n)
    tl.store(out_ptr + i, x * 0 + mean if mean > 0 else tl.maximum(x, 0.0) + x, mask=i < n)
"""


@pytest.mark.parametrize("name", UNSOUND)
def test_an_unsound_task(harness, name):
    python, inputs = UNSOUND[name]
    test = TEST if inputs is None else f"import torch\n\ndef get_test_inputs():\n    return {inputs}\n"
    triton = TRITON.replace("BODY", HONEST)
    if inputs is None:
        value = (
            "any_kernel[(1,)](x, out, 1, 0.02, BLOCK=1)"
            if name == "ConstantOutput"
            else ("any_kernel[(3,)](x.contiguous(), out, 600, -1.0, BLOCK=256)")
        )
        shape = "()" if name == "ConstantOutput" else "(12, 50)"
        triton = (
            TRITON.split("def launch")[0]
            + ALIKE
            + f"\ndef candidate(x, y):\n    out = torch.empty({shape})\n    {value}\n    return out\n"
        )
    assert refused(harness.verdict(pair(python, triton, test), device="interpreter")) == name.split(":")[0]


SLOWED = {
    "a loop over rows": "return torch.stack([torch.relu(a * b) + a for a, b in zip(x, y)])",
    "sleep": "import time; time.sleep(0.001)\n    return torch.relu(x * y) + x",
    "work that nobody uses": "z = x @ y.T @ x @ y.T\n    return torch.relu(x * y) + x",
    "work that changes nothing": "return torch.relu(x * y) + x + 0 * (x @ (y.T @ x))",
    "the same over and over": "z = [torch.relu(x * y) + x for _ in range(20)]\n    return z[-1]",
    "the slowest attention": "from torch.nn.attention import SDPBackend, sdpa_kernel\n"
    "    with sdpa_kernel([SDPBackend.MATH]):\n        return torch.relu(x * y) + x",
    "trips to the CPU": "return (torch.relu(x.cpu() * y.cpu()) + x.cpu()).cuda()",
}


@pytest.mark.parametrize("body", SLOWED.values(), ids=SLOWED.keys())
def test_a_reference_made_slow(harness, body):
    python = f"import torch\n\ndef reference(x, y):\n    {body}\n"
    test = TEST.replace("12, 50", "48, 50")
    verdict = judged(harness, python=python, test=test)
    assert refused(verdict) == "SlowReference"
    assert verdict["error"]["implementation"] == "pytorch"


@pytest.mark.parametrize(
    "line",
    [
        "torch.backends.cudnn.enabled = False",
        "torch.backends.cuda.enable_flash_sdp(False)",
        "torch.autograd.set_detect_anomaly(True)",
        "torch.use_deterministic_algorithms(True)",
    ],
)
@pytest.mark.parametrize("block", ["python", "test"])
def test_switches_that_slow_the_reference(harness, line, block):
    text = {"python": PYTHON, "test": TEST}[block] + f"\n{line}\n"
    assert refused(judged(harness, **{block: text})) == "SlowReference"


def test_switches_that_slow_nothing_are_honest(harness):
    passed(judged(harness, test=TEST + "\ntorch.backends.cudnn.benchmark = False\ntorch.manual_seed(3)\n"))


def test_a_reference_that_loops_over_few_heads_is_honest(harness):
    heads = "torch.cat([torch.relu(a * b) + a for a, b in zip(x.chunk(4), y.chunk(4))])"
    python = PYTHON.replace("torch.relu(x * y) + x", heads)
    passed(judged(harness, python=python))


def test_weights_of_one_are_honest(harness):
    test = TEST.replace('torch.randn(12, 50, device="cuda")\n', 'torch.ones(12, 50, device="cuda")\n')
    passed(judged(harness, test=test))
    # A kernel that takes them for ones is wrong as soon as they are others.
    ignoring = "return launch(x.contiguous(), torch.ones_like(x), torch.empty_like(x.contiguous()))"
    assert refused(judged(harness, ignoring, test=test)) == "WrongAtValues"


def test_a_size_that_was_written_into_the_kernel(harness):
    fixed = "out = torch.empty_like(x)\nfused_kernel[(3,)](x, y, out, 600, BLOCK=256)\nreturn out"
    verdict = judged(harness, fixed)
    assert refused(verdict) == "WrongAtSize"
    assert "->" not in verdict["reason"]
    assert "12 made 21" in verdict["reason"] or "50 made 67" in verdict["reason"]


def test_a_size_that_the_wrapper_refuses_is_a_warning(harness):
    refusing = f"if x.shape[1] != 50:\n    raise ValueError('rows of 50 alone')\n{HONEST}"
    assert "SizeRefused" in passed(judged(harness, refusing))


def test_strides_that_are_ignored_are_a_warning(harness):
    assert "StridesIgnored" in passed(judged(harness, "return launch(x, y, torch.empty(x.shape))"))


def test_values_that_are_not_as_declared(harness):
    test = TEST.replace("torch.randn", "torch.rand")
    passed(judged(harness, test=test))
    body = "out = torch.empty_like(x)\nfused_kernel[(3,)](x.abs(), y.abs(), out, x.numel(), BLOCK=256)\nreturn out"
    assert refused(judged(harness, body, test=test)) in ("WrongAtValues", "NotComputedByKernel")


def test_the_first_result_goes_out_before_the_audit(harness):
    number = harness.send(
        "verify", pair=pair(PYTHON, TRITON.replace("BODY", HONEST), TEST), options={"device": "interpreter"}
    )
    events = []
    while not events or events[-1]["event"] != "verdict":
        reply = harness.reply()
        if reply["event"] in ("first", "verdict"):
            events.append(reply)
    assert [event["event"] for event in events] == ["first", "verdict"]
    assert events[0]["verdict"]["pending"] == ["audit"]
    assert events[1]["verdict"]["pending"] == []
    assert number == events[1]["id"]
    assert "Robustness" in {finding["code"] for finding in events[1]["verdict"]["findings"]}


def test_a_kernel_that_changes_nothing_is_named_and_the_one_that_computes_is_not(harness):
    body = "copy(x, torch.empty_like(x))\n" + HONEST
    verdict = judged(harness, body)
    assert "IdleKernel" in passed(verdict)
    (finding,) = [finding for finding in verdict["findings"] if finding["code"] == "IdleKernel"]
    assert "`copy_kernel`" in finding["message"]
    assert finding["line"] is not None


def test_two_kernels_that_both_compute_are_both_needed(harness):
    body = (
        "z = launch(x.contiguous(), y.contiguous(), torch.empty_like(x))\nreturn copy(z, torch.empty_like(z))"
    )
    assert "IdleKernel" not in passed(judged(harness, body))
