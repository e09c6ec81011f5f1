# kinds: recurrent layer, LSTM, nn.Module, sequential loop in the kernel, last step alone, float32
"""Fused Kernels: an LSTM over a sequence, and a linear layer of its last step"""

# <PYTHON>
import torch
from torch import nn


class Model(nn.Module):
    def __init__(self, input_size, hidden_size, output_size):
        super().__init__()
        self.lstm = nn.LSTM(input_size, hidden_size, batch_first=True)
        self.fc = nn.Linear(hidden_size, output_size)

    def forward(self, x):
        out, _ = self.lstm(x)
        return self.fc(out[:, -1, :])


# <TRITON>
import torch
import triton
import triton.language as tl
from torch import nn


@triton.jit
def gate(wi_ptr, wh_ptr, bi_ptr, bh_ptr, x, h, which, inputs, units, INPUT, HIDDEN):
    """One of the four gates of all units: two products with a vector, each a sum over a block."""
    rows = which * HIDDEN + units
    in_units = units < HIDDEN
    wi = tl.load(
        wi_ptr + rows[:, None] * INPUT + inputs[None, :],
        mask=in_units[:, None] & (inputs[None, :] < INPUT),
        other=0.0,
    )
    wh = tl.load(
        wh_ptr + rows[:, None] * HIDDEN + units[None, :],
        mask=in_units[:, None] & (units[None, :] < HIDDEN),
        other=0.0,
    )
    bias = tl.load(bi_ptr + rows, mask=in_units, other=0.0) + tl.load(bh_ptr + rows, mask=in_units, other=0.0)
    return tl.sum(wi * x[None, :], axis=1) + tl.sum(wh * h[None, :], axis=1) + bias


@triton.jit
def lstm_last_kernel(
    x_ptr,
    wi_ptr,
    wh_ptr,
    bi_ptr,
    bh_ptr,
    wo_ptr,
    bo_ptr,
    out_ptr,
    T,
    INPUT,
    HIDDEN,
    OUTPUT,
    BI: tl.constexpr,
    BH: tl.constexpr,
    BO: tl.constexpr,
):
    b = tl.program_id(0)
    units = tl.arange(0, BH)
    inputs = tl.arange(0, BI)
    h = tl.zeros((BH,), tl.float32)
    c = tl.zeros((BH,), tl.float32)
    for t in range(T):
        x = tl.load(x_ptr + (b * T + t) * INPUT + inputs, mask=inputs < INPUT, other=0.0)
        i = tl.sigmoid(gate(wi_ptr, wh_ptr, bi_ptr, bh_ptr, x, h, 0, inputs, units, INPUT, HIDDEN))
        f = tl.sigmoid(gate(wi_ptr, wh_ptr, bi_ptr, bh_ptr, x, h, 1, inputs, units, INPUT, HIDDEN))
        g = (
            2.0
            * tl.sigmoid(2.0 * gate(wi_ptr, wh_ptr, bi_ptr, bh_ptr, x, h, 2, inputs, units, INPUT, HIDDEN))
            - 1.0
        )
        o = tl.sigmoid(gate(wi_ptr, wh_ptr, bi_ptr, bh_ptr, x, h, 3, inputs, units, INPUT, HIDDEN))
        c = f * c + i * g
        h = tl.where(units < HIDDEN, o * (2.0 * tl.sigmoid(2.0 * c) - 1.0), 0.0)
    outputs = tl.arange(0, BO)
    wo = tl.load(
        wo_ptr + outputs[:, None] * HIDDEN + units[None, :],
        mask=(outputs[:, None] < OUTPUT) & (units[None, :] < HIDDEN),
        other=0.0,
    )
    y = tl.sum(wo * h[None, :], axis=1) + tl.load(bo_ptr + outputs, mask=outputs < OUTPUT, other=0.0)
    tl.store(out_ptr + b * OUTPUT + outputs, y, mask=outputs < OUTPUT)


class ModelNew(nn.Module):
    """nn.LSTM and nn.Linear only hold the parameters."""

    def __init__(self, input_size, hidden_size, output_size):
        super().__init__()
        self.lstm = nn.LSTM(input_size, hidden_size, batch_first=True)
        self.fc = nn.Linear(hidden_size, output_size)

    def forward(self, x):
        x = x.contiguous()
        B, T, INPUT = x.shape
        wi, wh = self.lstm.weight_ih_l0, self.lstm.weight_hh_l0
        HIDDEN, OUTPUT = wh.shape[1], self.fc.weight.shape[0]
        out = torch.empty((B, OUTPUT), device=x.device, dtype=x.dtype)
        lstm_last_kernel[(B,)](
            x,
            wi,
            wh,
            self.lstm.bias_ih_l0,
            self.lstm.bias_hh_l0,
            self.fc.weight,
            self.fc.bias,
            out,
            T,
            INPUT,
            HIDDEN,
            OUTPUT,
            BI=triton.next_power_of_2(INPUT),
            BH=triton.next_power_of_2(HIDDEN),
            BO=triton.next_power_of_2(OUTPUT),
        )
        return out


# <TEST>
import torch

batch_size, sequence_length, input_size, hidden_size, output_size = 6, 20, 12, 24, 10


def get_inputs():
    return [torch.rand(batch_size, sequence_length, input_size, device="cuda")]


def get_init_inputs():
    return [input_size, hidden_size, output_size]
