//! What a reviewer would object to in the use of a library's name, whatever is done with it.

/// Why a name has no place in a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Concern {
    /// It looks into or changes the running interpreter: objects, frames, code.
    Internals,
    /// It lets work happen where a clock or a check does not see it.
    OutOfSight,
    /// It is how benchmarks time: fine in TEST, which serves for measuring by hand.
    Timing,
    /// It reaches files, the network, other programs or the environment.
    Outside,
    /// It makes code or objects of data.
    FromData,
    /// It replaces parts of libraries.
    Patch,
    /// It changes how torch works for everybody in the process.
    Switch,
    /// It draws the random generator's seed.
    Seed,
    /// It ends the process or runs at its end.
    Exit,
    /// It changes what torch's operators mean.
    Disguise,
    /// It reads the program that the pair is part of.
    Program,
    /// It waits.
    Sleep,
    /// It reads the clock.
    Clock,
    /// It draws numbers of its own.
    Draw,
    /// It computes, and is no kernel of the pair.
    Compute,
    /// It keeps results of earlier calls.
    Cache,
}

/// Modules of which every use concerns, by what the use is for.
const MODULES: &[(&str, Concern)] = &[
    ("__main__", Concern::Program),
    ("_ctypes", Concern::Internals),
    ("_io", Concern::Outside),
    ("_pickle", Concern::FromData),
    ("_posixsubprocess", Concern::Outside),
    ("_socket", Concern::Outside),
    ("_thread", Concern::OutOfSight),
    ("aiohttp", Concern::Outside),
    ("apex", Concern::Compute),
    ("asyncio", Concern::OutOfSight),
    ("asyncore", Concern::Outside),
    ("atexit", Concern::Exit),
    ("base64", Concern::FromData),
    ("binascii", Concern::FromData),
    ("bitsandbytes", Concern::Compute),
    ("bz2", Concern::FromData),
    ("cffi", Concern::Internals),
    ("cloudpickle", Concern::FromData),
    ("code", Concern::FromData),
    ("codecs", Concern::FromData),
    ("codeop", Concern::FromData),
    ("concurrent", Concern::OutOfSight),
    ("configparser", Concern::Outside),
    ("contextvars", Concern::Cache),
    ("ctypes", Concern::Internals),
    ("cupy", Concern::Compute),
    ("cutlass", Concern::Compute),
    ("dbm", Concern::Outside),
    ("dill", Concern::FromData),
    ("dis", Concern::Internals),
    ("faulthandler", Concern::Internals),
    ("fcntl", Concern::Outside),
    ("fileinput", Concern::Outside),
    ("flash_attn", Concern::Compute),
    ("flash_attn_interface", Concern::Compute),
    ("flashinfer", Concern::Compute),
    ("forbiddenfruit", Concern::Patch),
    ("ftplib", Concern::Outside),
    ("gc", Concern::Internals),
    ("getpass", Concern::Outside),
    ("gevent", Concern::OutOfSight),
    ("glob", Concern::Outside),
    ("greenlet", Concern::OutOfSight),
    ("gzip", Concern::Outside),
    ("h5py", Concern::Outside),
    ("http", Concern::Outside),
    ("httpx", Concern::Outside),
    ("imaplib", Concern::Outside),
    ("imp", Concern::FromData),
    ("importlib", Concern::FromData),
    ("inspect", Concern::Internals),
    ("jax", Concern::Compute),
    ("joblib", Concern::OutOfSight),
    ("keras", Concern::Compute),
    ("liger_kernel", Concern::Compute),
    ("linecache", Concern::Program),
    ("lzma", Concern::FromData),
    ("marshal", Concern::FromData),
    ("mmap", Concern::Outside),
    ("multiprocess", Concern::OutOfSight),
    ("multiprocessing", Concern::OutOfSight),
    ("netrc", Concern::Outside),
    ("nt", Concern::Outside),
    ("numba", Concern::Compute),
    ("nvrtc", Concern::Compute),
    ("pdb", Concern::Internals),
    ("pickle", Concern::FromData),
    ("pickletools", Concern::FromData),
    ("pip", Concern::Outside),
    ("pkgutil", Concern::FromData),
    ("platform", Concern::Outside),
    ("poplib", Concern::Outside),
    ("psutil", Concern::Outside),
    ("pty", Concern::Outside),
    ("pwd", Concern::Outside),
    ("pycuda", Concern::Compute),
    ("pynvml", Concern::Outside),
    ("ray", Concern::OutOfSight),
    ("readline", Concern::Outside),
    ("requests", Concern::Outside),
    ("resource", Concern::Outside),
    ("runpy", Concern::FromData),
    ("safetensors", Concern::Outside),
    ("sched", Concern::OutOfSight),
    ("secrets", Concern::Draw),
    ("select", Concern::Outside),
    ("selectors", Concern::Outside),
    ("shelve", Concern::Outside),
    ("shutil", Concern::Outside),
    ("signal", Concern::Exit),
    ("smtplib", Concern::Outside),
    ("socket", Concern::Outside),
    ("socketserver", Concern::Outside),
    ("sqlite3", Concern::Outside),
    ("ssl", Concern::Outside),
    ("subprocess", Concern::Outside),
    ("symtable", Concern::Internals),
    ("syslog", Concern::Outside),
    ("tarfile", Concern::Outside),
    ("telnetlib", Concern::Outside),
    ("tempfile", Concern::Outside),
    ("tensorflow", Concern::Compute),
    ("termios", Concern::Outside),
    ("threading", Concern::OutOfSight),
    ("torchao", Concern::Compute),
    ("torchvision", Concern::Compute),
    ("trace", Concern::Internals),
    ("traceback", Concern::Internals),
    ("tracemalloc", Concern::Internals),
    ("transformer_engine", Concern::Compute),
    ("transformers", Concern::Compute),
    ("trio", Concern::OutOfSight),
    ("tty", Concern::Outside),
    ("urllib", Concern::Outside),
    ("urllib3", Concern::Outside),
    ("uuid", Concern::Outside),
    ("vllm", Concern::Compute),
    ("weakref", Concern::Cache),
    ("webbrowser", Concern::Outside),
    ("wrapt", Concern::Patch),
    ("xformers", Concern::Compute),
    ("xmlrpc", Concern::Outside),
    ("zipfile", Concern::Outside),
    ("zipimport", Concern::FromData),
    ("zlib", Concern::FromData),
    ("zmq", Concern::Outside),
];

/// Single names and packages that concern; a name below one of them does not concern once more.
const NAMES: &[(&str, Concern)] = &[
    ("builtins.__import__", Concern::FromData),
    ("builtins.__loader__", Concern::FromData),
    ("builtins.__spec__", Concern::Program),
    ("builtins.__file__", Concern::Program),
    ("builtins.breakpoint", Concern::Internals),
    ("builtins.compile", Concern::FromData),
    ("builtins.delattr", Concern::Patch),
    ("builtins.eval", Concern::FromData),
    ("builtins.exec", Concern::FromData),
    ("builtins.exit", Concern::Exit),
    ("builtins.globals", Concern::Internals),
    ("builtins.input", Concern::Outside),
    ("builtins.locals", Concern::Internals),
    ("builtins.open", Concern::Outside),
    ("builtins.quit", Concern::Exit),
    ("builtins.bytes.fromhex", Concern::FromData),
    ("builtins.bytearray.fromhex", Concern::FromData),
    ("builtins.SystemExit", Concern::Exit),
    ("builtins.KeyboardInterrupt", Concern::Exit),
    ("io.FileIO", Concern::Outside),
    ("io.open", Concern::Outside),
    ("io.open_code", Concern::Outside),
    ("logging.FileHandler", Concern::Outside),
    ("logging.handlers", Concern::Outside),
    ("numpy.fromfile", Concern::Outside),
    ("numpy.load", Concern::Outside),
    ("numpy.loadtxt", Concern::Outside),
    ("numpy.memmap", Concern::Outside),
    ("numpy.random.seed", Concern::Seed),
    ("numpy.save", Concern::Outside),
    ("numpy.savetxt", Concern::Outside),
    ("numpy.savez", Concern::Outside),
    ("os._exit", Concern::Exit),
    ("os.abort", Concern::Exit),
    ("os.fork", Concern::OutOfSight),
    ("os.forkpty", Concern::OutOfSight),
    ("os.register_at_fork", Concern::OutOfSight),
    ("pathlib.Path", Concern::Outside),
    ("pathlib.PosixPath", Concern::Outside),
    ("random.seed", Concern::Seed),
    ("sys._current_frames", Concern::Internals),
    ("sys._getframe", Concern::Internals),
    ("sys._getframemodulename", Concern::Internals),
    ("sys.addaudithook", Concern::Internals),
    ("sys.call_tracing", Concern::Internals),
    ("sys.displayhook", Concern::Patch),
    ("sys.exc_info", Concern::Internals),
    ("sys.excepthook", Concern::Patch),
    ("sys.exit", Concern::Exit),
    ("sys.getrefcount", Concern::Internals),
    ("sys.last_traceback", Concern::Internals),
    ("sys.meta_path", Concern::Patch),
    ("sys.modules", Concern::Internals),
    ("sys.monitoring", Concern::Internals),
    ("sys.path", Concern::Outside),
    ("sys.path_hooks", Concern::Patch),
    ("sys.path_importer_cache", Concern::Patch),
    ("sys.setprofile", Concern::Internals),
    ("sys.setrecursionlimit", Concern::Switch),
    ("sys.settrace", Concern::Internals),
    ("sys.stdin", Concern::Outside),
    ("sys.unraisablehook", Concern::Patch),
    ("time.monotonic", Concern::Clock),
    ("time.monotonic_ns", Concern::Clock),
    ("time.perf_counter", Concern::Clock),
    ("time.perf_counter_ns", Concern::Clock),
    ("time.process_time", Concern::Clock),
    ("time.sleep", Concern::Sleep),
    ("time.thread_time", Concern::Clock),
    ("time.time", Concern::Clock),
    ("time.time_ns", Concern::Clock),
    ("torch._VF", Concern::Compute),
    ("torch._dynamo.config", Concern::Switch),
    ("torch._dynamo.optimize", Concern::Compute),
    ("torch._inductor", Concern::Compute),
    ("torch._nested_tensor_from_mask", Concern::Compute),
    ("torch._refs", Concern::Compute),
    ("torch._prims", Concern::Compute),
    ("torch._decomp", Concern::Compute),
    ("torch.Event", Concern::Timing),
    ("torch.Stream", Concern::OutOfSight),
    ("torch.Tensor._make_subclass", Concern::Disguise),
    ("torch.Tensor._make_wrapper_subclass", Concern::Disguise),
    ("torch.UntypedStorage", Concern::Internals),
    ("torch.autograd.anomaly_mode", Concern::Switch),
    ("torch.autograd.set_detect_anomaly", Concern::Switch),
    ("torch.autograd.set_grad_enabled", Concern::Switch),
    ("torch.backends", Concern::Switch),
    ("torch.classes", Concern::Compute),
    ("torch.compile", Concern::Compute),
    ("torch.cuda.CUDAGraph", Concern::OutOfSight),
    ("torch.cuda.CUDAPluggableAllocator", Concern::Internals),
    ("torch.cuda.Event", Concern::Timing),
    ("torch.cuda.ExternalStream", Concern::OutOfSight),
    ("torch.cuda.MemPool", Concern::Internals),
    ("torch.cuda.Stream", Concern::OutOfSight),
    ("torch.cuda.StreamContext", Concern::OutOfSight),
    ("torch.cuda._compile_kernel", Concern::Compute),
    ("torch.cuda._sleep", Concern::Sleep),
    ("torch.cuda.caching_allocator_alloc", Concern::Internals),
    ("torch.cuda.change_current_allocator", Concern::Switch),
    ("torch.cuda.cudart", Concern::Internals),
    ("torch.cuda.empty_cache", Concern::Switch),
    ("torch.cuda.graph", Concern::OutOfSight),
    ("torch.cuda.graph_pool_handle", Concern::OutOfSight),
    ("torch.cuda.graphs", Concern::OutOfSight),
    ("torch.cuda.make_graphed_callables", Concern::OutOfSight),
    ("torch.cuda.manual_seed", Concern::Seed),
    ("torch.cuda.manual_seed_all", Concern::Seed),
    ("torch.cuda.memory", Concern::Internals),
    ("torch.cuda.memory_snapshot", Concern::Internals),
    ("torch.cuda.nvtx", Concern::Timing),
    ("torch.cuda.set_per_process_memory_fraction", Concern::Switch),
    ("torch.cuda.set_rng_state", Concern::Seed),
    ("torch.cuda.set_stream", Concern::OutOfSight),
    ("torch.cuda.set_sync_debug_mode", Concern::Switch),
    ("torch.cuda.stream", Concern::OutOfSight),
    ("torch.cuda.streams", Concern::OutOfSight),
    ("torch.distributed", Concern::Outside),
    ("torch.from_file", Concern::Outside),
    ("torch.futures", Concern::OutOfSight),
    ("torch.fx", Concern::FromData),
    ("torch.hub", Concern::Outside),
    ("torch.jit", Concern::Compute),
    ("torch.load", Concern::Outside),
    ("torch.manual_seed", Concern::Seed),
    ("torch.random.manual_seed", Concern::Seed),
    ("torch.random.set_rng_state", Concern::Seed),
    ("torch.multiprocessing", Concern::OutOfSight),
    ("torch.nn.attention", Concern::Compute),
    ("torch.nn.modules.module.register_module_forward_hook", Concern::Disguise),
    ("torch.nn.modules.module.register_module_forward_pre_hook", Concern::Disguise),
    ("torch.overrides", Concern::Disguise),
    ("torch.package", Concern::FromData),
    ("torch.save", Concern::Outside),
    ("torch.seed", Concern::Seed),
    ("torch.set_anomaly_enabled", Concern::Switch),
    ("torch.set_autocast_enabled", Concern::Switch),
    ("torch.set_default_device", Concern::Switch),
    ("torch.set_default_dtype", Concern::Switch),
    ("torch.set_default_tensor_type", Concern::Switch),
    ("torch.set_deterministic_debug_mode", Concern::Switch),
    ("torch.set_float32_matmul_precision", Concern::Switch),
    ("torch.set_flush_denormal", Concern::Switch),
    ("torch.set_grad_enabled", Concern::Switch),
    ("torch.set_num_interop_threads", Concern::Switch),
    ("torch.set_num_threads", Concern::Switch),
    ("torch.set_printoptions", Concern::Switch),
    ("torch.set_rng_state", Concern::Seed),
    ("torch.storage", Concern::Internals),
    ("torch.use_deterministic_algorithms", Concern::Switch),
    ("torch.utils._python_dispatch", Concern::Disguise),
    ("torch.utils._pytree.register_pytree_node", Concern::Disguise),
    ("torch.utils.cpp_extension", Concern::Compute),
    ("torch.utils.data", Concern::OutOfSight),
    ("torch.utils.dlpack", Concern::Internals),
    ("torch.utils.model_zoo", Concern::Outside),
    ("torch.utils.weak", Concern::Cache),
    ("torch.Generator", Concern::Seed),
    ("torch._C._DisableTorchDispatch", Concern::Disguise),
    ("torch._C._ExcludeDispatchKeyGuard", Concern::Disguise),
    ("torch._C._len_torch_dispatch_stack", Concern::Disguise),
    ("torch._C.DisableTorchFunction", Concern::Disguise),
    ("torch._C.DisableTorchFunctionSubclass", Concern::Disguise),
    ("triton.compiler", Concern::Internals),
    ("triton.knobs", Concern::Switch),
    ("triton.runtime.cache", Concern::Outside),
    ("triton.runtime.driver.active.clear_cache", Concern::Switch),
    ("logging.basicConfig", Concern::Outside),
    ("sys.setswitchinterval", Concern::Switch),
    ("torch.default_generator", Concern::Seed),
    ("torch.cuda.default_generators", Concern::Seed),
    ("torch.cuda.seed", Concern::Seed),
    ("torch.cuda.seed_all", Concern::Seed),
    ("torch.cuda.random", Concern::Seed),
    ("torch.ops.load_library", Concern::Outside),
    ("torch.autograd.graph.saved_tensors_hooks", Concern::Disguise),
    ("torch._C._disabled_torch_function_impl", Concern::Disguise),
    ("torch._C._cuda_setStream", Concern::OutOfSight),
    ("torch._C._cuda_memorySnapshot", Concern::Internals),
    ("torch.profiler", Concern::OutOfSight),
    ("torch.autograd.profiler", Concern::OutOfSight),
    ("torch.autograd.profiler_legacy", Concern::OutOfSight),
    ("torch.cuda.profiler", Concern::OutOfSight),
    ("torch.cuda.default_stream", Concern::OutOfSight),
    ("torch.cuda.jiterator", Concern::Compute),
    ("cuda.bindings", Concern::Compute),
    ("cuda.core", Concern::Compute),
    ("cuda.cuda", Concern::Compute),
    ("cuda.nvrtc", Concern::Compute),
    ("torch._inductor.config", Concern::Switch),
    ("torch.initial_seed", Concern::Seed),
    ("torch.cuda.initial_seed", Concern::Seed),
    ("torch.get_rng_state", Concern::Seed),
    ("torch.random.get_rng_state", Concern::Seed),
    ("torch.cuda.get_rng_state", Concern::Seed),
    ("torch.cuda.get_rng_state_all", Concern::Seed),
    ("triton.runtime.driver.set_active", Concern::Patch),
    ("triton.runtime.driver.set_active_to_default", Concern::Patch),
    ("triton.runtime.driver.reset_active", Concern::Patch),
    ("datetime.datetime.now", Concern::Clock),
    ("datetime.datetime.utcnow", Concern::Clock),
    ("datetime.datetime.today", Concern::Clock),
    ("datetime.date.today", Concern::Clock),
    ("time.localtime", Concern::Clock),
    ("time.gmtime", Concern::Clock),
    ("time.ctime", Concern::Clock),
    ("time.clock_gettime", Concern::Clock),
    ("numpy.random", Concern::Draw),
    ("random.random", Concern::Draw),
    ("random.randint", Concern::Draw),
    ("random.randrange", Concern::Draw),
    ("random.choice", Concern::Draw),
    ("random.choices", Concern::Draw),
    ("random.shuffle", Concern::Draw),
    ("random.uniform", Concern::Draw),
    ("random.sample", Concern::Draw),
    ("random.getrandbits", Concern::Draw),
    ("random.gauss", Concern::Draw),
    ("random.Random", Concern::Draw),
    ("random.SystemRandom", Concern::Draw),
    ("random.randbytes", Concern::Draw),
    ("types.CodeType", Concern::FromData),
    ("types.FunctionType", Concern::FromData),
    ("types.MethodType", Concern::Patch),
    ("types.ModuleType", Concern::FromData),
    ("unittest.mock", Concern::Patch),
];

/// Names of `os` that do nothing but compute with names and numbers.
const HARMLESS_OS: &[&str] = &["cpu_count", "fspath", "linesep", "name", "path", "sep", "PathLike"];

/// What a reviewer would object to in the use of a path.
pub(super) fn concern(path: &str) -> Option<Concern> {
    if let Ok(at) = NAMES_SORTED.binary_search_by(|(name, _)| (*name).cmp(path)) {
        return Some(NAMES_SORTED[at].1);
    }
    let (root, rest) = path.split_once('.')?;
    if let Some(name) = path.strip_prefix("torch._C.") {
        // `torch._C._set_cublas_allow_tf32`.
        let sets = name.starts_with("_set_") || name.starts_with("set_");
        return sets.then_some(Concern::Switch);
    }
    if root == "os" {
        let looks =
            ["path.exists", "path.isfile", "path.isdir", "path.getsize", "path.getmtime", "path.realpath"];
        if looks.contains(&rest) {
            return Some(Concern::Outside);
        }
        let first = rest.split('.').next().unwrap_or(rest);
        return (first == rest && !HARMLESS_OS.contains(&rest)).then_some(Concern::Outside);
    }
    // The module alone is its import; what it offers is its use.
    if rest.contains('.') {
        return None;
    }
    module_concern(root)
}

/// What a reviewer would object to in the import of a module.
pub(super) fn module_concern(root: &str) -> Option<Concern> {
    let at = MODULES.binary_search_by(|(name, _)| (*name).cmp(root)).ok()?;
    Some(MODULES[at].1)
}

static NAMES_SORTED: std::sync::LazyLock<Vec<(&str, Concern)>> = std::sync::LazyLock::new(|| {
    let mut sorted = NAMES.to_vec();
    sorted.sort_unstable_by_key(|(name, _)| *name);
    sorted
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_modules_are_in_order() {
        assert!(MODULES.is_sorted_by_key(|(name, _)| *name));
    }

    #[test]
    fn a_use_concerns_once() {
        assert_eq!(concern("gc.get_objects"), Some(Concern::Internals));
        assert_eq!(concern("gc.get_objects.__self__"), None);
        assert_eq!(concern("os.environ"), Some(Concern::Outside));
        assert_eq!(concern("os.environ.get"), None);
        assert_eq!(concern("os.path.join"), None);
        assert_eq!(concern("torch.cuda.device"), None);
    }
}
