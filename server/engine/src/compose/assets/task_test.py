def test_performance(pytorch_func, triton_func, inputs, num_runs=50):
    """
    Run both implementations, compare what they return, and time them.

    Each run is timed by CUDA events of its own, after a warm-up and on a cold L2 cache, and the two take turns, so
    that neither profits from the clock or from what the other left in the cache. Raises whatever an implementation
    raises, with the note "PyTorch" or "Triton"; AssertionError where the results differ. Returns the seconds that
    num_runs runs of each take on the GPU; (None, None) where there is none.
    """
    functions = {"PyTorch": pytorch_func, "Triton": triton_func}
    on_gpu = torch.cuda.is_available()

    def copy(value):
        if isinstance(value, torch.Tensor):
            return value.clone()
        return type(value)(map(copy, value)) if isinstance(value, (list, tuple)) else value

    def tensors(value):
        if isinstance(value, dict):
            value = [value[key] for key in sorted(value)]
        return [one for part in value for one in tensors(part)] if isinstance(value, (list, tuple)) else [value]

    # Each side has copies of its own: one that changes its inputs must not help the other.
    arguments = {name: copy(inputs) for name in functions}
    results = {}
    for name, function in functions.items():
        try:
            results[name] = tensors(function(*arguments[name]))
            if on_gpu:
                torch.cuda.synchronize()
        except Exception as error:
            error.implementation = name
            raise

    expected, actual = results["PyTorch"], results["Triton"]
    assert len(expected) == len(actual), f"{len(expected)} results are expected, Triton gives {len(actual)}"
    for wanted, got in zip(expected, actual):
        if not isinstance(wanted, torch.Tensor):
            assert wanted == got, f"{wanted} is expected, Triton gives {got}"
            continue
        assert isinstance(got, torch.Tensor), f"a tensor is expected, Triton gives {type(got).__name__}"
        assert wanted.shape == got.shape, f"shape {tuple(wanted.shape)} is expected, Triton gives {tuple(got.shape)}"
        assert wanted.dtype == got.dtype, f"{wanted.dtype} is expected, Triton gives {got.dtype}"
        exact = not wanted.is_floating_point()
        tolerance = 0.0 if exact else {torch.float16: 1e-2, torch.bfloat16: 3e-2}.get(wanted.dtype, 1e-4)
        size = 0.0 if exact else float(wanted.double().abs().nan_to_num(0.0, 0.0, 0.0).mean())
        torch.testing.assert_close(got, wanted, rtol=tolerance, atol=tolerance * size, equal_nan=True)
    if not on_gpu:
        return None, None

    # Larger than any L2 cache. Filling it keeps the GPU busy, too, while the host prepares the call behind it.
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
    seconds = {name: sum(start.elapsed_time(end) for start, end in pairs) / 1000 for name, pairs in events.items()}
    return seconds["PyTorch"], seconds["Triton"]
