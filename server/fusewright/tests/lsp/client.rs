//! A language client for tests: it drives the real binary, and fails when a message is left unread.
//!
//! Every message of the server is either asked for by the test or an error: a notification too many is a
//! defect as much as one too few. The limits only end a test that hangs; none of them measures anything.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long a test waits for what must come.
const LIMIT: Duration = Duration::from_mins(1);

/// A server under test and the messages it sent.
pub(crate) struct Client {
    server: Child,
    input: Option<ChildStdin>,
    messages: Receiver<Value>,
    unread: VecDeque<Value>,
    last_id: i64,
    /// Requests of the server that are answered with `null` as they come.
    answered: Vec<&'static str>,
    /// Notifications that may be left unread.
    read_over: Vec<&'static str>,
    errors: std::sync::Arc<std::sync::Mutex<String>>,
}

/// How a server is started.
pub(crate) struct Setup<'a> {
    pub(crate) capabilities: Value,
    pub(crate) options: Value,
    pub(crate) process_id: Option<u32>,
    pub(crate) folder: Option<&'a Path>,
    pub(crate) environment: Vec<(&'static str, String)>,
}

impl Default for Setup<'_> {
    fn default() -> Self {
        Self {
            capabilities: json!({}),
            options: Value::Null,
            process_id: None,
            folder: None,
            environment: Vec::new(),
        }
    }
}

/// The `file:` address of a path.
pub(crate) fn address(path: &Path) -> String {
    format!("file://{}", path.display())
}

impl Client {
    /// Starts a server and says nothing to it.
    pub(crate) fn spawn(environment: &[(&'static str, String)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fusewright"));
        command.env_remove("FUSEWRIGHT_PYTHON").env_remove("FUSEWRIGHT_LOG");
        command.arg("server").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        for (name, value) in environment {
            command.env(name, value);
        }
        let mut server = command.spawn().expect("the server starts");
        let input = server.stdin.take();
        let output = server.stdout.take().expect("its output is a pipe");
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            let mut output = BufReader::new(output);
            while let Some(message) = read_message(&mut output) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let errors = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
        let log = errors.clone();
        let stderr = server.stderr.take().expect("its errors are a pipe");
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let mut log = log.lock().unwrap();
                log.push_str(&line);
                log.push('\n');
            }
        });
        Self {
            server,
            input,
            messages,
            unread: VecDeque::new(),
            last_id: 0,
            answered: Vec::new(),
            read_over: Vec::new(),
            errors,
        }
    }

    /// Starts a server and shakes hands with it.
    pub(crate) fn start(setup: Setup) -> Self {
        let mut client = Self::spawn(&setup.environment);
        let folders = setup.folder.map(|folder| json!([{"uri": address(folder), "name": "work"}]));
        client.ok(
            "initialize",
            json!({
                "processId": setup.process_id,
                "rootUri": setup.folder.map(address),
                "workspaceFolders": folders,
                "capabilities": setup.capabilities,
                "initializationOptions": setup.options,
            }),
        );
        client.notify("initialized", json!({}));
        client
    }

    /// A server as most tests want it.
    pub(crate) fn plain() -> Self {
        Self::start(Setup::default())
    }

    /// Sends raw bytes.
    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().expect("the input is open");
        input.write_all(bytes).and_then(|()| input.flush()).expect("the server reads");
    }

    /// The bytes of one message.
    pub(crate) fn frame(message: &Value) -> Vec<u8> {
        let body = message.to_string();
        format!("Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
    }

    fn send(&mut self, message: &Value) {
        self.send_bytes(&Self::frame(message));
    }

    pub(crate) fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    /// Sends a request and returns its id at once.
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> i64 {
        self.last_id += 1;
        let id = self.last_id;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        id
    }

    /// Waits for the answer to a request.
    pub(crate) fn answer(&mut self, id: i64) -> Result<Value, Value> {
        let mut answer = self.wait(&format!("the answer to {id}"), |message| {
            message.get("method").is_none() && message["id"] == json!(id)
        });
        match answer.get_mut("error").map(Value::take) {
            Some(error) => Err(error),
            None => Ok(answer["result"].take()),
        }
    }

    /// Waits for the error that answers a message without a readable id.
    pub(crate) fn answer_to_null(&mut self) -> Value {
        let wanted = |message: &Value| message.get("method").is_none() && message["id"].is_null();
        self.wait("an answer without an id", wanted)["error"].take()
    }

    /// Sends a request and waits for its result.
    pub(crate) fn ok(&mut self, method: &str, params: Value) -> Value {
        let id = self.ask(method, params);
        self.answer(id).unwrap_or_else(|error| panic!("{method} failed: {error}"))
    }

    /// Sends a request and waits for its refusal.
    pub(crate) fn refused(&mut self, method: &str, params: Value) -> Value {
        let id = self.ask(method, params);
        self.answer(id).expect_err("a refusal")
    }

    /// Waits for a notification and returns its parameters.
    pub(crate) fn expect(&mut self, method: &str) -> Value {
        self.wait(method, |message| message["method"] == method && message.get("id").is_none())["params"]
            .take()
    }

    /// Waits for a request of the server and returns it, to be answered with [`Client::reply`].
    pub(crate) fn expect_request(&mut self, method: &str) -> Value {
        self.wait(method, |message| message["method"] == method && message.get("id").is_some())
    }

    /// Answers a request of the server.
    pub(crate) fn reply(&mut self, request: &Value, result: Value) {
        self.send(&json!({"jsonrpc": "2.0", "id": request["id"], "result": result}));
    }

    /// Refuses a request of the server.
    pub(crate) fn refuse(&mut self, request: &Value, code: i64, message: &str) {
        let error = json!({"code": code, "message": message});
        self.send(&json!({"jsonrpc": "2.0", "id": request["id"], "error": error}));
    }

    /// From now on answers these requests of the server with `null`.
    pub(crate) fn answer_always(&mut self, methods: &[&'static str]) {
        self.answered.extend(methods);
    }

    /// Opens a document; does not wait for its diagnostics.
    pub(crate) fn open(&mut self, uri: &str, text: &str) {
        let document = json!({"uri": uri, "languageId": "python", "version": 1, "text": text});
        self.notify("textDocument/didOpen", json!({"textDocument": document}));
    }

    /// Edits a document; does not wait for its diagnostics.
    pub(crate) fn change(&mut self, uri: &str, version: i32, changes: Value) {
        let document = json!({"uri": uri, "version": version});
        self.notify("textDocument/didChange", json!({"textDocument": document, "contentChanges": changes}));
    }

    /// The next diagnostics of a document at a version; those of earlier versions are read over.
    pub(crate) fn diagnostics(&mut self, uri: &str, version: i32) -> Vec<Value> {
        let mut found = self.wait(&format!("diagnostics of {uri} at {version}"), |message| {
            message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["uri"] == uri
                && message["params"]["version"] == version
        });
        self.unread.retain(|message| {
            message["method"] != "textDocument/publishDiagnostics"
                || message["params"]["uri"] != uri
                || message["params"]["version"].as_i64().is_none_or(|known| known >= i64::from(version))
        });
        serde_json::from_value(found["params"]["diagnostics"].take()).expect("a list")
    }

    /// The codes of a document's diagnostics at a version.
    pub(crate) fn codes(&mut self, uri: &str, version: i32) -> Vec<String> {
        let diagnostics = self.diagnostics(uri, version);
        diagnostics.iter().map(|one| one["code"].as_str().unwrap_or_default().to_owned()).collect()
    }

    fn wait(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(index) = self.unread.iter().position(&wanted) {
            return self.unread.remove(index).expect("it is there");
        }
        let end = Instant::now() + LIMIT;
        loop {
            match self.messages.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(message) if self.is_answered(&message) => self.reply(&message, Value::Null),
                Ok(message) if wanted(&message) => return message,
                Ok(message) => self.unread.push_back(message),
                Err(error) => {
                    let reason = match error {
                        RecvTimeoutError::Timeout => "it never came",
                        RecvTimeoutError::Disconnected => "the server closed its output",
                    };
                    panic!("waited for {what}: {reason}; unread: {:#?}\nlog:\n{}", self.unread, self.log());
                }
            }
        }
    }

    fn is_answered(&self, message: &Value) -> bool {
        message.get("id").is_some()
            && message["method"].as_str().is_some_and(|method| self.answered.contains(&method))
    }

    /// What the server wrote to standard error.
    pub(crate) fn log(&self) -> String {
        self.errors.lock().unwrap().clone()
    }

    /// Closes the server's input.
    pub(crate) fn close_input(&mut self) {
        self.input = None;
    }

    /// Ends the server as a crash would, wherever it is.
    pub(crate) fn kill(mut self) {
        self.server.kill().expect("the child is ours");
        self.server.wait().expect("it ends");
    }

    /// Waits until the server has ended by itself.
    pub(crate) fn wait_for_end(&mut self) -> ExitStatus {
        let end = Instant::now() + LIMIT;
        while Instant::now() < end {
            if let Some(status) = self.server.try_wait().expect("its status is known") {
                return status;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("the server does not end; log:\n{}", self.log());
    }

    /// From now on leaves these notifications unread.
    pub(crate) fn read_over(&mut self, methods: &[&'static str]) {
        self.read_over.extend(methods);
    }

    /// Ends the session where more states may have been told than the test reads: how many there are between
    /// two that it asks for depends on how fast the machine is.
    pub(crate) fn finish_past_status(mut self) {
        self.read_over.push("fusewright/status");
        self.finish();
    }

    /// Ends the session as an editor does, and checks that nothing was left unread.
    pub(crate) fn finish(mut self) {
        self.ok("shutdown", Value::Null);
        self.notify("exit", Value::Null);
        // The input stays open: the server must end all the same.
        let status = self.wait_for_end();
        assert!(status.success(), "{status}; log:\n{}", self.log());
        self.assert_all_read();
    }

    /// Fails if a message was left unread.
    pub(crate) fn assert_all_read(&mut self) {
        // The reader's end of the channel closes when the server's output does.
        while let Ok(message) = self.messages.recv_timeout(LIMIT) {
            if !self.is_answered(&message) {
                self.unread.push_back(message);
            }
        }
        let mut unread = std::mem::take(&mut self.unread);
        unread.retain(|message| {
            !message["method"].as_str().is_some_and(|method| self.read_over.contains(&method))
        });
        assert!(unread.is_empty(), "left unread: {unread:#?}");
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let forgotten =
            !std::thread::panicking() && self.server.try_wait().is_ok_and(|status| status.is_none());
        // The child is ours and has no other owner, so a failure to end it is no concern of the test's.
        let _ = self.server.kill();
        let _ = self.server.wait();
        assert!(!forgotten, "the test did not end its server with `finish`");
    }
}

fn read_message(output: &mut impl BufRead) -> Option<Value> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            header => {
                let (name, value) = header.split_once(": ").expect("a header");
                assert_eq!(name, "Content-Length", "nothing but messages on standard output");
                length = Some(value.parse::<usize>().expect("a length"));
            }
        }
    }
    let mut body = vec![0; length.expect("a length")];
    output.read_exact(&mut body).ok()?;
    Some(serde_json::from_slice(&body).expect("JSON"))
}
