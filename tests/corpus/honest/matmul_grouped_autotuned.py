# kinds: matmul, epilogue, L2 grouping, autotune, pruned configurations, float16
"""Fused Kernels: matrix product with bias and ReLU, tiles ordered for the L2 cache"""

# <PYTHON>
import torch


def matmul_bias_relu_pytorch(a, b, bias):
    return torch.relu(a @ b + bias)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


def _configurations():
    return [
        triton.Config(
            {"BLOCK_M": m, "BLOCK_N": n, "BLOCK_K": 32, "GROUP_M": 4}, num_warps=4, num_stages=stages
        )
        for m, n, stages in ((32, 32, 2), (64, 32, 3), (64, 64, 3), (128, 64, 3))
    ]


def _no_larger_than_needed(configs, named_args, **_):
    """Tiles that reach far past the matrix compute what nobody reads."""
    fitting = [config for config in configs if config.kwargs["BLOCK_M"] <= 2 * named_args["M"]]
    return fitting or configs[:1]


@triton.autotune(
    configs=_configurations(),
    key=["M", "N", "K"],
    prune_configs_by={"early_config_prune": _no_larger_than_needed},
)
@triton.jit
def matmul_bias_relu_kernel(
    a_ptr,
    b_ptr,
    bias_ptr,
    out_ptr,
    M,
    N,
    K,
    stride_am,
    stride_ak,
    stride_bk,
    stride_bn,
    stride_om,
    stride_on,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    BLOCK_K: tl.constexpr,
    GROUP_M: tl.constexpr,
):
    # Programs that run at one time share GROUP_M rows of tiles, and with them b's columns in the cache.
    program = tl.program_id(0)
    tiles_m = tl.cdiv(M, BLOCK_M)
    tiles_n = tl.cdiv(N, BLOCK_N)
    group = program // (GROUP_M * tiles_n)
    first_m = group * GROUP_M
    height = tl.minimum(tiles_m - first_m, GROUP_M)
    tile_m = first_m + (program % (GROUP_M * tiles_n)) % height
    tile_n = (program % (GROUP_M * tiles_n)) // height

    m = tile_m * BLOCK_M + tl.arange(0, BLOCK_M)
    n = tile_n * BLOCK_N + tl.arange(0, BLOCK_N)
    k = tl.arange(0, BLOCK_K)
    a_ptrs = a_ptr + m[:, None] * stride_am + k[None, :] * stride_ak
    b_ptrs = b_ptr + k[:, None] * stride_bk + n[None, :] * stride_bn
    accumulator = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)
    for start in range(0, K, BLOCK_K):
        in_k = k < K - start
        a = tl.load(a_ptrs, mask=(m[:, None] < M) & in_k[None, :], other=0.0)
        b = tl.load(b_ptrs, mask=in_k[:, None] & (n[None, :] < N), other=0.0)
        accumulator = tl.dot(a, b, accumulator)
        a_ptrs += BLOCK_K * stride_ak
        b_ptrs += BLOCK_K * stride_bk

    bias = tl.load(bias_ptr + n, mask=n < N, other=0.0).to(tl.float32)
    y = accumulator + bias[None, :]
    y = tl.where(y < 0.0, 0.0, y)
    out_ptrs = out_ptr + m[:, None] * stride_om + n[None, :] * stride_on
    tl.store(out_ptrs, y.to(tl.float16), mask=(m[:, None] < M) & (n[None, :] < N))


def matmul_bias_relu_triton_wrapper(a, b, bias):
    M, K = a.shape
    _, N = b.shape
    out = torch.empty((M, N), device=a.device, dtype=a.dtype)

    def grid(meta):
        return (triton.cdiv(M, meta["BLOCK_M"]) * triton.cdiv(N, meta["BLOCK_N"]),)

    matmul_bias_relu_kernel[grid](
        a,
        b,
        bias.contiguous(),
        out,
        M,
        N,
        K,
        a.stride(0),
        a.stride(1),
        b.stride(0),
        b.stride(1),
        out.stride(0),
        out.stride(1),
    )
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    a = torch.randn(150, 100, device="cuda", dtype=torch.float16)
    b = torch.randn(100, 170, device="cuda", dtype=torch.float16) * 0.1
    bias = torch.randn(170, device="cuda", dtype=torch.float16)
    return a, b, bias


# </TEST>
