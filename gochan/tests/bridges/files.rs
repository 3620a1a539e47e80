//! `fs`: std's functions and files, through the pool.

use crate::common::on_threads;
use gochan::fs::{self, File, OpenOptions, TryLockError};
use gochan::prelude::*;
use gochan::runtime::metrics;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// A directory that goes with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Scratch {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("gochan-files-{}-{}", std::process::id(), NEXT.fetch_add(1, SeqCst));
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Scratch(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[gochan::test]
fn io_11_files_are_those_of_std() {
    let scratch = Scratch::new();
    let path = scratch.0.join("file");
    let mut file = OpenOptions::new().read(true).write(true).create_new(true).open(&path).unwrap();
    file.write_all(b"one\ntwo\nthree").unwrap();
    assert_eq!(file.seek(SeekFrom::Start(4)).unwrap(), 4);
    let mut rest = String::new();
    file.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "two\nthree");
    let mut word = [0; 3];
    assert_eq!(file.read_at(&mut word, 0).unwrap(), 3);
    assert_eq!(&word, b"one");
    file.write_at(b"ONE", 0).unwrap();
    file.set_len(7).unwrap();
    file.sync_all().unwrap();
    assert_eq!(file.metadata().unwrap().len(), 7);
    assert_eq!(fs::read_to_string(&path).unwrap(), "ONE\ntwo");
    assert_eq!(BufReader::new(File::open(&path).unwrap()).lines().count(), 2);
    assert_eq!(File::create_new(&path).unwrap_err().kind(), ErrorKind::AlreadyExists);
    assert_eq!(File::open(scratch.0.join("none")).unwrap_err().kind(), ErrorKind::NotFound);
    let std = std::fs::File::from(file);
    assert_eq!(File::from(std).metadata().unwrap().len(), 7);
}

#[gochan::test]
fn io_11_locks_of_files_are_exclusive_or_shared() {
    let scratch = Scratch::new();
    let path = scratch.0.join("file");
    let (one, other) = (File::create(&path).unwrap(), File::open(&path).unwrap());
    one.lock().unwrap();
    assert!(matches!(other.try_lock(), Err(TryLockError::WouldBlock)));
    let error = std::io::Error::from(other.try_lock_shared().unwrap_err());
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    let waits = go!({
        other.lock_shared().unwrap();
        other
    });
    one.unlock().unwrap();
    let other = waits.join().unwrap();
    one.try_lock_shared().unwrap();
    assert!(matches!(one.try_lock(), Err(TryLockError::WouldBlock)));
    drop(other);
    one.try_lock().unwrap();
}

#[gochan::test]
fn io_11_functions_of_files_are_those_of_std() {
    let scratch = Scratch::new();
    let path = |name: &str| scratch.0.join(name);
    fs::write(path("a"), "text").unwrap();
    assert_eq!(fs::copy(path("a"), path("b")).unwrap(), 4);
    fs::hard_link(path("a"), path("c")).unwrap();
    fs::symlink(path("a"), path("d")).unwrap();
    fs::rename(path("b"), path("e")).unwrap();
    assert_eq!(fs::read(path("e")).unwrap(), b"text");
    assert_eq!(fs::read_link(path("d")).unwrap(), path("a"));
    assert!(fs::symlink_metadata(path("d")).unwrap().is_symlink());
    assert!(fs::metadata(path("d")).unwrap().is_file());
    assert_eq!(fs::canonicalize(path("d")).unwrap(), fs::canonicalize(path("a")).unwrap());
    let mut permissions = fs::metadata(path("a")).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(path("a"), permissions).unwrap();
    assert!(fs::metadata(path("c")).unwrap().permissions().readonly());
    fs::remove_file(path("e")).unwrap();
    assert!(!fs::exists(path("e")).unwrap());
    fs::create_dir_all(path("f/g")).unwrap();
    fs::remove_dir(path("f/g")).unwrap();
    fs::remove_dir_all(path("f")).unwrap();
}

#[gochan::test]
fn io_11_directories_are_read_in_batches() {
    let scratch = Scratch::new();
    let names: BTreeSet<_> = (0..200).map(|number| format!("file{number}")).collect();
    names.iter().for_each(|name| fs::write(scratch.0.join(name), []).unwrap());
    let read = fs::read_dir(&scratch.0).unwrap();
    let found = read.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(names, found);
    assert_eq!(fs::read_dir(scratch.0.join("none")).unwrap_err().kind(), ErrorKind::NotFound);
}

#[gochan::test]
fn io_11_a_read_that_waits_leaves_the_worker_to_others() {
    let (input, mut output) = std::io::pipe().unwrap();
    let mut file = File::from(std::os::fd::OwnedFd::from(input));
    let reader = go!({
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        text
    });
    crate::until_in_call(&reader);
    assert!(on_threads() || metrics().blocking_calls >= 1);
    output.write_all(b"late").unwrap();
    drop(output);
    assert_eq!(reader.join().unwrap(), "late");
}

#[test]
fn io_11_files_work_outside_of_goroutines() {
    let scratch = Scratch::new();
    fs::write(scratch.0.join("a"), "text").unwrap();
    assert_eq!(fs::read_to_string(scratch.0.join("a")).unwrap(), "text");
}
