/** The two styles of a pair file. */
export type Style = "closed" | "open";

const REFERENCE = (description: string) => `import torch

def fused_kernel_pytorch(x: torch.Tensor) -> torch.Tensor:
    """${description}"""
    \${2:return torch.relu(x) * x}
`;

const CANDIDATE = `import torch
import triton
import triton.language as tl

@triton.jit
def fused_kernel_triton(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n
    x = tl.load(x_ptr + offsets, mask=mask)
    tl.store(out_ptr + offsets, \${3:tl.maximum(x, 0.0) * x}, mask=mask)

def fused_kernel_triton_wrapper(x: torch.Tensor) -> torch.Tensor:
    x = x.contiguous()
    out = torch.empty_like(x)
    n = x.numel()
    fused_kernel_triton[(triton.cdiv(n, 1024),)](x, out, n, BLOCK=1024)
    return out
`;

const INPUTS = `import torch

def get_test_inputs():
    return (torch.randn(\${4:1024, 1024}, device="cuda"),)
`;

/** The text of a new pair as a snippet with tab stops: a pair that verifies as it stands. */
export function skeleton(style: Style): string {
  const close = (kind: string) => (style === "closed" ? `\n# </${kind}>\n` : "");
  const title = style === "closed" ? '"""Fused Kernels: $1"""\n\n' : "";
  const description = style === "closed" ? "$1." : "$" + "{1:ReLU times identity}.";
  return `${title}# <PYTHON>
${REFERENCE(description)}${close("PYTHON")}
# <TRITON>
${CANDIDATE}${close("TRITON")}
# <TEST>
${INPUTS}${close("TEST")}$0`;
}

/** The name of the next numbered file beside the ones there: `003_fused_kernels.py` after 001 and 002. */
export function nextFileName(names: readonly string[]): string {
  const numbers = names.map((name) => Number(/^(\d{3})_fused_kernels\.py$/.exec(name)?.[1] ?? 0));
  return `${String(Math.max(0, ...numbers) + 1).padStart(3, "0")}_fused_kernels.py`;
}
