//! The profile as JSON.

use super::profile::{Finding, GoroutineGroup, Profile};
use crate::base::json::Quoted;
use std::fmt::{self, Write as _};
use std::panic::Location;

impl Profile {
    /// The profile as one JSON object. Times are in nanoseconds, the time of the profile since 1970; unknown values are
    /// left out.
    ///
    /// ```json
    /// {"time_ns":1764439200000000000,"goroutines":100,"groups":[
    /// {"count":100,"state":"chan send","name":"feeder",
    /// "spawned_at":{"file":"src/main.rs","line":6,"column":5},
    /// "waiting_at":{"file":"src/main.rs","line":6,"column":15},
    /// "shortest_ns":12000000,"mean_ns":13000000,"longest_ns":15000000,"total_ns":1300000000}],
    /// "findings":[{"kind":"leak","text":"100 goroutines …"}]}
    /// ```
    ///
    /// ```
    /// let json = gochan::runtime::profile().to_json();
    /// assert!(json.starts_with("{\"time_ns\":"));
    /// ```
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut text = String::new();
        write(&mut text, self).expect("a string takes everything");
        text
    }
}

fn write(out: &mut String, profile: &Profile) -> fmt::Result {
    let time = profile.time().as_nanos();
    write!(out, "{{\"time_ns\":{time},\"goroutines\":{},\"groups\":[", profile.count())?;
    for (index, group) in profile.groups().iter().enumerate() {
        out.push_str(if index == 0 { "\n" } else { ",\n" });
        write_group(out, group)?;
    }
    out.push_str("],\n\"findings\":[");
    for (index, Finding { kind, text }) in profile.findings().iter().enumerate() {
        let gap = if index == 0 { "\n" } else { ",\n" };
        write!(out, "{gap}{{\"kind\":{},\"text\":{}}}", Quoted(kind), Quoted(text))?;
    }
    out.push_str("]}\n");
    Ok(())
}

fn write_group(out: &mut String, group: &GoroutineGroup) -> fmt::Result {
    write!(out, "{{\"count\":{},\"state\":{}", group.count, Quoted(&group.state))?;
    if let Some(name) = &group.name {
        write!(out, ",\"name\":{}", Quoted(name))?;
    }
    write_place(out, "spawned_at", group.spawned_at)?;
    write_place(out, "waiting_at", group.waiting_at)?;
    if let Some(waits) = &group.waits {
        let times = [
            ("shortest", waits.shortest),
            ("mean", waits.mean),
            ("longest", waits.longest),
            ("total", waits.total),
        ];
        for (name, time) in times {
            write!(out, ",\"{name}_ns\":{}", time.as_nanos())?;
        }
    }
    out.push('}');
    Ok(())
}

fn write_place(out: &mut String, name: &str, place: Option<&Location<'_>>) -> fmt::Result {
    let Some(place) = place else { return Ok(()) };
    let file = place.file();
    let (file, line, column) = (Quoted(&file), place.line(), place.column());
    write!(out, ",\"{name}\":{{\"file\":{file},\"line\":{line},\"column\":{column}}}")
}

#[cfg(test)]
mod tests {
    use super::super::profile::tests::example;
    use serde_json::Value;

    #[test]
    fn a_profile_is_json_with_what_is_known() {
        let profile = example();
        let json: Value = serde_json::from_str(&profile.to_json()).expect("it is JSON");
        assert_eq!(json["time_ns"], profile.time().as_nanos() as u64);
        assert_eq!((&json["goroutines"], json["groups"].as_array().unwrap().len()), (&44.into(), 3));
        let [crowd, named, runnable] = [0, 1, 2].map(|index| &json["groups"][index]);
        assert_eq!((&crowd["count"], &crowd["state"]), (&40.into(), &"chan send".into()));
        assert_eq!(
            (&crowd["shortest_ns"], &crowd["longest_ns"]),
            (&1_000_000_000.into(), &240_000_000_000_u64.into())
        );
        let place = profile.groups()[0].waiting_at.unwrap();
        assert_eq!((&crowd["waiting_at"]["file"]), &place.file());
        assert_eq!((&crowd["waiting_at"]["line"]), &place.line());
        assert_eq!(named["name"], "the \"odd\" one");
        assert_eq!(runnable["state"], "runnable");
        assert!(["name", "waiting_at", "mean_ns"].iter().all(|key| runnable.get(key).is_none()));
        assert_eq!(json["findings"][0]["kind"], "leak");
        assert_eq!(json["findings"][0]["text"], "40 goroutines\n    are too many");
    }

    #[test]
    fn an_empty_profile_is_json() {
        let nothing = super::Profile::new(Vec::new(), Vec::new());
        let json: Value = serde_json::from_str(&nothing.to_json()).expect("it is JSON");
        let empty = serde_json::json!([]);
        assert_eq!((&json["goroutines"], &json["groups"], &json["findings"]), (&0.into(), &empty, &empty));
    }
}
