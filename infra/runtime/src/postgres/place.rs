//! A column's value as bytes whose order is that of [`ColumnValue`]: no value first, then numbers,
//! then text. So a column may hold what it likes, a page is one range of one index, and PostgreSQL
//! sorts as every other engine does, whatever its collations.

use crate::projection::ColumnValue;

const NULL: u8 = 0;
const INTEGER: u8 = 1;
const TEXT: u8 = 2;
/// What lies before every value that is there.
pub(super) const NOTHING: &[u8] = &[NULL];

/// Where the value stands among all values.
pub(super) fn place(value: &ColumnValue) -> Vec<u8> {
    match value {
        ColumnValue::Null | ColumnValue::Many(_) => NOTHING.to_vec(),
        ColumnValue::Integer(number) => {
            // Negative numbers lie before the others once the sign is turned around.
            let turned = number.cast_unsigned() ^ (1 << 63);
            let mut place = vec![INTEGER];
            place.extend(turned.to_be_bytes());
            place
        }
        ColumnValue::Text(text) => text_place(text),
    }
}

/// Where a text stands.
pub(super) fn text_place(text: &str) -> Vec<u8> {
    let mut place = Vec::with_capacity(text.len() + 1);
    place.push(TEXT);
    place.extend(text.as_bytes());
    place
}

/// The value that stands there; `None` where the bytes are no place.
pub(super) fn value_at(place: &[u8]) -> Option<ColumnValue> {
    match place.split_first()? {
        (&NULL, []) => Some(ColumnValue::Null),
        (&INTEGER, turned) => {
            let turned = u64::from_be_bytes(turned.try_into().ok()?);
            Some(ColumnValue::Integer((turned ^ (1 << 63)).cast_signed()))
        }
        (&TEXT, text) => String::from_utf8(text.to_vec()).ok().map(ColumnValue::Text),
        (_, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value() -> impl Strategy<Value = ColumnValue> {
        prop_oneof![
            Just(ColumnValue::Null),
            any::<i64>().prop_map(ColumnValue::Integer),
            (-2i64..3).prop_map(ColumnValue::Integer),
            any::<String>().prop_map(ColumnValue::Text),
        ]
    }

    proptest! {
        #[test]
        fn places_are_ordered_as_values_are(left in value(), right in value()) {
            prop_assert_eq!(left.cmp(&right), place(&left).cmp(&place(&right)));
        }

        #[test]
        fn a_value_is_found_at_its_place(value in value()) {
            prop_assert_eq!(value_at(&place(&value)), Some(value));
        }
    }

    #[test]
    fn what_is_no_place_has_no_value() {
        for bytes in [&[][..], &[0, 0], &[1, 2], &[2, 0xff], &[3]] {
            assert_eq!(value_at(bytes), None, "{bytes:?}");
        }
    }
}
