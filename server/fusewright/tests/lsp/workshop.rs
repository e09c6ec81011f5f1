//! A folder with a pair in it, and a server whose harness is simulated.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::client::{Client, Setup, address};

/// A pair without a fault. `simulated_harness.py` reads its `# simulated:` line.
pub(crate) fn pair(simulated: &str) -> String {
    format!(
        r#""""Fused Kernels: relu"""

# <PYTHON>
import torch


def relu_torch(x):
    return torch.relu(x)
# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def relu_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    # simulated: {simulated}
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + at, mask=at < n)
    tl.store(out_ptr + at, tl.maximum(x, 0.0), mask=at < n)


def relu_triton(x):
    out = torch.empty_like(x)
    relu_kernel[(triton.cdiv(x.numel(), 1024),)](x, out, x.numel(), BLOCK=1024)
    return out
# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(2, 3, device="cuda"),)
# </TEST>
"#
    )
}

/// The 0-based lines of `pair` that verdicts stand on.
pub(crate) const LINE_OF_REFERENCE: u32 = 6;
pub(crate) const LINE_OF_KERNEL: u32 = 17;
pub(crate) const LINE_OF_LOAD: u32 = 20;
pub(crate) const LINE_OF_WRAPPER: u32 = 24;
pub(crate) const LINE_OF_MARKER: u32 = 10;

/// The title of the lens that `pair` in the closed style always has.
pub(crate) const CONVERT: &str = "Convert to the open style";
/// The title of the lens above its PYTHON block where no model is configured.
pub(crate) const GENERATE: &str = "✦ Generate Triton with TorchInductor (no model)";

/// A workspace of its own.
pub(crate) struct Workshop {
    folder: tempfile::TempDir,
    home: tempfile::TempDir,
}

impl Workshop {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("triton_training_data/output")).unwrap();
        Self { folder, home: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Fusewright's own folder.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    pub(crate) fn uri(&self, name: &str) -> String {
        address(&self.path(name))
    }

    /// What the archived examples are, one line each.
    pub(crate) fn dataset(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.path("triton_training_data/output/training_data.jsonl"));
        text.unwrap_or_default().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// A server on this workspace, whose user's folders are the workshop's.
    pub(crate) fn server(&self, capabilities: Value, more: Value) -> Client {
        self.start(capabilities, more, Vec::new())
    }

    /// The same, logging as much as it can.
    pub(crate) fn loud_server(&self, capabilities: Value, more: Value) -> Client {
        self.start(capabilities, more, vec![("FUSEWRIGHT_LOG", "trace".to_owned())])
    }

    fn start(&self, capabilities: Value, more: Value, environment: Vec<(&'static str, String)>) -> Client {
        let harness = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lsp/simulated_harness.py");
        let mut options = json!({"settings": {}});
        let (into, from) = (options.as_object_mut().unwrap(), more.as_object().cloned().unwrap_or_default());
        into.extend(from);
        options["settings"]["python"] = json!({"command": ["python3", harness]});
        let mut environment = environment;
        environment.push(("FUSEWRIGHT_HOME", self.home.path().display().to_string()));
        let mut client = Client::start(Setup {
            capabilities,
            options,
            folder: Some(self.folder.path()),
            environment,
            ..Setup::default()
        });
        client.answer_always(&["workspace/codeLens/refresh", "workspace/inlayHint/refresh"]);
        client
    }

    /// A server for a client that shows everything, with one pair open.
    pub(crate) fn open(&self, name: &str, simulated: &str) -> (Client, String) {
        let mut client = self.server(able(), json!({"status": true}));
        let uri = self.uri(name);
        client.open(&uri, &pair(simulated));
        assert_eq!(client.codes(&uri, 1), Vec::<String>::new(), "the pair itself is without a fault");
        assert_eq!(client.expect("fusewright/status")["state"], "idle");
        (client, uri)
    }
}

/// The capabilities of a client that can do all that the server asks for, but for progress.
pub(crate) fn able() -> Value {
    json!({
        "workspace": {
            "workspaceEdit": {"documentChanges": true},
            "codeLens": {"refreshSupport": true},
            "inlayHint": {"refreshSupport": true},
        },
        "textDocument": {
            "publishDiagnostics": {"relatedInformation": true},
            "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}},
            "documentSymbol": {"hierarchicalDocumentSymbolSupport": true},
            "completion": {"completionItem": {"snippetSupport": true}},
        },
    })
}

impl Client {
    /// Asks for a command on a document and returns the request's id.
    pub(crate) fn command(&mut self, name: &str, uri: &str) -> i64 {
        self.ask("workspace/executeCommand", json!({"command": name, "arguments": [uri]}))
    }

    /// Runs a command on a document and returns its result.
    pub(crate) fn command_result(&mut self, name: &str, uri: &str) -> Value {
        let id = self.command(name, uri);
        self.answer(id).unwrap()
    }

    /// Reads the states up to one that is wanted.
    pub(crate) fn status(&mut self, state: &str) -> Value {
        loop {
            let status = self.expect("fusewright/status");
            if status["state"] == state {
                return status;
            }
        }
    }

    /// Verifies a document and returns the verdict line, the diagnostics and the status.
    pub(crate) fn verify(&mut self, uri: &str, version: i32) -> (Value, Vec<Value>, Value) {
        let id = self.command("fusewright.verify", uri);
        let line = self.answer(id).unwrap();
        let diagnostics = self.diagnostics(uri, version);
        let wanted = if line["verdict"].is_null() { "error" } else { "verified" };
        let status = self.status(wanted);
        (line, diagnostics, status)
    }

    /// The titles of a document's lenses.
    pub(crate) fn lenses(&mut self, uri: &str) -> Vec<String> {
        let lenses = self.ok("textDocument/codeLens", json!({"textDocument": {"uri": uri}}));
        let list = lenses.as_array().cloned().unwrap_or_default();
        list.iter().map(|lens| lens["command"]["title"].as_str().unwrap().to_owned()).collect()
    }

    /// The actions at a place.
    pub(crate) fn actions(&mut self, uri: &str, line: u32, only: Value) -> Vec<Value> {
        let at = json!({"line": line, "character": 0});
        let context = match only {
            Value::Null => json!({"diagnostics": []}),
            only => json!({"diagnostics": [], "only": only}),
        };
        let params =
            json!({"textDocument": {"uri": uri}, "range": {"start": at, "end": at}, "context": context});
        self.ok("textDocument/codeAction", params).as_array().cloned().unwrap_or_default()
    }
}
