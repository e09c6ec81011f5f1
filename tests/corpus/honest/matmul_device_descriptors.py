# kinds: matmul, tensor descriptors, float16, descriptors made in the kernel, allocator
"""Fused Kernels: matrix product that loads its tiles by tensor descriptors"""

# <PYTHON>
import torch


def descriptor_matmul_torch(a, b):
    """b is (N, K)."""
    return torch.relu(a @ b.T)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def descriptor_matmul_kernel(
    a_ptr,
    b_ptr,
    out_ptr,
    M,
    N,
    K,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    BLOCK_K: tl.constexpr,
):
    """The hardware clips tiles at the tensor's edge: reads outside give zero, writes outside are dropped."""
    a = tl.make_tensor_descriptor(a_ptr, shape=[M, K], strides=[K, 1], block_shape=[BLOCK_M, BLOCK_K])
    b = tl.make_tensor_descriptor(b_ptr, shape=[N, K], strides=[K, 1], block_shape=[BLOCK_N, BLOCK_K])
    out = tl.make_tensor_descriptor(out_ptr, shape=[M, N], strides=[N, 1], block_shape=[BLOCK_M, BLOCK_N])
    first_m = tl.program_id(0) * BLOCK_M
    first_n = tl.program_id(1) * BLOCK_N
    accumulator = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)
    for start in range(0, K, BLOCK_K):
        accumulator = tl.dot(a.load([first_m, start]), b.load([first_n, start]).T, accumulator)
    out.store([first_m, first_n], tl.maximum(accumulator, 0.0).to(tl.float16))


def descriptor_matmul_triton(a, b):
    a, b = a.contiguous(), b.contiguous()
    M, K = a.shape
    N = b.shape[0]
    if K % 8 or N % 8:
        raise ValueError(f"descriptors want rows of a multiple of 16 bytes, not {2 * K} and {2 * N}")
    out = torch.empty((M, N), device=a.device, dtype=a.dtype)

    def allocate(size, alignment, stream):
        """Descriptors that a kernel makes live in memory that the launch asks for."""
        return torch.empty(size, device=a.device, dtype=torch.int8)

    triton.set_allocator(allocate)
    grid = (triton.cdiv(M, 64), triton.cdiv(N, 64))
    descriptor_matmul_kernel[grid](a, b, out, M, N, K, BLOCK_M=64, BLOCK_N=64, BLOCK_K=32)
    return out


# <TEST>
import torch


def get_test_inputs():
    a = torch.randn(100, 72, device="cuda", dtype=torch.float16)
    return a, torch.randn(136, 72, device="cuda", dtype=torch.float16)
