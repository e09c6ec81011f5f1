"""Fused Kernels: scale, mask and softmax over attention scores"""

# <PYTHON>
import torch


def fused_kernel_pytorch(scores, keep, scale):
    """
    The steps between the two matrix products of attention:
    1. scale the scores
    2. hide the masked positions
    3. softmax over the last dimension
    """
    scaled = scores * scale
    masked = scaled.masked_fill(~keep, float("-inf"))
    return torch.softmax(masked, dim=-1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def masked_softmax_kernel(
    scores_ptr, keep_ptr, out_ptr, scale, n_rows, n_columns, ROWS: tl.constexpr, BLOCK: tl.constexpr
):
    """A program holds ROWS whole rows in registers: each score is read once and written once."""
    rows = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    columns = tl.arange(0, BLOCK)
    mask = (rows[:, None] < n_rows) & (columns[None, :] < n_columns)
    offsets = rows[:, None] * n_columns + columns[None, :]

    scores = tl.load(scores_ptr + offsets, mask=mask, other=0.0).to(tl.float32) * scale
    keep = tl.load(keep_ptr + offsets, mask=mask, other=0)
    scores = tl.where(keep != 0, scores, float("-inf"))
    # The maximum is taken away first, so that no exponent overflows.
    scores = scores - tl.max(scores, axis=1)[:, None]
    numerator = tl.exp(scores)
    softmax = numerator / tl.sum(numerator, axis=1)[:, None]
    tl.store(out_ptr + offsets, softmax, mask=mask)


def fused_kernel_triton_wrapper(scores, keep, scale):
    """One launch; the scores may have any number of leading dimensions."""
    scores = scores.contiguous()
    keep = keep.contiguous()
    out = torch.empty_like(scores)
    n_columns = scores.shape[-1]
    n_rows = scores.numel() // n_columns
    grid = (triton.cdiv(n_rows, 2),)
    masked_softmax_kernel[grid](
        scores,
        keep,
        out,
        scale,
        n_rows,
        n_columns,
        ROWS=2,
        BLOCK=triton.next_power_of_2(n_columns),
        num_warps=4,
    )
    return out


# </TRITON>

# <TEST>
import torch
import time


def get_test_inputs():
    scores = torch.randn(1, 8, 64, 2048, device="cuda", dtype=torch.float16) * 4
    keep = torch.rand(1, 8, 64, 2048, device="cuda") > 0.2
    return scores, keep, 0.125


def test_performance(pytorch_func, triton_func, inputs, num_runs=50):
    """
    Run both implementations, compare what they return, and time them.

    Each run is timed by CUDA events of its own, after a warm-up and with a cold L2 cache, and the two take
    turns. Returns the seconds that num_runs runs of each take on the GPU, (None, None) where there is none.
    Raises what an implementation raises, with its name as the attribute `implementation`, and AssertionError
    where the results differ.
    """
    functions = {"PyTorch": pytorch_func, "Triton": triton_func}
    on_gpu = torch.cuda.is_available()

    def copy(value):
        if isinstance(value, torch.Tensor):
            return value.clone()
        return type(value)(map(copy, value)) if type(value) in (list, tuple) else value

    def flat(value):
        if isinstance(value, dict):
            value = [value[key] for key in sorted(value)]
        return [one for part in value for one in flat(part)] if isinstance(value, (list, tuple)) else [value]

    # Each has copies of its own: one that changes its inputs must not change the other's.
    arguments = {name: copy(tuple(inputs)) for name in functions}
    results = {}
    for name, function in functions.items():
        try:
            results[name] = flat(function(*arguments[name]))
            if on_gpu:
                torch.cuda.synchronize()
        except Exception as error:
            error.implementation = name
            raise

    expected, actual = results["PyTorch"], results["Triton"]
    assert len(expected) == len(actual), f"{len(expected)} results are expected, Triton gives {len(actual)}"
    for wanted, got in zip(expected, actual, strict=True):
        if not isinstance(wanted, torch.Tensor):
            assert wanted == got, f"{wanted} is expected, Triton gives {got}"
            continue
        assert isinstance(got, torch.Tensor), f"a tensor is expected, Triton gives {type(got).__name__}"
        shapes = tuple(wanted.shape), tuple(got.shape)
        assert shapes[0] == shapes[1], f"the shape {shapes[0]} is expected, Triton gives {shapes[1]}"
        # A number that is rounded to an int8 may fall to either side of a half.
        relative, absolute = 0.0, 1.0 if wanted.dtype == torch.int8 else 0.0
        if wanted.is_floating_point():
            relative = {torch.float16: 1e-2, torch.bfloat16: 3e-2}.get(wanted.dtype, 1e-4)
            absolute = relative * float(wanted.double().nan_to_num(0.0, 0.0, 0.0).abs().mean())
        torch.testing.assert_close(got, wanted, rtol=relative, atol=absolute, equal_nan=True)
    if not on_gpu:
        return None, None

    # Larger than any L2 cache; to fill it keeps the GPU busy while the host prepares the call behind it.
    flush = torch.empty(256 << 20, dtype=torch.int8, device="cuda")
    begun = time.perf_counter()
    while time.perf_counter() - begun < 0.1:
        for name, function in functions.items():
            function(*arguments[name])
        torch.cuda.synchronize()
    events = {name: [] for name in functions}
    for _ in range(num_runs):
        for name, function in functions.items():
            start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
            flush.zero_()
            start.record()
            function(*arguments[name])
            end.record()
            events[name].append((start, end))
    torch.cuda.synchronize()
    seconds = {name: sum(a.elapsed_time(b) for a, b in timed) / 1000 for name, timed in events.items()}
    return seconds["PyTorch"], seconds["Triton"]


# </TEST>

# Main execution block
if __name__ == "__main__":
    print("=== ATTEMPT 1: scale, mask and softmax over attention scores ===")
    attempt, num_runs = 1, 50

    import contextlib
    import os
    import sys
    import traceback

    # Not every terminal can show the signs of the reports.
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    rule = "=" * 60
    on_gpu = torch.cuda.is_available()
    if not on_gpu and os.environ.get("TRITON_INTERPRET") != "1":
        sys.exit("This file needs a GPU; with TRITON_INTERPRET=1 it runs on the CPU, without times.")

    class OnTheCpu(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            kwargs = dict(kwargs or {})
            if str(kwargs.get("device", "")).startswith("cuda"):
                kwargs["device"] = "cpu"
            return function(*args, **kwargs)

    pytorch_s = triton_s = failed = None
    try:
        with contextlib.nullcontext() if on_gpu else OnTheCpu():
            inputs = get_test_inputs()
            pytorch_s, triton_s = test_performance(
                fused_kernel_pytorch,
                fused_kernel_triton_wrapper,
                inputs,
                num_runs,
            )
        if on_gpu and triton_s >= pytorch_s:
            failed, stage = "Triton", "Testing"
            message = f"Triton is {triton_s / pytorch_s:.2f}x SLOWER than PyTorch"
            cause = "The results are right, but the kernel takes as long as the separate steps, or longer."
            place = "the launch: its block sizes, its warps, or what it reads and writes more than once"
    except Exception as error:
        if isinstance(error, AssertionError) and not hasattr(error, "implementation"):
            failed, stage, message = "Triton", "Testing", str(error).strip()
            cause = "Both run, but Triton returns something else: a shape, a mask or the arithmetic is wrong."
            place = "the kernel, beginning with what makes the first element that differs"
        else:
            failed, message = (
                getattr(error, "implementation", "Both"),
                f"{type(error).__name__}: {error}".strip(),
            )
            stage = "Compilation" if "Compil" in type(error).__name__ else "Execution"
            frames = [
                frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == __file__
            ]
            # What the measurement and this block call is what failed.
            frames = [frame for frame in frames if frame.name not in ("<module>", "test_performance")]
            place = f"line {frames[-1].lineno}, in {frames[-1].name}" if frames else "what is called here"
            cause = f"The error was raised at {place}."
            if stage == "Compilation":
                cause += " It is specific to Triton: the kernel that is launched there does not compile."
                place = "what the message marks"

    if failed:
        print(f"\n{rule}\nFAILURE ANALYSIS - ATTEMPT {attempt}\n{rule}")
        # A compiler's message begins with a place and ends with what is wrong there.
        print(f"❌ FAILURE: {failed}: {message.splitlines()[-1 if stage == 'Compilation' else 0]}\n")
        print(f"🔍 FAILURE POINT:\n- Implementation: {failed}\n- Stage: {stage}\n- Error: {message}\n")
        print(f"🔍 ROOT CAUSE ANALYSIS:\n{cause}\n")
        print(f"🔧 PLANNED FIX:\nChange {place}; then run this file again.\n\n{rule}")
        sys.exit(1)

    def shown(seconds):
        if seconds is None:
            return "not measured (no GPU)"
        return f"{seconds:.4f}s ({seconds / num_runs * 1000:.2f}ms per run)"

    result = "Triton gives PyTorch's results; its speed is not known without a GPU"
    if on_gpu:
        result = f"Triton is {pytorch_s / triton_s:.2f}x FASTER than PyTorch"
    print(f"\n{rule}\nFINAL TEST REPORT - ATTEMPT {attempt}\n{rule}")
    print("PyTorch Implementation: ✓ SUCCESS\nTriton Implementation:  ✓ SUCCESS\n")
    print(f"PyTorch Time: {shown(pytorch_s)}\nTriton Time:  {shown(triton_s)}\n")
    print(f"🏆 RESULT: {result}\n")
    print("✅ SUCCESS: Both implementations completed successfully!\nTASK COMPLETED - Stopping execution.")
