//! From a stored event in an older form to today's, step by step: v1 to v2 to v3, along every branch of
//! a split. Parts keep their order. No way is longer than there are upcasters, so that even a circle,
//! which [`super::check`] refuses at the start, ends.

use serde_json::{Map, Value};

use super::{
    find,
    upcaster::{Fields, Told, UpcastError, Upcaster},
};

/// What a stored event is after the last step of each branch.
pub(super) fn upcast(
    upcasters: &[Upcaster],
    event_type: &str,
    version: u16,
    data: &str,
) -> Result<Vec<Told>, UpcastError> {
    let payload = serde_json::from_str(data);
    let payload: Map<String, Value> = payload.map_err(|it| UpcastError::NoJson(it.to_string()))?;
    let mut members = payload.into_iter();
    let (Some((name, Value::Object(fields))), None) = (members.next(), members.next()) else {
        return Err(UpcastError::NotOfType);
    };
    let first = find(upcasters, event_type, version).filter(|_| name == event_type);
    let first = first.ok_or(UpcastError::NotOfType)?;
    let mut done = Vec::new();
    let told = first.from.told(Fields(fields));
    walk(upcasters, told, upcasters.len(), &mut done)?;
    Ok(done)
}

/// Goes on from one form; `left` steps may still be gone.
fn walk(
    upcasters: &[Upcaster],
    told: Told,
    left: usize,
    done: &mut Vec<Told>,
) -> Result<(), UpcastError> {
    let from = told.form;
    let Some(upcaster) = find(upcasters, from.event_type, from.version) else {
        done.push(told);
        return Ok(());
    };
    let left = left.checked_sub(1);
    let left = left.ok_or(UpcastError::Astray { form: from })?;
    for next in (upcaster.upcast)(told.fields)? {
        let form = next.form;
        if !upcaster.into.contains(&form) {
            return Err(UpcastError::Unannounced { from, form });
        }
        walk(upcasters, next, left, done)?;
    }
    Ok(())
}
