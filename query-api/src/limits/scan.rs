//! Looks at the text of a query before any parser does. The parser descends once per bracket, so a
//! deep enough text would exhaust the stack; here brackets and tokens are only counted, in one
//! pass, without descending and without memory.

/// What a query's text amounts to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Scan {
    /// Names, numbers, strings and punctuation.
    pub(super) tokens: usize,
    /// The most brackets of any kind that are open at once.
    pub(super) nesting: usize,
}

pub(super) fn scan(query: &str) -> Scan {
    let mut rest = query.as_bytes();
    let (mut found, mut open) = (Scan::default(), 0usize);
    while let Some(&byte) = rest.first() {
        let length = match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b',' | 0xEF | 0xBB | 0xBF => {
                rest = &rest[1..];
                continue;
            }
            b'#' => {
                rest = &rest[until(rest, |byte| byte == b'\n' || byte == b'\r')..];
                continue;
            }
            b'"' if rest.starts_with(b"\"\"\"") => block_string(rest),
            b'"' => string(rest),
            b'{' | b'(' | b'[' => {
                open += 1;
                found.nesting = found.nesting.max(open);
                1
            }
            b'}' | b')' | b']' => {
                open = open.saturating_sub(1);
                1
            }
            b'.' if rest.starts_with(b"...") => 3,
            byte if is_word(byte) => until(rest, |byte| !is_word(byte)),
            _ => 1,
        };
        found.tokens += 1;
        rest = &rest[length.min(rest.len())..];
    }
    found
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+') || byte >= 0x80
}

fn until(bytes: &[u8], ends: impl Fn(u8) -> bool) -> usize {
    bytes
        .iter()
        .position(|byte| ends(*byte))
        .unwrap_or(bytes.len())
}

/// Length of the string that begins here, to its quote or the end of its line.
fn string(bytes: &[u8]) -> usize {
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            b'\n' | b'\r' => return at,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Length of the block string that begins here; `\"""` does not end it.
fn block_string(bytes: &[u8]) -> usize {
    let mut at = 3;
    while at < bytes.len() {
        let here = &bytes[at..];
        if here.starts_with(b"\\\"\"\"") {
            at += 4;
        } else if here.starts_with(b"\"\"\"") {
            return at + 3;
        } else {
            at += 1;
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(query: &str, tokens: usize, nesting: usize) {
        assert_eq!(scan(query), Scan { tokens, nesting }, "{query}");
    }

    #[test]
    fn brackets_of_all_kinds_nest() {
        is("{ a(x: [1, {y: 2}]) { b } }", 18, 4);
        is("}}}{", 4, 1);
    }

    #[test]
    fn brackets_in_strings_and_comments_do_not_count() {
        is(r#"{ a(x: "{{{ \" {{{") } # {{{"#, 8, 2);
        is("{ a(x: \"\"\"{{ \\\"\"\" {{\n{\"\"\") }", 8, 2);
        is("\"never closed {{{", 1, 0);
        is("\"\"\"never closed {{{", 1, 0);
    }

    #[test]
    fn spreads_and_directives_are_tokens() {
        is("{ ...F @skip(if: $x) }", 12, 2);
    }

    #[test]
    fn a_hundred_thousand_brackets_are_counted_without_descending() {
        is(&"{a".repeat(50_000), 100_000, 50_000);
    }
}
