"""Whole kernels as people write them, and the operations on blocks they are made of."""

import torch
import triton
import triton.language as tl
from torch.nn import functional

from fusewright_harness.interpreter import autotuning
from fusewright_harness.interpreter.dot import round_to_tf32

# (dtype, tolerance) for results that pass through float32.
_DTYPES = {
    "float32": (torch.float32, 1e-5),
    "float16": (torch.float16, 2e-3),
    "bfloat16": (torch.bfloat16, 1.6e-2),
}


@triton.jit
def _softmax(out, x, stride, columns, scale, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    lanes = tl.arange(0, BLOCK)
    v = tl.load(x + row * stride + lanes, mask=lanes < columns, other=-float("inf")).to(tl.float32) * scale
    v = tl.exp(v - tl.max(v, axis=0))
    tl.store(out + row * stride + lanes, v / tl.sum(v, axis=0), mask=lanes < columns)


@triton.jit
def _layer_norm(x, weight, bias, out, N, eps, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    x += row * N
    out += row * N
    total = tl.zeros([BLOCK], dtype=tl.float32)
    for start in range(0, N, BLOCK):
        lanes = start + tl.arange(0, BLOCK)
        total += tl.load(x + lanes, mask=lanes < N, other=0.0).to(tl.float32)
    mean = tl.sum(total, axis=0) / N
    total = tl.zeros([BLOCK], dtype=tl.float32)
    for start in range(0, N, BLOCK):
        lanes = start + tl.arange(0, BLOCK)
        v = tl.load(x + lanes, mask=lanes < N, other=0.0).to(tl.float32)
        v = tl.where(lanes < N, v - mean, 0.0)
        total += v * v
    scale = 1 / tl.sqrt(tl.sum(total, axis=0) / N + eps)
    for start in range(0, N, BLOCK):
        lanes = start + tl.arange(0, BLOCK)
        mask = lanes < N
        v = (tl.load(x + lanes, mask=mask).to(tl.float32) - mean) * scale
        tl.store(
            out + lanes, v * tl.load(weight + lanes, mask=mask) + tl.load(bias + lanes, mask=mask), mask=mask
        )


@triton.jit
def _gelu(x):
    return 0.5 * x * (1.0 + tl.erf(x * 0.7071067811865476))


@triton.jit
def _matmul(
    a, b, bias, c, M, N, K, sam, sak, sbk, sbn, scm, scn,
    ACT: tl.constexpr, PRECISION: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr,
):  # fmt: skip
    pid = tl.program_id(0)
    blocks_n = tl.cdiv(N, BN)
    rows = (pid // blocks_n) * BM + tl.arange(0, BM)
    columns = (pid % blocks_n) * BN + tl.arange(0, BN)
    inner = tl.arange(0, BK)
    a_ptrs = a + rows[:, None] * sam + inner[None, :] * sak
    b_ptrs = b + inner[:, None] * sbk + columns[None, :] * sbn
    acc = tl.zeros((BM, BN), dtype=tl.float32)
    for k in range(tl.cdiv(K, BK)):
        x = tl.load(a_ptrs, mask=(rows[:, None] < M) & (inner[None, :] < K - k * BK), other=0.0)
        y = tl.load(b_ptrs, mask=(inner[:, None] < K - k * BK) & (columns[None, :] < N), other=0.0)
        acc = tl.dot(x, y, acc, input_precision=PRECISION)
        a_ptrs += BK * sak
        b_ptrs += BK * sbk
    acc += tl.load(bias + columns, mask=columns < N, other=0.0)[None, :]
    if ACT == "gelu":
        acc = _gelu(acc)
    mask = (rows[:, None] < M) & (columns[None, :] < N)
    tl.store(c + rows[:, None] * scm + columns[None, :] * scn, acc.to(c.dtype.element_ty), mask=mask)


def _run_matmul(a, b, bias, act="gelu", precision="ieee"):
    m, k = a.shape
    n = b.shape[1]
    c = torch.empty(m, n, dtype=a.dtype)
    _matmul[lambda meta: (triton.cdiv(m, meta["BM"]) * triton.cdiv(n, meta["BN"]),)](
        a, b, bias, c, m, n, k, *a.stride(), *b.stride(), *c.stride(),
        ACT=act, PRECISION=precision, BM=32, BN=64, BK=32, num_warps=4, num_stages=3,
    )  # fmt: skip
    return c


def _softmax_case(dtype, tolerance):
    def case():
        torch.manual_seed(0)
        x = torch.randn(16, 781).to(dtype)
        out = torch.empty_like(x)
        _softmax[(16,)](out, x, x.stride(0), 781, 0.5, BLOCK=triton.next_power_of_2(781))
        expected = (x.double() * 0.5).softmax(-1).to(dtype)
        torch.testing.assert_close(out, expected, rtol=tolerance, atol=1e-5)

    return case


def _layer_norm_case(dtype, tolerance):
    def case():
        torch.manual_seed(0)
        x, w, b = torch.randn(8, 500).to(dtype), torch.randn(500).to(dtype), torch.randn(500).to(dtype)
        out = torch.empty_like(x)
        _layer_norm[(8,)](x, w, b, out, 500, 1e-5, BLOCK=128)
        expected = functional.layer_norm(x.double(), (500,), w.double(), b.double(), 1e-5).to(dtype)
        torch.testing.assert_close(out, expected, rtol=tolerance, atol=tolerance)

    return case


def _matmul_case(dtype, tolerance):
    def case():
        torch.manual_seed(0)
        a, b = (torch.randn(70, 100) * 0.1).to(dtype), (torch.randn(100, 90) * 0.1).to(dtype)
        bias = torch.randn(90).to(dtype)
        expected = functional.gelu(a.double() @ b.double() + bias.double()).to(dtype)
        torch.testing.assert_close(_run_matmul(a, b, bias), expected, rtol=tolerance, atol=tolerance)

    return case


CASES = {}
for _name, (_dtype, _tolerance) in _DTYPES.items():
    CASES[f"softmax {_name}"] = _softmax_case(_dtype, _tolerance)
    CASES[f"layer norm {_name}"] = _layer_norm_case(_dtype, _tolerance)
    CASES[f"matmul with bias and gelu {_name}"] = _matmul_case(_dtype, _tolerance)


def case_float32_products_are_tf32_by_default():
    torch.manual_seed(0)
    a, b = torch.randn(32, 32), torch.randn(32, 64)
    exact = a.double() @ b.double()
    default = _run_matmul(a, b, torch.zeros(64), act="none", precision=None)
    rounded = round_to_tf32(a.numpy()).astype("float64") @ round_to_tf32(b.numpy()).astype("float64")
    torch.testing.assert_close(default.double(), torch.from_numpy(rounded), rtol=1e-5, atol=1e-5)
    ieee = _run_matmul(a, b, torch.zeros(64), act="none", precision="ieee")
    assert (default - exact).abs().max() > 20 * (ieee - exact).abs().max()


@triton.jit
def _square_dot(a, b, out, N: tl.constexpr, TYPE: tl.constexpr):
    index = tl.arange(0, N)[:, None] * N + tl.arange(0, N)[None, :]
    tl.store(out + index, tl.dot(tl.load(a + index), tl.load(b + index), out_dtype=TYPE))


def case_int8_dot():
    torch.manual_seed(0)
    a, b = (torch.randint(-128, 128, (32, 32), dtype=torch.int8) for _ in range(2))
    out = torch.empty(32, 32, dtype=torch.int32)
    _square_dot[(1,)](a, b, out, 32, tl.int32)
    assert torch.equal(out, a.int() @ b.int())


def case_float8_dot():
    torch.manual_seed(0)
    for dtype in (torch.float8_e4m3fn, torch.float8_e5m2):
        a, b = torch.randn(32, 32).to(dtype), torch.randn(32, 32).to(dtype)
        out = torch.empty(32, 32)
        _square_dot[(1,)](a, b, out, 32, tl.float32)
        torch.testing.assert_close(out, a.float() @ b.float())


def case_float8_load_and_store():
    @triton.jit
    def kernel(x, out, N: tl.constexpr):
        lanes = tl.arange(0, N)
        tl.store(out + lanes, tl.load(x + lanes).to(tl.float32) * 2)

    for dtype in (torch.float8_e4m3fn, torch.float8_e5m2):
        # Every bit pattern; the doubled ones saturate.
        x = torch.arange(256, dtype=torch.uint8).view(dtype)
        out = torch.empty(256, dtype=dtype)
        kernel[(1,)](x, out, 256)
        limit = torch.finfo(dtype).max
        expected = (x.float() * 2).clamp(-limit, limit).to(dtype).float()
        torch.testing.assert_close(out.float(), expected, rtol=0, atol=0, equal_nan=True)


@triton.jit
def _attention(Q, K, V, out, S, scale, BM: tl.constexpr, BN: tl.constexpr, D: tl.constexpr):
    block = tl.program_id(0)
    base = tl.program_id(1) * S * D
    rows = block * BM + tl.arange(0, BM)
    d = tl.arange(0, D)
    q = tl.load(Q + base + rows[:, None] * D + d[None, :])
    highest = tl.full([BM], -float("inf"), tl.float32)
    total = tl.zeros([BM], tl.float32)
    acc = tl.zeros([BM, D], tl.float32)
    for start in range(0, (block + 1) * BM, BN):
        columns = start + tl.arange(0, BN)
        k = tl.load(K + base + columns[:, None] * D + d[None, :])
        scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
        scores = tl.where(rows[:, None] >= columns[None, :], scores, -float("inf"))
        now = tl.maximum(highest, tl.max(scores, 1))
        p = tl.math.exp(scores - now[:, None])
        decay = tl.math.exp(highest - now)
        total = total * decay + tl.sum(p, 1)
        v = tl.load(V + base + columns[:, None] * D + d[None, :])
        acc = acc * decay[:, None] + tl.dot(p.to(v.dtype), v, input_precision="ieee")
        highest = now
    tl.store(out + base + rows[:, None] * D + d[None, :], acc / total[:, None])


def case_attention():
    torch.manual_seed(0)
    q, k, v = (torch.randn(2, 64, 32) for _ in range(3))
    out = torch.empty_like(q)
    _attention[(2, 2)](q, k, v, out, 64, 32**-0.5, 32, 32, 32)
    torch.testing.assert_close(
        out, functional.scaled_dot_product_attention(q, k, v, is_causal=True), rtol=1e-5, atol=1e-5
    )


def case_block_pointers():
    if not hasattr(triton.runtime.interpreter, "BlockPointerHandle"):
        return  # This version of the language has none.

    @triton.jit
    def kernel(x, out, M, N, BM: tl.constexpr, BN: tl.constexpr):
        p = tl.make_block_ptr(x, (M, N), (N, 1), (tl.program_id(0) * BM, 0), (BM, BN), (1, 0))
        total = tl.zeros([BM], tl.float32)
        for _ in range(tl.cdiv(N, BN)):
            total += tl.sum(tl.load(p, boundary_check=(0, 1), padding_option="zero").to(tl.float32), 1)
            p = tl.advance(p, (0, BN))
        tl.store(out + tl.program_id(0) * BM + tl.arange(0, BM), total)

    for dtype in (torch.float32, torch.bfloat16):
        x = (torch.arange(6400) % 7).reshape(64, 100).to(dtype)
        out = torch.empty(64)
        kernel[(2,)](x, out, 64, 100, 32, 32)
        assert torch.equal(out, x.float().sum(1))


# Descriptors came with triton 3.4.
if hasattr(tl, "make_tensor_descriptor"):

    def case_tensor_descriptors():
        @triton.jit
        def kernel(x, out, M, N, BM: tl.constexpr, BN: tl.constexpr):
            source = tl.make_tensor_descriptor(x, [M, N], [N, 1], [BM, BN])
            target = tl.make_tensor_descriptor(out, [M, N], [N, 1], [BM, BN])
            row = tl.program_id(0) * BM
            target.store([row, 0], source.load([row, 0]) + 1)

        for dtype in (torch.float32, torch.bfloat16):
            # The last block stands over the edge, which a descriptor cuts off.
            x, out = torch.randn(50, 32).to(dtype), torch.empty(50, 32, dtype=dtype)
            kernel[(2,)](x, out, 50, 32, 32, 32)
            assert torch.equal(out, x + 1)

    def case_host_side_descriptors():
        from triton.tools.tensor_descriptor import TensorDescriptor

        @triton.jit
        def kernel(source, out, BM: tl.constexpr, BN: tl.constexpr):
            values = source.load([tl.program_id(0) * BM, 0])
            index = tl.arange(0, BM)[:, None] * BN + tl.arange(0, BN)[None, :]
            tl.store(out + tl.program_id(0) * BM * BN + index, values)

        x, out = torch.randn(64, 32), torch.empty(64, 32)
        kernel[(2,)](TensorDescriptor(x, [64, 32], [32, 1], [32, 32]), out, 32, 32)
        assert torch.equal(out, x)


def case_atomics_in_a_reduction():
    @triton.jit
    def kernel(x, out, N: tl.constexpr):
        v = tl.load(x + tl.program_id(0) * N + tl.arange(0, N))
        tl.atomic_add(out, tl.sum(v, 0))
        tl.atomic_max(out + 1, tl.max(v, 0))
        tl.atomic_min(out + 2, tl.min(v, 0))
        tl.debug_barrier()

    x = (torch.arange(1024) % 31).float()
    out = torch.tensor([0.0, -1e9, 1e9])
    kernel[(4,)](x, out, 256)
    assert torch.equal(out, torch.stack([x.sum(), x.max(), x.min()]))


def case_compare_and_swap():
    @triton.jit
    def kernel(lock, out):
        while tl.atomic_cas(lock, 0, 1) == 1:
            pass
        tl.store(out, tl.load(out) + 1.0)
        tl.atomic_xchg(lock, 0)

    lock, out = torch.zeros(1, dtype=torch.int32), torch.zeros(1)
    kernel[(5,)](lock, out)
    assert out.item() == 5
    assert lock.item() == 0


@triton.jit
def _compose(a0, b0, a1, b1):
    return a1 * a0, a1 * b0 + b1


@triton.jit
def _larger(a, b):
    result = b
    if a > b:
        result = a
    return result


@triton.jit
def _times(a, b):
    return a * b


def case_scan_with_a_combine_function_that_does_not_commute():
    @triton.jit
    def kernel(a, b, out, N: tl.constexpr):
        lanes = tl.arange(0, N)
        _, h = tl.associative_scan((tl.load(a + lanes), tl.load(b + lanes)), 0, _compose)
        tl.store(out + lanes, h)

    torch.manual_seed(0)
    a, b, out = torch.rand(32), torch.randn(32), torch.empty(32)
    kernel[(1,)](a, b, out, 32)
    h, expected = 0.0, []
    for x, y in zip(a.tolist(), b.tolist(), strict=True):
        h = x * h + y
        expected.append(h)
    torch.testing.assert_close(out, torch.tensor(expected), rtol=1e-5, atol=1e-6)


def case_reduce_with_a_combine_function():
    @triton.jit
    def kernel(x, out, M: tl.constexpr, N: tl.constexpr):
        v = tl.load(x + tl.arange(0, M)[:, None] * N + tl.arange(0, N)[None, :])
        tl.store(out + tl.arange(0, M), tl.reduce(v, 1, _times))
        tl.store(out + M + tl.arange(0, N), tl.reduce(v, 0, _times))
        tl.store(out + M + N, tl.reduce(v, None, _times))

    x, out = torch.rand(8, 16) + 0.5, torch.empty(25)
    kernel[(1,)](x, out, 8, 16)
    torch.testing.assert_close(out, torch.cat([x.prod(1), x.prod(0), x.prod()[None]]))


def case_reduce_with_a_combine_function_that_branches():
    @triton.jit
    def kernel(x, out, N: tl.constexpr):
        tl.store(out, tl.reduce(tl.load(x + tl.arange(0, N)), 0, _larger))

    x, out = torch.randn(32), torch.empty(1)
    kernel[(1,)](x, out, 32)
    assert out.item() == x.max().item()


def case_reverse_scan_along_an_axis():
    @triton.jit
    def kernel(x, out, M: tl.constexpr, N: tl.constexpr):
        index = tl.arange(0, M)[:, None] * N + tl.arange(0, N)[None, :]
        tl.store(out + index, tl.associative_scan(tl.load(x + index), 0, _times, reverse=True))

    x, out = torch.rand(8, 4) + 0.5, torch.empty(8, 4)
    kernel[(1,)](x, out, 8, 4)
    torch.testing.assert_close(out, x.flip(0).cumprod(0).flip(0))


def case_sums_and_scans_round_as_a_tree_of_lanes_does():
    @triton.jit
    def kernel(x, scan, total, M: tl.constexpr, N: tl.constexpr):
        index = tl.arange(0, M)[:, None] * N + tl.arange(0, N)[None, :]
        v = tl.load(x + index)
        tl.store(scan + index, tl.cumsum(v, 0))
        tl.store(total + tl.arange(0, N), tl.sum(v, 0))

    torch.manual_seed(0)
    x, scan, total = torch.rand(4096, 4), torch.empty(4096, 4), torch.empty(4)
    kernel[(1,)](x, scan, total, 4096, 4)
    exact = x.double()
    torch.testing.assert_close(scan.double(), exact.cumsum(0), rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(total.double(), exact.sum(0), rtol=1e-6, atol=1e-6)


def case_reductions_along_axes():
    @triton.jit
    def kernel(x, out, M: tl.constexpr, N: tl.constexpr):
        v = tl.load(x + tl.arange(0, M)[:, None] * N + tl.arange(0, N)[None, :])
        tl.store(out + tl.arange(0, M), tl.sum(v, axis=1))
        tl.store(out + M + tl.arange(0, N), tl.max(v, axis=0))
        tl.store(out + M + N, tl.min(v))
        best, place = tl.max(v, axis=1, return_indices=True)
        tl.store(out + 2 * (M + N) + tl.arange(0, M), place.to(tl.float32) + (best - v.max(axis=1)))
        kept = tl.sum(v, axis=1, keep_dims=True)
        tl.store(out + 3 * (M + N) + tl.arange(0, M), tl.reshape(kept, [M]))

    x, out = torch.randn(8, 16), torch.zeros(100)
    kernel[(1,)](x, out, 8, 16)
    torch.testing.assert_close(out[:8], x.sum(1))
    assert torch.equal(out[8:24], x.max(0).values)
    assert out[24] == x.min()
    assert torch.equal(out[48:56], x.argmax(1).float())
    torch.testing.assert_close(out[72:80], x.sum(1))


def case_shapes():
    @triton.jit
    def kernel(x, out, N: tl.constexpr):
        v = tl.load(x + tl.arange(0, N))
        square = tl.reshape(v, [4, N // 4])
        turned = tl.permute(square, (1, 0))
        low, high = tl.split(tl.reshape(turned, [N // 2, 2]))
        joined = tl.join(high, low)
        wide = tl.broadcast_to(tl.expand_dims(tl.sum(joined, axis=0), 0), [N // 2, 2])
        tl.store(out + tl.arange(0, N), tl.ravel(joined + wide))

    x, out = torch.arange(16.0), torch.empty(16)
    kernel[(1,)](x, out, 16)
    pairs = x.reshape(4, 4).t().reshape(8, 2).flip(1)
    assert torch.equal(out, (pairs + pairs.sum(0)).flatten())


def case_histogram():
    @triton.jit
    def kernel(x, counts, N: tl.constexpr, BINS: tl.constexpr):
        tl.store(counts + tl.arange(0, BINS), tl.histogram(tl.load(x + tl.arange(0, N)), BINS))

    x = torch.randint(0, 8, (64,), dtype=torch.int32)
    counts = torch.empty(8, dtype=torch.int32)
    kernel[(1,)](x, counts, 64, 8)
    assert torch.equal(counts, torch.bincount(x, minlength=8).int())


# It came with triton 3.3.
if hasattr(tl, "gather"):

    def case_gather():
        @triton.jit
        def kernel(x, picked, N: tl.constexpr):
            v = tl.load(x + tl.arange(0, N))
            tl.store(picked + tl.arange(0, N), tl.gather(v, (N - 1) - tl.arange(0, N), 0))

        x, picked = torch.arange(64), torch.empty(64, dtype=torch.int64)
        kernel[(1,)](x, picked, 64)
        assert torch.equal(picked, x.flip(0))


def case_random_numbers():
    @triton.jit
    def kernel(out, seed, N: tl.constexpr):
        lanes = tl.program_id(0) * N + tl.arange(0, N)
        tl.store(out + lanes, tl.rand(seed, lanes))

    first, again, other = torch.empty(4096), torch.empty(4096), torch.empty(4096)
    kernel[(4,)](first, 7, 1024)
    kernel[(8,)](again, 7, 512)
    kernel[(4,)](other, 8, 1024)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert 0 <= first.min() < 0.01
    assert 0.99 < first.max() < 1
    assert abs(first.mean() - 0.5) < 0.02


def case_known_random_numbers():
    # The first words of Philox4x32-10 with key 0 and counter 0 (Random123's known-answer test).
    @triton.jit
    def kernel(out):
        a, b, _c, _d = tl.philox(0, tl.program_id(0).to(tl.uint32), 0, 0, 0, 10)
        tl.store(out, a.to(tl.int64))
        tl.store(out + 1, b.to(tl.int64))

    out = torch.empty(2, dtype=torch.int64)
    kernel[(1,)](out)
    assert [hex(value & 0xFFFFFFFF) for value in out.tolist()] == ["0x6627e8d5", "0xe169c58d"]


def case_autotune_runs_the_first_configuration_and_says_so():
    ran = []

    @triton.autotune(configs=[triton.Config({"BLOCK": b}, num_warps=2) for b in (64, 256)], key=["n"])
    @triton.jit
    def doubled(x, out, n, BLOCK: tl.constexpr):
        lanes = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        tl.store(out + lanes, tl.load(x + lanes, mask=lanes < n) * 2, mask=lanes < n)

    def grid(meta):
        ran.append(meta["BLOCK"])
        return (triton.cdiv(meta["n"], meta["BLOCK"]),)

    autotuning.forget()
    x, out = torch.arange(500.0), torch.zeros(500)
    doubled[grid](x, out, 500)
    doubled[grid](x, out, 500)
    assert torch.equal(out, x * 2)
    assert ran == [64, 64]
    assert doubled.best_config.kwargs == {"BLOCK": 64}
    (choice,) = autotuning.choices()
    assert (choice.kernel, choice.configurations) == ("doubled", 2)
    assert str(choice).startswith("`doubled` ran with the first of its 2 configurations (BLOCK: 64")


def case_autotune_with_heuristics_hooks_and_pruning():
    pruned = []

    def prune(configs, named, **_):
        pruned.append(named["n"])
        return configs[1:]

    @triton.autotune(
        configs=[triton.Config({"BLOCK": b}) for b in (64, 256, 512)],
        key=["n"],
        reset_to_zero=["out"],
        prune_configs_by={"early_config_prune": prune},
    )
    @triton.heuristics({"EVEN": lambda arguments: arguments["n"] % arguments["BLOCK"] == 0})
    @triton.jit
    def kernel(x, out, n, EVEN: tl.constexpr, BLOCK: tl.constexpr):
        lanes = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        v = tl.load(x + lanes) if EVEN else tl.load(x + lanes, mask=lanes < n, other=0.0)
        tl.atomic_add(out, tl.sum(v, 0))

    x, out = torch.ones(1000), torch.full((1,), 7.0)
    kernel[lambda meta: (triton.cdiv(1000, meta["BLOCK"]),)](x, out, 1000)
    assert out.item() == 1000
    assert pruned == [1000]
    assert kernel.best_config.kwargs == {"BLOCK": 256}


def case_one_configuration_is_no_choice():
    @triton.autotune(configs=[triton.Config({"N": 8}, num_stages=2)], key=[])
    @triton.jit
    def kernel(out, N: tl.constexpr):
        tl.store(out + tl.arange(0, N), 1.0)

    autotuning.forget()
    out = torch.zeros(8)
    kernel[(1,)](out)
    assert out.sum() == 8
    assert autotuning.choices() == []


def case_the_driver_answers():
    active = triton.runtime.driver.active
    assert active.get_current_target().arch == 90
    assert active.utils.get_device_properties(active.get_current_device())["multiprocessor_count"] > 0
