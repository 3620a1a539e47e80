//! Runs every example as its reader would and compares all it prints, on both backends and on one
//! worker.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The runtimes each example must give the same answer on.
const SETTINGS: [(&str, &str); 4] =
    [("coroutines", ""), ("coroutines", "1"), ("threads", ""), ("threads", "1")];

/// Far above what any of them needs: only a hang gets here.
const PATIENCE: Duration = Duration::from_secs(120);

fn command(program: &str, (backend, workers): (&str, &str)) -> Command {
    let mut command = Command::new(program);
    command.env("GOCHAN_BACKEND", backend).env_remove("GOCHAN_MAXPROCS").stdin(Stdio::null());
    if !workers.is_empty() {
        command.env("GOCHAN_MAXPROCS", workers);
    }
    command
}

/// Runs to the end and returns what was printed, or kills it and fails if there is no end.
fn run(command: &mut Command) -> Output {
    fn reader(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<Vec<u8>> {
        thread::spawn(move || {
            let mut bytes = Vec::new();
            pipe.read_to_end(&mut bytes).expect("a pipe can be read");
            bytes
        })
    }
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the example starts");
    let stdout = reader(child.stdout.take().expect("stdout is piped"));
    let stderr = reader(child.stderr.take().expect("stderr is piped"));
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            break status;
        }
        if start.elapsed() > PATIENCE {
            child.kill().expect("a child can be killed");
            panic!("{command:?} did not end within {PATIENCE:?}");
        }
        thread::sleep(Duration::from_millis(2));
    };
    let bytes = |pipe: thread::JoinHandle<Vec<u8>>| pipe.join().expect("the reader does not panic");
    Output { status, stdout: bytes(stdout), stderr: bytes(stderr) }
}

/// The part of an example's header between the line that runs it and the end of that block.
fn promised(source: &str) -> String {
    let header = source
        .lines()
        .map_while(|line| line.strip_prefix("//!"))
        .map(|line| line.strip_prefix(' ').unwrap_or(line));
    let shown = header.skip_while(|line| !line.starts_with("$ cargo run")).skip(1);
    shown.take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect()
}

#[track_caller]
fn prints_what_its_header_promises(program: &str, source: &str) {
    let promised = promised(source);
    assert!(!promised.is_empty(), "no output is promised in the header");
    for setting in SETTINGS {
        let output = run(&mut command(program, setting));
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "stderr, {setting:?}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), promised, "stdout, {setting:?}");
        assert!(output.status.success(), "{}, {setting:?}", output.status);
    }
}

#[test]
fn hello() {
    prints_what_its_header_promises(env!("CARGO_BIN_EXE_hello"), include_str!("../hello.rs"));
}

#[test]
fn pingpong() {
    prints_what_its_header_promises(env!("CARGO_BIN_EXE_pingpong"), include_str!("../pingpong.rs"));
}

#[test]
fn pipeline() {
    prints_what_its_header_promises(env!("CARGO_BIN_EXE_pipeline"), include_str!("../pipeline.rs"));
    assert_eq!(promised(include_str!("../pipeline.rs")), "1 4 9 16 25\n");
}

#[test]
fn sieve() {
    prints_what_its_header_promises(env!("CARGO_BIN_EXE_sieve"), include_str!("../sieve.rs"));
}

#[test]
fn fan_in() {
    prints_what_its_header_promises(env!("CARGO_BIN_EXE_fan_in"), include_str!("../fan_in.rs"));
}

#[test]
fn bank() {
    prints_what_its_header_promises(env!("CARGO_BIN_EXE_bank"), include_str!("../bank.rs"));
}

#[test]
fn clock() {
    prints_what_its_header_promises(env!("CARGO_BIN_EXE_clock"), include_str!("../clock.rs"));
}

#[test]
fn reverb() {
    prints_what_its_header_promises(env!("CARGO_BIN_EXE_reverb"), include_str!("../reverb.rs"));
}

#[test]
fn chat() {
    prints_what_its_header_promises(env!("CARGO_BIN_EXE_chat"), include_str!("../chat.rs"));
}

#[test]
fn httpd() {
    prints_what_its_header_promises(env!("CARGO_BIN_EXE_httpd"), include_str!("../httpd/main.rs"));
}

#[test]
fn kv() {
    prints_what_its_header_promises(env!("CARGO_BIN_EXE_kv"), include_str!("../kv/main.rs"));
}

#[test]
fn fetch_all() {
    prints_what_its_header_promises(env!("CARGO_BIN_EXE_fetch_all"), include_str!("../fetch_all.rs"));
}

#[test]
fn once_config() {
    prints_what_its_header_promises(env!("CARGO_BIN_EXE_once_config"), include_str!("../once_config.rs"));
}

#[test]
fn errgroup_fetch() {
    prints_what_its_header_promises(
        env!("CARGO_BIN_EXE_errgroup_fetch"),
        include_str!("../errgroup_fetch.rs"),
    );
}

#[test]
fn cache() {
    prints_what_its_header_promises(env!("CARGO_BIN_EXE_cache"), include_str!("../cache.rs"));
}

/// Starts the example, sends the signal as soon as it has said its first line, and returns all it prints.
#[cfg(unix)]
fn interrupted(program: &str, setting: (&str, &str), signal: &str) -> (String, Output) {
    use std::io::{BufRead, BufReader};

    let mut child = command(program, setting)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the example starts");
    let mut stdout = BufReader::new(child.stdout.take().expect("stdout is piped"));
    let mut said = String::new();
    stdout.read_line(&mut said).expect("it says something");
    let killed = Command::new("kill").args([signal, &child.id().to_string()]).status();
    assert!(killed.expect("`kill` is everywhere").success());
    stdout.read_to_string(&mut said).expect("it says the rest");
    (said, child.wait_with_output().expect("it ends"))
}

#[cfg(unix)]
#[test]
fn graceful_shutdown() {
    let promised = promised(include_str!("../graceful_shutdown.rs"));
    for setting in SETTINGS {
        for (signal, name) in [("-INT", "interrupt"), ("-TERM", "terminated")] {
            let (said, output) = interrupted(env!("CARGO_BIN_EXE_graceful_shutdown"), setting, signal);
            assert_eq!(said, promised.replace("interrupt", name), "{setting:?}");
            assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{setting:?}");
            assert!(output.status.success(), "{}, {setting:?}", output.status);
        }
    }
}

#[test]
fn timeout() {
    prints_what_its_header_promises(env!("CARGO_BIN_EXE_timeout"), include_str!("../timeout.rs"));
}

#[test]
fn nil_channel() {
    prints_what_its_header_promises(env!("CARGO_BIN_EXE_nil_channel"), include_str!("../nil_channel.rs"));
}

#[test]
fn ticker() {
    prints_what_its_header_promises(env!("CARGO_BIN_EXE_ticker"), include_str!("../ticker.rs"));
}

#[test]
fn rate_limit() {
    prints_what_its_header_promises(env!("CARGO_BIN_EXE_rate_limit"), include_str!("../rate_limit.rs"));
}

#[test]
fn cancel_tree() {
    prints_what_its_header_promises(env!("CARGO_BIN_EXE_cancel_tree"), include_str!("../cancel_tree.rs"));
}

#[test]
fn first_response() {
    prints_what_its_header_promises(
        env!("CARGO_BIN_EXE_first_response"),
        include_str!("../first_response.rs"),
    );
}

const WORDCOUNT: &str = env!("CARGO_BIN_EXE_wordcount");

/// What a plain loop over the files finds.
#[derive(Debug, Default, PartialEq)]
struct Count {
    words: BTreeMap<String, u64>,
    files: u64,
    bytes: u64,
    skipped: Vec<PathBuf>,
}

impl Count {
    /// Counts one file after the other, in one thread, with none of the example's code.
    fn sequential(directory: &Path) -> Self {
        let mut count = Self::default();
        let mut directories = vec![directory.to_owned()];
        while let Some(directory) = directories.pop() {
            let Ok(entries) = fs::read_dir(&directory) else {
                count.skipped.push(directory);
                continue;
            };
            for entry in entries.map(|entry| entry.expect("a directory can be listed")) {
                let kind = entry.file_type().expect("an entry has a type");
                if kind.is_dir() {
                    if ![".git", "target"].map(OsStr::new).contains(&&*entry.file_name()) {
                        directories.push(entry.path());
                    }
                } else if kind.is_file() {
                    count.file(entry.path());
                }
            }
        }
        count.skipped.sort();
        count
    }

    fn file(&mut self, path: PathBuf) {
        let text = fs::read(&path).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let Some(text) = text.filter(|text| !text.contains('\0')) else {
            self.skipped.push(path);
            return;
        };
        self.files += 1;
        self.bytes += text.len() as u64;
        for word in text.to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
        {
            *self.words.entry(word.to_owned()).or_default() += 1;
        }
    }

    /// Reads back what `wordcount --top <many>` printed.
    fn printed(output: &Output) -> Self {
        let stdout = str::from_utf8(&output.stdout).expect("words are UTF-8");
        let stderr = str::from_utf8(&output.stderr).expect("these paths are UTF-8");
        let (table, summary) = stdout.trim_end().rsplit_once('\n').unwrap_or(("", stdout.trim_end()));
        let words = table.lines().map(|line| {
            let (count, word) = line.trim_start().split_once("  ").expect("a count and a word");
            (word.to_owned(), count.parse().expect("a count is a number"))
        });
        let named = stderr.lines().map(|line| {
            let skipped = line.strip_prefix("wordcount: skipped ").expect("only skipped files are named");
            PathBuf::from(skipped.rsplit_once(": ").expect("a path and a reason").0)
        });
        let count = Self {
            words: words.collect(),
            files: summary
                .split_once(" files, ")
                .expect("the summary opens with files")
                .0
                .parse()
                .expect("a number"),
            bytes: 0,
            skipped: named.collect(),
        };
        assert!(summary.contains(&format!(" {} skipped, ", count.skipped.len())), "{summary}");
        count
    }
}

/// A directory with every kind of file that is easily got wrong.
fn tree() -> io::Result<tempfile::TempDir> {
    let root = tempfile::tempdir()?;
    let at = |path: &str| root.path().join(path);
    for directory in ["deep/er/and/deeper", "many", ".git/objects", "target/debug", "deep/target", "empty"] {
        fs::create_dir_all(at(directory))?;
    }
    fs::write(at("plain.txt"), "The quick brown fox.\nThe lazy dog; the END\n")?;
    fs::write(at("no_newline"), "one two two")?;
    fs::write(at("empty/empty"), "")?;
    fs::write(at("blank"), " \n\t \r\n")?;
    fs::write(
        at("deep/er/and/deeper/unicode"),
        "Straße STRASSE Ἀθῆναι ΟΔΟΣ Οδός İstanbul 東京 東京 naïve e\u{301}",
    )?;
    fs::write(at("byte_order_mark"), "\u{feff}bom bom")?;
    fs::write(at("huge_line"), "word ".repeat(400_000))?;
    fs::write(at("huge_word"), "w".repeat(3_000_000))?;
    fs::write(at("latin1.txt"), b"caf\xe9 au lait")?;
    fs::write(at("cut_short.txt"), b"ends inside a character \xe6\x9d")?;
    fs::write(at("picture.png"), b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")?;
    fs::write(at("zeros"), [0; 4096])?;
    fs::write(at(".git/objects/left_out"), "nobody counts this")?;
    fs::write(at("target/debug/left_out"), "nor this")?;
    fs::write(at("deep/target/left_out"), "nor that")?;
    fs::write(at("many/target.rs"), "a file named like target is read")?;
    for file in 0..600 {
        let text: String =
            (0..file % 97).map(|line| format!("line {line} of_file {file}: Lorem IPSUM dolor\n")).collect();
        fs::write(at(&format!("many/{file}")), text)?;
    }
    unix_oddities(root.path())?;
    Ok(root)
}

#[cfg(unix)]
fn unix_oddities(root: &Path) -> io::Result<()> {
    use std::os::unix::fs::{PermissionsExt, symlink};

    symlink(root, root.join("deep/loop_to_the_root"))?;
    symlink("itself", root.join("itself"))?;
    symlink("plain.txt", root.join("link_to_a_file"))?;
    symlink("nowhere", root.join("dangling"))?;
    let socket = std::os::unix::net::UnixListener::bind(root.join("socket"))?;
    drop(socket);
    // As root this can be read all the same; then both counts read it.
    fs::write(root.join("unreadable"), "secret words")?;
    fs::set_permissions(root.join("unreadable"), fs::Permissions::from_mode(0o000))
}

#[cfg(not(unix))]
fn unix_oddities(_: &Path) -> io::Result<()> {
    Ok(())
}

#[test]
fn wordcount_counts_what_a_sequential_count_finds() {
    let tree = tree().expect("a temporary directory can be filled");
    let mut expected = Count::sequential(tree.path());
    assert!(
        expected.files > 600 && expected.skipped.len() >= 4,
        "{}, {:?}",
        expected.files,
        expected.skipped
    );
    let megabytes = format!(" files, {:.1} MB of text in ", expected.bytes as f64 / 1e6);
    expected.bytes = 0;

    for setting in SETTINGS {
        for workers in ["1", "2", "7"] {
            let output =
                run(command(WORDCOUNT, setting).args(["--top", "1000000", "-j", workers]).arg(tree.path()));
            assert!(output.status.success(), "{}, {setting:?}", output.status);
            let stdout = String::from_utf8_lossy(&output.stdout);
            let summary = stdout.trim_end().rsplit('\n').next().unwrap_or_default();
            assert!(summary.contains(&megabytes), "{summary}");
            assert!(summary.contains(" MB/s"), "{summary}");
            assert!(summary.ends_with(" goroutines"), "{summary}");
            assert_eq!(Count::printed(&output), expected, "{setting:?}, {workers} workers");
        }
    }
}

#[test]
fn wordcount_prints_the_most_frequent_words_first() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    fs::write(directory.path().join("a"), "three ONE two three two Three").expect("a file");
    let output = run(command(WORDCOUNT, SETTINGS[0]).args(["-n", "2"]).arg(directory.path()));
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(stdout.starts_with("        3  three\n        2  two\n1 files, "), "{stdout}");
}

#[test]
fn wordcount_counts_the_current_directory_by_default() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    fs::write(directory.path().join("here"), "here").expect("a file");
    let output = run(command(WORDCOUNT, SETTINGS[0]).current_dir(directory.path()));
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(stdout.starts_with("        1  here\n1 files, "), "{stdout}");
}

#[test]
fn wordcount_names_a_bad_path_in_one_line_and_exits_with_1() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let missing = directory.path().join("missing");
    for setting in SETTINGS {
        let output = run(command(WORDCOUNT, setting).arg(directory.path()).arg(&missing));
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{setting:?}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        assert!(stderr.starts_with(&format!("wordcount: {}: ", missing.display())), "{stderr}");
        assert_eq!(output.stdout, b"", "{setting:?}");
    }
}

#[test]
fn wordcount_caps_the_list_of_skipped_files() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    for file in 0..25 {
        fs::write(directory.path().join(format!("{file:02}")), [0xff]).expect("a file");
    }
    fs::write(directory.path().join("good"), "good").expect("a file");
    let output = run(command(WORDCOUNT, SETTINGS[0]).arg(directory.path()));
    let stderr = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = stderr.lines().collect();
    assert!(output.status.success(), "{}", output.status);
    assert_eq!(lines.len(), 11, "{stderr}");
    assert_eq!(lines[0], format!("wordcount: skipped {}: not UTF-8", directory.path().join("00").display()));
    assert_eq!(lines[10], "wordcount: and 15 more");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(stdout.starts_with("        1  good\n1 files, ") && stdout.contains(" 25 skipped, "), "{stdout}");
}

#[cfg(target_os = "linux")]
#[test]
fn wordcount_skips_a_file_whose_reading_fails() {
    // Regular, openable, and its first page can never be read: so also for root.
    let output = run(command(WORDCOUNT, SETTINGS[0]).arg("/proc/self/mem"));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}", output.status);
    assert!(stderr.starts_with("wordcount: skipped /proc/self/mem: "), "{stderr}");
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("0 files, "));
}

#[cfg(unix)]
#[test]
fn wordcount_reads_links_that_are_named_on_the_command_line() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    fs::write(directory.path().join("file"), "linked").expect("a file");
    let link = directory.path().join("link");
    std::os::unix::fs::symlink("file", &link).expect("a link");
    let output = run(command(WORDCOUNT, SETTINGS[0]).arg(&link));
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(stdout.starts_with("        1  linked\n1 files, "), "{stdout}");
}

#[test]
fn wordcount_explains_itself_and_refuses_what_it_does_not_know() {
    let help = run(command(WORDCOUNT, SETTINGS[0]).arg("--help"));
    assert!(help.status.success());
    assert!(String::from_utf8_lossy(&help.stdout).contains("Usage: wordcount [OPTIONS] [PATH]..."));

    for bad in [["--frobnicate", "x"], ["-j", "0"], ["--top", "many"]] {
        let output = run(command(WORDCOUNT, SETTINGS[0]).args(bad));
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{bad:?}");
        assert!(stderr.starts_with("wordcount: ") && stderr.lines().count() == 1, "{stderr}");
    }
}

#[cfg(unix)]
#[test]
fn wordcount_ends_quietly_when_nobody_reads_its_output() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let words: String = (0..50_000).map(|word| format!("w{word} ")).collect();
    fs::write(directory.path().join("words"), words).expect("a file");
    let mut child = command(WORDCOUNT, SETTINGS[0])
        .args(["-n", "50000"])
        .arg(directory.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("wordcount starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("wordcount ends");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(output.status.success(), "{}", output.status);
}
