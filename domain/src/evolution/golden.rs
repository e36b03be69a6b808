//! One example of every form that ever was stored: `tests/golden/events/<Type>.v<version>.json`, compiled
//! in. The files are never edited, so that each build can say of itself what it still reads.

use include_dir::{Dir, include_dir};

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/tests/golden/events");

/// An event of some form, as it is or was stored, set in lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Golden {
    /// Its type.
    pub event_type: &'static str,
    /// The version of its form.
    pub version: u16,
    /// Its payload.
    pub data: &'static str,
}

/// All that there are, by type and version.
pub fn all() -> Vec<Golden> {
    let mut all: Vec<_> = FILES.files().filter_map(of).collect();
    all.sort_by_key(|golden| (golden.event_type, golden.version));
    all
}

fn of(file: &'static include_dir::File<'_>) -> Option<Golden> {
    let name = file.path().file_name()?.to_str()?.strip_suffix(".json")?;
    let (event_type, version) = name.split_once(".v")?;
    Some(Golden {
        event_type,
        version: version.parse().ok()?,
        data: file.contents_utf8()?,
    })
}

impl Golden {
    /// The payload as it would lie in a log: in one line.
    pub fn compact(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::from_str::<serde_json::Value>(self.data)?.to_string())
    }
}
