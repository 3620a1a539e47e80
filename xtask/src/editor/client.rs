//! A client of the language server protocol: one document, and requests one after the other.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::Outcome;

/// For the answer to a request, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// The errors of a server that has not finished looking at a change: `ContentModified`, `ServerCancelled`.
const COME_BACK: [i64; 2] = [-32801, -32802];

pub(crate) struct Client {
    server: Child,
    input: ChildStdin,
    output: Receiver<Value>,
    last_id: u64,
    version: u64,
    document: String,
    /// What the server has last said of itself.
    status: Option<Value>,
}

impl Client {
    /// Starts the server for a project.
    pub(crate) fn start(mut server: Command, project: &Path, options: Value) -> Outcome<Client> {
        let name = server.get_program().display().to_string();
        let mut server = server
            .current_dir(project)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("cannot start {name}: {error}"))?;
        let input = server.stdin.take().expect("piped");
        let mut from = BufReader::new(server.stdout.take().expect("piped"));
        let (tx, output) = channel();
        std::thread::spawn(move || {
            while let Some(message) = read(&mut from) {
                if tx.send(message).is_err() {
                    return;
                }
            }
        });
        let document = uri(&project.join("src/main.rs"));
        let mut client = Client { server, input, output, last_id: 0, version: 0, document, status: None };
        client.request(
            "initialize",
            json!({
                "processId": std::process::id(),
                "rootUri": uri(project),
                "workspaceFolders": [{ "uri": uri(project), "name": "project" }],
                "initializationOptions": options,
                "capabilities": {
                    "general": { "positionEncodings": ["utf-8"] },
                    "textDocument": { "hover": { "contentFormat": ["plaintext"] } },
                    "experimental": { "serverStatusNotification": true },
                },
            }),
        )?;
        client.notify("initialized", json!({}))?;
        Ok(client)
    }

    /// Waits until the server has loaded everything.
    pub(crate) fn wait_until_loaded(&mut self, limit: Duration) -> Outcome {
        let start = Instant::now();
        loop {
            if let Some(status) = &self.status
                && status["quiescent"] == true
            {
                return match status["health"].as_str() {
                    Some("ok") => Ok(()),
                    _ => Err(format!("the server is not well: {}", status["message"])),
                };
            }
            if start.elapsed() > limit {
                return Err(format!("the server has not loaded the project within {limit:?}"));
            }
            match self.output.recv_timeout(Duration::from_secs(1)) {
                Ok(message) => self.take(&message)?,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err("the server has ended".to_owned()),
            }
        }
    }

    /// Opens the document, or replaces all of its text.
    pub(crate) fn show(&mut self, text: &str) -> Outcome {
        self.version += 1;
        let (uri, version) = (&self.document, self.version);
        match version {
            1 => self.notify(
                "textDocument/didOpen",
                json!({ "textDocument": { "uri": uri, "languageId": "rust", "version": 1, "text": text } }),
            ),
            _ => self.notify(
                "textDocument/didChange",
                json!({ "textDocument": { "uri": uri, "version": version }, "contentChanges": [{ "text": text }] }),
            ),
        }
    }

    /// Asks about the offset `at` of `text`, which is shown. `more` are further parameters.
    pub(crate) fn ask_at(&mut self, method: &str, text: &str, at: usize, more: Value) -> Outcome<Value> {
        let before = &text[..at];
        let line = before.matches('\n').count();
        let character = at - before.rfind('\n').map_or(0, |newline| newline + 1);
        let mut params = json!({
            "textDocument": { "uri": self.document },
            "position": { "line": line, "character": character },
        });
        if let (Value::Object(params), Value::Object(more)) = (&mut params, more) {
            params.extend(more);
        }
        let start = Instant::now();
        loop {
            match self.request(method, params.clone()) {
                Err(error) if error.starts_with(AGAIN) && start.elapsed() < PATIENCE => {
                    std::thread::sleep(Duration::from_millis(100));
                }
                answer => return answer,
            }
        }
    }

    /// The URI of the document.
    pub(crate) fn document(&self) -> &str {
        &self.document
    }

    fn request(&mut self, method: &str, params: Value) -> Outcome<Value> {
        self.last_id += 1;
        let id = self.last_id;
        self.write(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))?;
        let deadline = Instant::now() + 3 * PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let message =
                self.output.recv_timeout(left).map_err(|error| format!("no answer to {method}: {error}"))?;
            if message["id"] != json!(id) || message.get("method").is_some() {
                self.take(&message)?;
                continue;
            }
            return match message.get("error") {
                None => Ok(message["result"].clone()),
                Some(error) if COME_BACK.contains(&error["code"].as_i64().unwrap_or(0)) => {
                    Err(format!("{AGAIN}: {error}"))
                }
                Some(error) => Err(error["message"].as_str().unwrap_or("an error").to_owned()),
            };
        }
    }

    /// Something that the server says or asks by itself.
    fn take(&mut self, message: &Value) -> Outcome {
        let method = message["method"].as_str().unwrap_or("");
        if method == "experimental/serverStatus" {
            self.status = Some(message["params"].clone());
        }
        let Some(id) = message.get("id").filter(|_| message.get("method").is_some()) else { return Ok(()) };
        let answer = match method {
            "workspace/configuration" => message["params"]["items"]
                .as_array()
                .map_or(Value::Null, |items| json!(vec![Value::Null; items.len()])),
            _ => Value::Null,
        };
        self.write(&json!({ "jsonrpc": "2.0", "id": id, "result": answer }))
    }

    fn notify(&mut self, method: &str, params: Value) -> Outcome {
        self.write(&json!({ "jsonrpc": "2.0", "method": method, "params": params }))
    }

    fn write(&mut self, message: &Value) -> Outcome {
        let text = message.to_string();
        let frame = format!("Content-Length: {}\r\n\r\n{text}", text.len());
        let written = self.input.write_all(frame.as_bytes()).and_then(|()| self.input.flush());
        written.map_err(|error| format!("the server does not listen: {error}"))
    }
}

/// How the error of a request begins that is to be repeated.
const AGAIN: &str = "again";

impl Drop for Client {
    fn drop(&mut self) {
        // It is only a reader of files.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The next message; none at the end.
fn read(from: &mut BufReader<ChildStdout>) -> Option<Value> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if from.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            header => {
                if let Some(given) = header.strip_prefix("Content-Length: ") {
                    length = given.parse().ok();
                }
            }
        }
    }
    let mut body = vec![0; length?];
    from.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}

/// `text` with the edits of a server. They do not overlap.
pub(crate) fn edited(text: &str, edits: &[Value]) -> String {
    let lines: Vec<usize> =
        std::iter::once(0).chain(text.match_indices('\n').map(|(newline, _)| newline + 1)).collect();
    let offset = |position: &Value| {
        let number = |name: &str| position[name].as_u64().unwrap_or(0) as usize;
        lines.get(number("line")).copied().unwrap_or(text.len()) + number("character")
    };
    let mut edits: VecDeque<_> = edits
        .iter()
        .map(|edit| {
            let range = &edit["range"];
            (offset(&range["start"]), offset(&range["end"]), edit["newText"].as_str().unwrap_or(""))
        })
        .collect();
    edits.make_contiguous().sort_unstable();
    let mut whole = String::new();
    let mut at = 0;
    for (start, end, new) in edits {
        whole += text.get(at..start).unwrap_or("");
        whole += new;
        at = end;
    }
    whole + text.get(at..).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_applied_wherever_they_stand() {
        let edit = |line: u32, from: u32, to: u32, new: &str| {
            json!({
                "range": { "start": { "line": line, "character": from }, "end": { "line": line, "character": to } },
                "newText": new,
            })
        };
        let text = "let a = 1;\nf(a, a);\n";
        let edits = [edit(1, 5, 6, "long"), edit(0, 4, 5, "long"), edit(1, 2, 3, "long")];
        assert_eq!(edited(text, &edits), "let long = 1;\nf(long, long);\n");
    }
}
