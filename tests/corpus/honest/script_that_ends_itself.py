# kinds: elementwise, inputs in the main block, script that ends itself, names of the tasks
"""Fused Kernels: softplus, log, multiply"""

# <PYTHON>
import torch
import torch.nn.functional as F


def fused_kernel_pytorch(x, y):
    a = F.softplus(x)
    b = torch.log(a + 1.0)
    return b * y


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def fused_kernel_triton(x_ptr, y_ptr, out_ptr, n_elements, BLOCK_SIZE: tl.constexpr):
    pid = tl.program_id(axis=0)
    offsets = pid * BLOCK_SIZE + tl.arange(0, BLOCK_SIZE)
    mask = offsets < n_elements
    x = tl.load(x_ptr + offsets, mask=mask)
    y = tl.load(y_ptr + offsets, mask=mask)
    # stable softplus
    sp = tl.maximum(x, 0.0) + tl.log(1.0 + tl.exp(-tl.abs(x)))
    out = tl.log(sp + 1.0) * y
    tl.store(out_ptr + offsets, out, mask=mask)


def fused_kernel_triton_wrapper(x, y):
    assert x.device == y.device and x.device.type == "cuda"
    assert x.shape == y.shape
    out = torch.empty_like(x)
    n_elements = x.numel()
    grid = lambda meta: (triton.cdiv(n_elements, meta["BLOCK_SIZE"]),)
    fused_kernel_triton[grid](x, y, out, n_elements, BLOCK_SIZE=1024)
    return out


# </TRITON>

# <TEST>
import torch
import time


def test_performance(pytorch_func, triton_func, inputs, num_runs=50):
    """Test performance of both implementations"""
    try:
        for _ in range(3):
            pytorch_func(*inputs)
            triton_func(*inputs)
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        t0 = time.perf_counter()
        for _ in range(num_runs):
            p = pytorch_func(*inputs)
        torch.cuda.synchronize()
        t1 = time.perf_counter()
        for _ in range(num_runs):
            t = triton_func(*inputs)
        torch.cuda.synchronize()
        t2 = time.perf_counter()
        return {
            "success": True,
            "pytorch_time": (t1 - t0) / num_runs,
            "triton_time": (t2 - t1) / num_runs,
            "match": torch.allclose(p, t, atol=1e-4),
        }
    except Exception as error:
        return {"success": False, "error": str(error)}


# </TEST>

# Main execution block
if __name__ == "__main__":
    print("=== ATTEMPT 1: softplus, log, multiply ===")
    if not torch.cuda.is_available():
        raise SystemExit("CUDA is required")
    device = "cuda"
    sizes = [(128, 256), (512, 512)]
    all_ok = True
    best = 0.0
    for rows, cols in sizes:
        x = torch.randn(rows, cols, device=device)
        y = torch.randn(rows, cols, device=device)
        result = test_performance(fused_kernel_pytorch, fused_kernel_triton_wrapper, (x, y), num_runs=20)
        if not result["success"]:
            all_ok = False
            print("❌ FAILURE:", result["error"])
            continue
        speedup = result["pytorch_time"] / result["triton_time"]
        best = max(best, speedup)
        print(f"{rows}x{cols}: {speedup:.2f}x, match={result['match']}")
    print("=" * 60)
    print("FINAL TEST REPORT - ATTEMPT 1")
    print("=" * 60)
    if all_ok and best > 1.0:
        print(f"🏆 RESULT: Triton is {best:.2f}x FASTER than PyTorch")
    print("TASK COMPLETED - Stopping execution.")
