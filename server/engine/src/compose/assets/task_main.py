# Main execution block
if __name__ == "__main__":
    print("=== ATTEMPT 1: what is fused ===")
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
                REFERENCE,
                CANDIDATE,
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
