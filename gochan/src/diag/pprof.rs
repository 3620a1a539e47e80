//! The profile in the format of pprof: the messages of its `profile.proto` that are needed, compressed by gzip.

use super::profile::{GoroutineGroup, Profile};
use flate2::{Compression, write::GzEncoder};
use std::collections::HashMap;
use std::hash::Hash;
use std::io::Write as _;
use std::panic::Location;
use std::time::Duration;

impl Profile {
    /// The profile in the format of pprof, compressed by gzip: write it to a file and open the file with `go tool
    /// pprof`.
    ///
    /// A sample is a group. Its stack is the location where the goroutines wait, and below it the location where they
    /// were spawned; a function is named after its location. The values are the number of goroutines and the sum of
    /// their waiting times (`-sample_index=waited`). State and name are labels (`-tags`), and findings are comments
    /// (`-comments`). Needs the feature `pprof`.
    ///
    /// ```no_run
    /// std::fs::write("goroutines.pb.gz", gochan::runtime::profile().to_pprof())?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn to_pprof(&self) -> Vec<u8> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        let written = gzip.write_all(&Writer::default().profile(self)).and_then(|()| gzip.finish());
        written.expect("a vector takes everything")
    }
}

/// A protocol buffer message. The numbers of its fields are those of `profile.proto`; the comments next to them are the
/// names there.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn number(mut self, field: u64, value: u64) -> Message {
        const VARINT: u64 = 0;
        self.varint(field << 3 | VARINT);
        self.varint(value);
        self
    }

    fn bytes(mut self, field: u64, bytes: &[u8]) -> Message {
        const LENGTH_DELIMITED: u64 = 2;
        self.varint(field << 3 | LENGTH_DELIMITED);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    fn message(self, field: u64, message: Message) -> Message {
        self.bytes(field, &message.0)
    }

    /// A repeated number.
    fn numbers(self, field: u64, values: impl IntoIterator<Item = u64>) -> Message {
        let mut packed = Message::default();
        values.into_iter().for_each(|value| packed.varint(value));
        self.message(field, packed)
    }
}

/// Numbers items in the order in which they are added.
struct Numbered<T> {
    numbers: HashMap<T, u64>,
    all: Vec<T>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Numbered<T> {
        Numbered { numbers: HashMap::new(), all: Vec::new() }
    }
}

impl<T: Clone + Eq + Hash> Numbered<T> {
    fn number(&mut self, thing: T) -> u64 {
        let next = self.all.len() as u64;
        *self.numbers.entry(thing).or_insert_with_key(|thing| {
            self.all.push(thing.clone());
            next
        })
    }
}

#[derive(Default)]
struct Writer {
    strings: Numbered<String>,
    /// An unknown location is an entry like the others.
    places: Numbered<Option<&'static Location<'static>>>,
}

/// The one mapping. It says that function names need not be looked up in the executable.
const MAPPING: u64 = 1;

impl Writer {
    fn string(&mut self, text: impl Into<String>) -> u64 {
        self.strings.number(text.into())
    }

    fn profile(mut self, profile: &Profile) -> Vec<u8> {
        // The first string must be the empty one.
        self.string("");
        let goroutines = self.string("goroutines");
        let mut message = Message::default()
            .message(/* sample_type */ 1, self.value_type("goroutines", "count"))
            .message(/* sample_type */ 1, self.value_type("waited", "nanoseconds"))
            .number(/* time_nanos */ 9, nanos(profile.time()))
            .message(/* period_type */ 11, self.value_type("goroutines", "count"))
            .number(/* period */ 12, 1)
            .number(/* default_sample_type */ 14, goroutines);
        for group in profile.groups() {
            message = message.message(/* sample */ 2, self.sample(group));
        }
        for finding in profile.findings() {
            let comment = self.string(format!("{}: {}", finding.kind, finding.text));
            message = message.numbers(/* comment */ 13, [comment]);
        }
        message = message.message(/* mapping */ 3, self.mapping());
        for (place, id) in std::mem::take(&mut self.places.all).into_iter().zip(1..) {
            message = message
                .message(/* location */ 4, location(id, place))
                .message(/* function */ 5, self.function(id, place));
        }
        for text in &self.strings.all {
            message = message.bytes(/* string_table */ 6, text.as_bytes());
        }
        message.0
    }

    fn value_type(&mut self, name: &str, unit: &str) -> Message {
        let (name, unit) = (self.string(name), self.string(unit));
        Message::default().number(/* type */ 1, name).number(/* unit */ 2, unit)
    }

    fn sample(&mut self, group: &GoroutineGroup) -> Message {
        // The innermost frame comes first.
        let stack = group.waiting_at.map(Some).into_iter().chain([group.spawned_at]);
        let stack: Vec<_> = stack.map(|place| self.places.number(place) + 1).collect();
        let waited = group.waits.map_or(Duration::ZERO, |waits| waits.total);
        let mut message = Message::default()
            .numbers(/* location_id */ 1, stack)
            .numbers(/* value */ 2, [group.count as u64, nanos(waited)])
            .message(/* label */ 3, self.label("state", &group.state.to_string()));
        if let Some(name) = &group.name {
            message = message.message(/* label */ 3, self.label("name", name));
        }
        message
    }

    fn label(&mut self, key: &str, value: &str) -> Message {
        let (key, value) = (self.string(key), self.string(value));
        Message::default().number(/* key */ 1, key).number(/* str */ 2, value)
    }

    fn mapping(&mut self) -> Message {
        let executable = std::env::current_exe().unwrap_or_default();
        Message::default()
            .number(/* id */ 1, MAPPING)
            .number(/* filename */ 5, self.string(executable.to_string_lossy()))
            .number(/* has_functions */ 7, 1)
            .number(/* has_filenames */ 8, 1)
            .number(/* has_line_numbers */ 9, 1)
    }

    /// The entry for a location. A function is named for pprof's lists, and the only thing known of a goroutine's
    /// function is its location.
    fn function(&mut self, id: u64, place: Option<&Location<'_>>) -> Message {
        let name = place.map_or("place not known".to_owned(), Location::to_string);
        let (name, file) = (self.string(name), self.string(place.map_or("", Location::file)));
        let line = place.map_or(0, Location::line);
        Message::default()
            .number(/* id */ 1, id)
            .number(/* name */ 2, name)
            .number(/* system_name */ 3, name)
            .number(/* filename */ 4, file)
            .number(/* start_line */ 5, line.into())
    }
}

/// Its function has the same id.
fn location(id: u64, place: Option<&Location<'_>>) -> Message {
    let mut line = Message::default().number(/* function_id */ 1, id);
    if let Some(place) = place {
        line =
            line.number(/* line */ 2, place.line().into()).number(/* column */ 3, place.column().into());
    }
    Message::default()
        .number(/* id */ 1, id)
        .number(/* mapping_id */ 2, MAPPING)
        .message(/* line */ 4, line)
}

/// As a signed 64-bit number.
fn nanos(time: Duration) -> u64 {
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX) as u64
}

#[cfg(test)]
mod tests {
    use super::super::profile::tests::example;
    use super::*;
    use std::io::Read;

    fn varint(bytes: &mut &[u8]) -> u64 {
        let mut value = 0;
        for shift in (0..).step_by(7) {
            let (byte, rest) = bytes.split_first().expect("a number has an end");
            *bytes = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        value
    }

    /// The fields of a message: numbers, or bytes.
    fn fields(mut bytes: &[u8]) -> Vec<(u64, Result<u64, &[u8]>)> {
        let mut fields = Vec::new();
        while !bytes.is_empty() {
            let tag = varint(&mut bytes);
            let value = varint(&mut bytes);
            fields.push(match tag & 7 {
                0 => (tag >> 3, Ok(value)),
                2 => {
                    let (content, rest) = bytes.split_at(value as usize);
                    bytes = rest;
                    (tag >> 3, Err(content))
                }
                wire_type => panic!("wire type {wire_type}"),
            });
        }
        fields
    }

    fn numbers(mut packed: &[u8]) -> Vec<u64> {
        let mut numbers = Vec::new();
        while !packed.is_empty() {
            numbers.push(varint(&mut packed));
        }
        numbers
    }

    /// The contents of all fields with this number.
    fn all<'a>(message: &[(u64, Result<u64, &'a [u8]>)], field: u64) -> Vec<&'a [u8]> {
        message.iter().filter(|(number, _)| *number == field).map(|(_, value)| value.unwrap_err()).collect()
    }

    fn one(message: &[u8], field: u64) -> u64 {
        fields(message).into_iter().find(|(number, _)| *number == field).unwrap().1.unwrap()
    }

    #[test]
    fn numbers_have_seven_bits_in_a_byte() {
        let message = Message::default().number(1, 150).numbers(4, [3, 270, 86942]).bytes(2, b"testing");
        assert_eq!(message.0, b"\x08\x96\x01\x22\x06\x03\x8e\x02\x9e\xa7\x05\x12\x07testing");
        assert_eq!(Message::default().number(1, u64::MAX).0, b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
    }

    #[test]
    fn a_profile_can_be_read_again() {
        let profile = example();
        let mut bytes = Vec::new();
        flate2::read::GzDecoder::new(&profile.to_pprof()[..]).read_to_end(&mut bytes).expect("it is gzip");
        let message = fields(&bytes);
        let strings: Vec<_> =
            all(&message, 6).into_iter().map(|text| str::from_utf8(text).unwrap().to_owned()).collect();
        let string = |message, field| strings[one(message, field) as usize].as_str();
        assert_eq!(strings[0], "");
        let types: Vec<_> =
            all(&message, 1).into_iter().map(|kind| (string(kind, 1), string(kind, 2))).collect();
        assert_eq!(types, [("goroutines", "count"), ("waited", "nanoseconds")]);
        let names: HashMap<_, _> =
            all(&message, 5).into_iter().map(|function| (one(function, 1), string(function, 2))).collect();
        let place = profile.groups()[0].spawned_at.unwrap().to_string();
        let functions: HashMap<_, _> =
            all(&message, 4).into_iter().map(|at| (one(at, 1), one(all(&fields(at), 4)[0], 1))).collect();

        let mut samples = Vec::new();
        for sample in all(&message, 2) {
            let sample = fields(sample);
            let stack = numbers(all(&sample, 1)[0]);
            assert!(stack.iter().all(|id| names[&functions[id]] == place), "{names:?}");
            let labels: Vec<_> =
                all(&sample, 3).into_iter().map(|label| (string(label, 1), string(label, 2))).collect();
            samples.push((stack.len(), numbers(all(&sample, 2)[0]), labels));
        }
        let seconds = 1_000_000_000;
        assert_eq!(
            samples,
            [
                (2, vec![40, 40 * 120 * seconds], vec![("state", "chan send")]),
                (2, vec![3, 6 * seconds], vec![("state", "chan send"), ("name", "the \"odd\" one")]),
                (1, vec![1, 0], vec![("state", "runnable")]),
            ]
        );
        assert_eq!(
            strings[numbers(all(&message, 13)[0])[0] as usize],
            "leak: 40 goroutines\n    are too many"
        );
    }
}
