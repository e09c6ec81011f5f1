# Main execution block
if __name__ == "__main__":
    print("=== ATTEMPT 1: what is fused ===")
    attempt, num_runs = 1, 50

    import os
    import sys
    import traceback

    rule = "=" * 60
    # Not every terminal can show the signs of the reports.
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    interpreted = os.environ.get("TRITON_INTERPRET") == "1" and not torch.cuda.is_available()
    if not interpreted and not torch.cuda.is_available():
        sys.exit("This file needs a GPU that PyTorch can use; TRITON_INTERPRET=1 runs it on the CPU, without times.")

    class OnTheCpu(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            kwargs = dict(kwargs or {})
            if str(kwargs.get("device", "")).startswith("cuda"):
                kwargs["device"] = "cpu"
            return function(*args, **kwargs)

    failed, stage, message, cause, place = None, "Execution", "", "", ""
    pytorch_s = triton_s = None
    try:
        if interpreted:
            with OnTheCpu():
                inputs = get_test_inputs()
                pytorch_s, triton_s = test_performance(REFERENCE, CANDIDATE, inputs, num_runs)
        else:
            inputs = get_test_inputs()
            pytorch_s, triton_s = test_performance(REFERENCE, CANDIDATE, inputs, num_runs)
        if triton_s is not None and triton_s >= pytorch_s:
            failed, stage = "Triton", "Testing"
            message = f"Triton is {triton_s / pytorch_s:.2f}x SLOWER than PyTorch"
            cause = "The results are right, but the kernel takes as long as the separate steps, or longer."
            place = "the launch: its block sizes, its warps, or what it reads and writes more than once"
    except AssertionError as error:
        failed, stage, message = getattr(error, "implementation", "Triton"), "Testing", str(error).strip()
        cause = "Both run, but what Triton returns is not what PyTorch returns: a shape, a mask or the arithmetic."
        place = "the kernel, from the first element that differs"
    except Exception as error:
        failed = getattr(error, "implementation", "Both")
        message = f"{type(error).__name__}: {error}".strip()
        stage = "Compilation" if "Compil" in type(error).__name__ else "Execution"
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == __file__]
        # The last frame of this file outside of the measurement is what failed.
        frame = [one for one in frames if one.name not in ("<module>", "test_performance")][-1:]
        where = f"line {frame[0].lineno}, in {frame[0].name}" if frame else "get_test_inputs"
        cause = f"The error was raised at {where}." + (
            " The kernel does not compile: a Triton-specific issue." if stage == "Compilation" else ""
        )
        place = where

    if failed:
        print(f"\n{rule}\nFAILURE ANALYSIS - ATTEMPT {attempt}\n{rule}")
        print(f"❌ FAILURE: {failed} failed: {message.splitlines()[0] if message else 'no message'}\n")
        print(f"🔍 FAILURE POINT:\n- Implementation: {failed}\n- Stage: {stage}\n- Error: {message}\n")
        print(f"🔍 ROOT CAUSE ANALYSIS:\n{cause}\n")
        print(f"🔧 PLANNED FIX:\nChange {place}; then run this file again.\n\n{rule}")
        sys.exit(1)

    def shown(seconds):
        return "not measured (no GPU)" if seconds is None else f"{seconds:.4f}s ({seconds / num_runs * 1000:.2f}ms per run)"

    print(f"\n{rule}\nFINAL TEST REPORT - ATTEMPT {attempt}\n{rule}")
    print("PyTorch Implementation: ✓ SUCCESS\nTriton Implementation:  ✓ SUCCESS\n")
    print(f"PyTorch Time: {shown(pytorch_s)}\nTriton Time:  {shown(triton_s)}\n")
    if triton_s is None:
        print("🏆 RESULT: Triton gives PyTorch's results; its speed is not known without a GPU\n")
    else:
        print(f"🏆 RESULT: Triton is {pytorch_s / triton_s:.2f}x FASTER than PyTorch\n")
    print("✅ SUCCESS: Both implementations completed successfully!\nTASK COMPLETED - Stopping execution.")
