"""Idioms of code written for a GPU, each run with ``cuda`` meaning the CPU, and nothing left of it afterwards."""

import copy
import io
import threading

import pytest
import torch
import torch.nn as nn

from fusewright_harness.cuda_on_cpu import cuda_on_cpu

IDIOMS = {}


def idiom(function):
    IDIOMS[function.__name__] = function
    return function


def _on_cuda(*tensors):
    return all(t.is_cuda and t.device == torch.device("cuda:0") for t in tensors)


@idiom
def factories():
    names = ["zeros", "ones", "empty", "rand", "randn"]
    tensors = [getattr(torch, name)(2, 3, device="cuda") for name in names]
    assert _on_cuda(*tensors, torch.full((2,), 1.0, device="cuda"), torch.arange(4, device="cuda"))
    assert _on_cuda(torch.tensor([1, 2], device="cuda"), torch.as_tensor([1.0], device="cuda"))
    assert _on_cuda(torch.eye(3, device="cuda"), torch.linspace(0, 1, 5, device="cuda"))
    assert _on_cuda(torch.randint(0, 5, (3,), device="cuda"), torch.randperm(5, device="cuda"))


@idiom
def recurrent_layers():
    x = torch.randn(3, 5, 8, device="cuda")
    for kind in (nn.LSTM, nn.GRU, nn.RNN):
        layer = kind(8, 6, num_layers=2, batch_first=True, device="cuda")
        moved = kind(8, 6, batch_first=True, bidirectional=True).to("cuda")
        assert _on_cuda(layer(x)[0], moved(x)[0], *layer.parameters())


@idiom
def device_spellings():
    for device in (
        "cuda",
        "cuda:0",
        torch.device("cuda"),
        torch.device("cuda", 0),
        torch.device("cuda:0"),
        0,
    ):
        assert _on_cuda(torch.zeros(2, device=device))
        assert _on_cuda(torch.zeros(2).to(device))


@idiom
def device_of_another_tensor():
    x = torch.randn(4, device="cuda")
    assert _on_cuda(torch.empty(4, device=x.device), torch.zeros_like(x, device=x.device), x.new_zeros(2))
    assert _on_cuda(x.new_empty(3, device="cuda"), x.new_full((2,), 1.0), torch.empty_like(x))


@idiom
def tensor_cuda():
    assert _on_cuda(torch.randn(3).cuda(), torch.randn(3).cuda(0), torch.randn(3).cuda(non_blocking=True))


@idiom
def tensor_to():
    x = torch.randn(3)
    assert _on_cuda(
        x.to("cuda"), x.to(device="cuda"), x.to("cuda", torch.float16), x.to("cuda", non_blocking=True)
    )
    assert x.to("cuda", torch.float16).dtype == torch.float16
    assert x.to("cuda", dtype=torch.bfloat16).dtype == torch.bfloat16


@idiom
def asserted_devices():
    x = torch.randn(3, device="cuda")
    assert x.is_cuda
    assert not x.is_cpu
    assert x.device.type == "cuda"
    assert str(x.device) == "cuda:0"
    assert x.device.index == 0
    assert x.get_device() == 0
    assert x.device == torch.zeros(1, device="cuda").device


@idiom
def cpu_makes_a_copy():
    x = torch.ones(3, device="cuda")
    x.cpu().add_(1)
    x.to("cpu").add_(1)
    x.detach().cpu().numpy()[0] = 7
    assert x.sum() == 3


@idiom
def numpy_by_way_of_cpu():
    assert torch.ones(3, device="cuda").cpu().numpy().sum() == 3


@idiom
def module_cuda():
    layer = nn.Linear(3, 4).cuda()
    assert _on_cuda(layer.weight, layer(torch.randn(2, 3, device="cuda")))


@idiom
def module_to():
    layer = nn.Linear(3, 4).to("cuda").half().float().to(device="cuda", dtype=torch.float64)
    assert layer.weight.dtype == torch.float64
    assert _on_cuda(layer.weight)
    assert _on_cuda(nn.Sequential(nn.Linear(3, 3)).to(torch.device("cuda"))[0].bias)


@idiom
def module_on_device_at_once():
    assert _on_cuda(
        nn.LayerNorm(8, device="cuda").weight, nn.Linear(2, 2, device="cuda", dtype=torch.float16).bias
    )


@idiom
def device_context():
    with torch.device("cuda"):
        assert _on_cuda(torch.zeros(2))
        # Torch 2.6 answers with the default that `set_default_device` set, whatever stands around the call.
        if not torch.__version__.startswith("2.6."):
            assert torch.get_default_device().type == "cuda"


@idiom
def default_device():
    assert torch.get_default_device().type == "cpu"
    torch.set_default_device("cuda")
    assert torch.get_default_device().type == "cuda"
    assert _on_cuda(torch.zeros(2))
    torch.set_default_device("cpu")
    assert torch.get_default_device().type == "cpu"


@idiom
def default_tensor_type():
    torch.set_default_tensor_type("torch.cuda.HalfTensor")
    assert torch.zeros(2).dtype == torch.float16
    torch.set_default_tensor_type(torch.cuda.FloatTensor)
    assert torch.zeros(2).dtype == torch.float32


@idiom
def default_dtype():
    torch.set_default_dtype(torch.float64)
    assert torch.zeros(2, device="cuda").dtype == torch.float64


@idiom
def available():
    device = "cuda" if torch.cuda.is_available() else "cpu"
    assert device == "cuda"
    assert torch.cuda.device_count() == 1
    assert torch.cuda.current_device() == 0
    assert torch.cuda.is_initialized()


@idiom
def device_from_a_number():
    assert _on_cuda(torch.zeros(2, device=torch.cuda.current_device()))
    assert torch.device(torch.cuda.current_device()).type == "cuda"
    assert torch.device(f"cuda:{torch.cuda.current_device()}").index == 0


@idiom
def properties():
    properties = torch.cuda.get_device_properties(torch.cuda.current_device())
    assert properties.multi_processor_count == 132
    assert properties.total_memory > 1 << 30
    assert (properties.major, properties.minor) == torch.cuda.get_device_capability() == (9, 0)
    assert torch.cuda.get_device_properties("cuda").name == torch.cuda.get_device_name(0)


@idiom
def capability_checks():
    assert torch.cuda.get_device_capability()[0] >= 8
    assert torch.cuda.is_bf16_supported()
    assert "sm_90" in torch.cuda.get_arch_list()


@idiom
def synchronise():
    torch.cuda.synchronize()
    torch.cuda.synchronize(0)
    torch.cuda.synchronize(device="cuda")
    torch.cuda.current_stream().synchronize()


@idiom
def events():
    start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    start.record()
    torch.randn(10, device="cuda").sum()
    end.record()
    torch.cuda.synchronize()
    end.synchronize()
    assert end.query()
    assert start.elapsed_time(end) >= 0


@idiom
def streams():
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        x = torch.ones(2, device="cuda")
    torch.cuda.current_stream().wait_stream(stream)
    stream.record_event().wait()
    assert stream.cuda_stream == 0
    assert x.sum() == 2


@idiom
def device_guard():
    x = torch.ones(2, device="cuda")
    with torch.cuda.device(0), torch.cuda.device(x.device), torch.cuda.device_of(x):
        assert _on_cuda(torch.zeros(2, device="cuda"))
    torch.cuda.set_device(0)
    torch.cuda.set_device("cuda:0")


@idiom
def memory():
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    assert torch.cuda.memory_allocated() == torch.cuda.max_memory_allocated() == 0
    free, total = torch.cuda.mem_get_info()
    assert 0 < free <= total


@idiom
def seeds():
    torch.cuda.manual_seed(3)
    a = torch.randn(4, device="cuda")
    torch.cuda.manual_seed_all(3)
    assert torch.equal(a, torch.randn(4, device="cuda"))
    torch.manual_seed(3)
    assert torch.equal(a, torch.randn(4, device="cuda"))


@idiom
def random_state():
    state = torch.cuda.get_rng_state()
    a = torch.rand(3, device="cuda")
    torch.cuda.set_rng_state(state)
    assert torch.equal(a, torch.rand(3, device="cuda"))


@idiom
def generators():
    generator = torch.Generator(device="cuda").manual_seed(5)
    a = torch.randn(4, device="cuda", generator=generator)
    generator.manual_seed(5)
    assert torch.equal(a, torch.empty(4, device="cuda").normal_(generator=generator))
    assert isinstance(generator, torch.Generator)
    assert isinstance(torch.Generator("cuda"), torch.Generator)
    assert isinstance(torch.Generator(), torch.Generator)


@idiom
def autocast():
    a = torch.randn(4, 4, device="cuda")
    with torch.autocast("cuda", dtype=torch.bfloat16):
        assert (a @ a).dtype == torch.bfloat16
    with torch.autocast(device_type="cuda", dtype=torch.float16):
        assert (a @ a).dtype == torch.float16
    with torch.amp.autocast("cuda"):
        assert (a @ a).dtype == torch.float16
    with torch.cuda.amp.autocast():
        assert (a @ a).dtype == torch.float16
    with torch.autocast("cuda", enabled=False):
        assert (a @ a).dtype == torch.float32


@idiom
def autocast_as_a_decorator():
    @torch.autocast("cuda", dtype=torch.bfloat16)
    def product(a):
        return a @ a

    assert product(torch.randn(4, 4, device="cuda")).dtype == torch.bfloat16


@idiom
def gradient_scaler():
    scaler = torch.amp.GradScaler("cuda")
    weight = torch.ones(2, device="cuda", requires_grad=True)
    scaler.scale(weight.sum()).backward()
    assert weight.grad.tolist() == [1.0, 1.0]
    scaler.update()
    torch.cuda.amp.GradScaler()


@idiom
def compile_is_the_identity():
    @torch.compile
    def double(x):
        return x * 2

    @torch.compile(mode="max-autotune", fullgraph=True)
    def triple(x):
        return x * 3

    x = torch.ones(2, device="cuda")
    assert double(x).sum() == 4
    assert triple(x).sum() == 6
    assert torch.compile(nn.Linear(2, 2).cuda())(x).shape == (2,)


@idiom
def load_with_map_location():
    file = io.BytesIO()
    torch.save({"w": torch.ones(3, device="cuda")}, file)
    for location in ("cuda", "cuda:0", torch.device("cuda"), None):
        file.seek(0)
        assert _on_cuda(torch.load(file, map_location=location)["w"])


@idiom
def state_dict():
    source, target = nn.Linear(2, 2).cuda(), nn.Linear(2, 2, device="cuda")
    target.load_state_dict(source.state_dict())
    assert torch.equal(source.weight, target.weight)


@idiom
def pinned_memory():
    x = torch.randn(3, pin_memory=True)
    assert _on_cuda(x.to("cuda", non_blocking=True), torch.randn(3).pin_memory().cuda(non_blocking=True))


@idiom
def tensor_types():
    x = torch.randn(3, device="cuda")
    assert x.type() == "torch.cuda.FloatTensor"
    assert x.type("torch.cuda.HalfTensor").dtype == torch.float16
    assert torch.cuda.FloatTensor([1.0, 2.0]).sum() == 3
    assert isinstance(x, torch.cuda.FloatTensor)
    assert not isinstance(x, torch.cuda.HalfTensor)
    assert x.type(torch.cuda.DoubleTensor).dtype == torch.float64


@idiom
def gradients():
    x = torch.randn(3, device="cuda", requires_grad=True)
    (x * 2).sum().backward()
    assert _on_cuda(x.grad)
    (gradient,) = torch.autograd.grad((x**2).sum(), x)
    assert torch.equal(gradient, 2 * x)


@idiom
def autograd_function():
    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            assert x.is_cuda
            return x * 2

        @staticmethod
        def backward(ctx, gradient):
            return gradient * torch.full((1,), 2.0, device=gradient.device)

    x = torch.ones(3, device="cuda", requires_grad=True)
    Double.apply(x).sum().backward()
    assert x.grad.tolist() == [2.0] * 3


@idiom
def functional():
    x, w = torch.randn(2, 8, device="cuda"), torch.ones(8, device="cuda")
    assert nn.functional.layer_norm(x, (8,), w, w).shape == (2, 8)
    assert torch.allclose(nn.functional.softmax(x, -1).sum(-1), torch.ones(2, device="cuda"))
    assert nn.functional.conv2d(
        torch.randn(1, 3, 8, 8, device="cuda"), torch.randn(4, 3, 3, 3).cuda()
    ).is_cuda


@idiom
def printing():
    assert "[1., 1.]" in repr(torch.ones(2, device="cuda"))
    assert f"{torch.ones((), device='cuda').item():.1f}" == "1.0"


@idiom
def copying():
    x = torch.ones(2, device="cuda")
    assert _on_cuda(copy.deepcopy(x), x.clone(), x.detach(), x.contiguous(), x.t().clone())
    y = torch.empty(2, device="cuda").copy_(x, non_blocking=True)
    assert torch.equal(x, y)


@idiom
def comparing():
    torch.testing.assert_close(torch.ones(2, device="cuda"), torch.ones(2).cuda())
    assert torch.allclose(torch.ones(2, device="cuda"), torch.ones(2, device="cuda"))


@idiom
def switches():
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cudnn.benchmark = torch.backends.cudnn.benchmark
    torch.set_float32_matmul_precision(torch.get_float32_matmul_precision())


@idiom
def profiling_ranges():
    torch.cuda.nvtx.range_push("a")
    torch.cuda.nvtx.range_pop()
    with torch.cuda.nvtx.range("b"):
        torch.cuda.nvtx.mark("c")


@idiom
def accelerator():
    if not hasattr(torch, "accelerator"):
        return
    assert torch.accelerator.is_available()
    assert torch.accelerator.current_accelerator().type == "cuda"
    torch.accelerator.synchronize()
    assert _on_cuda(torch.ones(2, device=torch.accelerator.current_accelerator()))


@idiom
def graphs_say_that_they_cannot():
    graph = torch.cuda.CUDAGraph()
    x = torch.ones(2, device="cuda")
    with torch.cuda.graph(graph):
        x.add_(1)
    with pytest.raises(NotImplementedError, match="without a GPU"):
        graph.replay()


@idiom
def nested_modules_with_buffers():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("mask", torch.tril(torch.ones(4, 4)))
            self.scale = nn.Parameter(torch.ones(1))

        def forward(self, x):
            return x.masked_fill(self.mask.to(x.device) == 0, float("-inf")) * self.scale

    model = Model().cuda().eval()
    assert _on_cuda(model.mask, model(torch.randn(4, 4, device="cuda")))
    assert next(model.parameters()).is_cuda


@idiom
def meta_tensors_stay_meta():
    x = torch.empty(3, device="meta")
    assert x.device.type == "meta"
    assert not x.is_cuda


@idiom
def out_of_memory_error_exists():
    assert issubclass(torch.cuda.OutOfMemoryError, RuntimeError)
    assert issubclass(torch.OutOfMemoryError, RuntimeError)


@idiom
def no_grad_and_inference():
    with torch.no_grad(), torch.inference_mode():
        assert _on_cuda(torch.ones(2, device="cuda") + 1)


@idiom
def data_loader():
    data = torch.utils.data.TensorDataset(torch.arange(4.0))
    batches = [x.cuda() for (x,) in torch.utils.data.DataLoader(data, batch_size=2)]
    assert _on_cuda(*batches)


@idiom
def sparse():
    i = torch.tensor([[0, 1], [1, 0]], device="cuda")
    s = torch.sparse_coo_tensor(i, torch.ones(2, device="cuda"), (2, 2), device="cuda", check_invariants=True)
    assert s.to_dense().sum() == 2


@pytest.mark.filterwarnings(
    "ignore::FutureWarning", "ignore:.*set_default_tensor_type.*", "ignore::DeprecationWarning"
)
@pytest.mark.parametrize("name", IDIOMS)
def test_idiom(name):
    with cuda_on_cpu():
        IDIOMS[name]()
    assert torch.get_default_dtype() == torch.float32
    assert torch.zeros(2).device.type == "cpu"


def _everything():
    owners = [
        torch,
        torch.cuda,
        torch.amp,
        torch.cuda.amp,
        torch.cuda.nvtx,
        getattr(torch, "accelerator", torch),
    ]
    return [dict(vars(owner)) for owner in owners]


def test_everything_is_undone():
    before = _everything()
    with cuda_on_cpu():
        assert _everything() != before
    assert _everything() == before
    assert torch.zeros(1).device.type == "cpu"
    assert not torch.zeros(1).is_cuda


def test_everything_is_undone_after_an_error():
    def fail():
        with cuda_on_cpu():
            torch.set_default_device("cuda")
            torch.set_default_dtype(torch.float16)
            raise ZeroDivisionError

    before = _everything()
    with pytest.raises(ZeroDivisionError):
        fail()
    assert _everything() == before
    assert torch.zeros(1).dtype == torch.float32
    assert torch.get_default_device().type == "cpu"


def test_patches_made_before_are_kept_and_used(monkeypatch):
    seeds, made = [], []
    real_empty = torch.empty

    def empty(*args, **kwargs):
        made.append(kwargs.get("device"))
        return real_empty(*args, **kwargs).fill_(7)

    monkeypatch.setattr(torch, "manual_seed", seeds.append)
    monkeypatch.setattr(torch, "empty", empty)
    with cuda_on_cpu():
        torch.cuda.manual_seed(1)
        torch.cuda.manual_seed_all(2)
        assert torch.empty(3, device="cuda").sum() == 21
    assert seeds == [1, 2]
    assert made == ["cuda"]
    assert torch.empty is empty


def test_patches_made_inside_may_outlive_it(monkeypatch):
    with cuda_on_cpu():
        monkeypatch.setattr(torch.cuda, "reset_peak_host_memory_stats", None, raising=False)
    assert torch.cuda.reset_peak_host_memory_stats is None


def test_it_nests():
    with cuda_on_cpu(), cuda_on_cpu(name="inner", capability=(8, 0)):
        x = torch.ones(2, device="cuda")
        assert _on_cuda(x, nn.Linear(2, 2).cuda()(x))
        assert not x.is_cpu
        assert x.type() == "torch.cuda.FloatTensor"
        assert torch.cuda.get_device_capability() == (8, 0)
        assert torch.cuda.get_device_name() == "inner"
        x.cpu().add_(1)
        assert x.sum() == 2
    assert not x.is_cuda


def test_other_threads_see_the_cpu():
    found = []
    with cuda_on_cpu():
        x = torch.ones(2, device="cuda")
        thread = threading.Thread(target=lambda: found.append(x.is_cuda))
        thread.start()
        thread.join()
    assert found == [False]
