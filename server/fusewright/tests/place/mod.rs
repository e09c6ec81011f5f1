//! A folder of its own for one test: a workspace, a home, and the binary run in it.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "only tests use this")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use fusewright_engine::remembered::VerdictStore;
use fusewright_engine::verdict::{Implementation, PairError, Ruling, Stage, Status, VerdictLine};
use fusewright_pair::PairFile;

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_fusewright");

pub(crate) struct Place {
    folder: tempfile::TempDir,
}

pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        place.make_dir("work");
        place
    }

    /// A path in the workspace.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("work").join(name)
    }

    pub(crate) fn make_dir(&self, name: &str) {
        fs::create_dir_all(self.path(name)).unwrap();
    }

    pub(crate) fn write(&self, name: &str, content: &[u8]) {
        fs::write(self.path(name), content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// A command that runs in the workspace and knows nothing of the user's own settings.
    pub(crate) fn program(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.path(""))
            .env("FUSEWRIGHT_HOME", self.folder.path().join("home"))
            .env_remove("FUSEWRIGHT_LOG")
            .env_remove("CLICOLOR_FORCE");
        command
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.program(BINARY, arguments)
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.finish(&mut self.command(arguments))
    }

    pub(crate) fn finish(&self, command: &mut Command) -> Ran {
        let output = command.output().unwrap();
        let text = |bytes| {
            let folder = self.path("").canonicalize().unwrap();
            String::from_utf8(bytes).unwrap().replace(folder.to_str().unwrap(), "DIR")
        };
        Ran {
            status: output.status.code().unwrap_or(-1),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Has the simulated harness judge in this place, as the TRITON block says; what its process is given goes to
    /// `surroundings.txt`.
    pub(crate) fn judge_by_simulation(&self) {
        let harness = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lsp/simulated_harness.py");
        let surroundings = self.path("surroundings.txt");
        let script = format!("env > '{}'; exec python3 '{}'", surroundings.display(), harness.display());
        self.write(
            "fusewright.toml",
            format!("[python]\ncommand = [\"sh\", \"-c\", {script:?}]\n").as_bytes(),
        );
        assert_eq!(self.run(&["trust"]).status, 0);
    }

    /// Remembers a verdict on a pair file, as `fusewright verify` does.
    pub(crate) fn verified(&self, name: &str, ruling: Ruling) {
        let error = PairError {
            implementation: Implementation::Triton,
            stage: Stage::Timing,
            kind: "NoDevice".to_owned(),
            message: "no GPU".to_owned(),
            line: None,
            traceback: String::new(),
        };
        let verdict = VerdictLine {
            status: Status::Success,
            correct: true,
            verdict: Some(ruling),
            hash: PairFile::parse(self.read(name)).hash().unwrap().to_owned(),
            ..VerdictLine::failed(name, error)
        };
        VerdictStore::at(self.folder.path().join("home/cache/verdicts")).remember(&verdict).unwrap();
    }
}

/// A pair that adds a number; two numbers make two pairs.
pub(crate) fn pair(number: usize) -> String {
    format!(
        r#""""Fused Kernels: add {number}"""

# <PYTHON>
import torch


def add_torch(x):
    return x + {number}


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def add_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n
    tl.store(out_ptr + offsets, tl.load(x_ptr + offsets, mask=mask) + {number}, mask=mask)


def add_triton(x):
    out = torch.empty_like(x)
    add_kernel[(triton.cdiv(x.numel(), 256),)](x, out, x.numel(), BLOCK=256)
    return out


# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(1000, device="cuda"),)
"#
    )
}
