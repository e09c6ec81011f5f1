# kinds: elementwise, inputs in the main block, names of the tasks, float32, closed style
"""Fused Kernels: soft shrinkage, scale by column and sigmoid"""

# <PYTHON>
import torch
import torch.nn.functional as F


def fused_kernel_pytorch(x, scale):
    """Three launches over the whole tensor."""
    shrunk = F.softshrink(x, 0.4)
    return torch.sigmoid(shrunk * scale)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def fused_kernel_triton(
    x_ptr, scale_ptr, out_ptr, n_rows, n_columns, ROWS: tl.constexpr, COLUMNS: tl.constexpr
):
    """A program owns a tile of ROWS by COLUMNS."""
    rows = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    columns = tl.program_id(1) * COLUMNS + tl.arange(0, COLUMNS)
    in_row = columns < n_columns
    mask = (rows[:, None] < n_rows) & in_row[None, :]
    offsets = rows[:, None] * n_columns + columns[None, :]
    x = tl.load(x_ptr + offsets, mask=mask, other=0.0)
    scale = tl.load(scale_ptr + columns, mask=in_row, other=0.0)
    shrunk = tl.where(x > 0.4, x - 0.4, tl.where(x < -0.4, x + 0.4, 0.0))
    tl.store(out_ptr + offsets, tl.sigmoid(shrunk * scale[None, :]), mask=mask)


def fused_kernel_triton_wrapper(x, scale):
    """One launch over all tiles."""
    x = x.contiguous()
    n_rows, n_columns = x.shape
    out = torch.empty_like(x)
    grid = (triton.cdiv(n_rows, 16), triton.cdiv(n_columns, 256))
    fused_kernel_triton[grid](x, scale.contiguous(), out, n_rows, n_columns, ROWS=16, COLUMNS=256)
    return out


# </TRITON>

# <TEST>
import torch


def test_performance(pytorch_func, triton_func, inputs, num_runs=20):
    """Compare the outputs, then return the mean time of a run of each, in milliseconds."""
    torch.testing.assert_close(triton_func(*inputs), pytorch_func(*inputs))
    times = []
    for function in (pytorch_func, triton_func):
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        function(*inputs)
        start.record()
        for _ in range(num_runs):
            function(*inputs)
        end.record()
        torch.cuda.synchronize()
        times.append(start.elapsed_time(end) / num_runs)
    return times


# </TEST>

if __name__ == "__main__":
    x = torch.randn(70, 600, device="cuda")
    scale = torch.randn(600, device="cuda")
    pytorch_ms, triton_ms = test_performance(fused_kernel_pytorch, fused_kernel_triton_wrapper, (x, scale))
    print(f"PyTorch {pytorch_ms:.3f} ms, Triton {triton_ms:.3f} ms")
