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
