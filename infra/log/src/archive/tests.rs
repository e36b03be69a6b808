//! What is written is read back as it was, and what is not as it was written is noticed where it is.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;

use chrono::{DateTime, Utc};
use proptest::{collection, option, prelude::*, strategy::ValueTree, test_runner::TestRunner};
use uuid::Uuid;

use super::*;
use crate::{
    event::RecordedEvent,
    event_store::{CommandEnvelope, CommandRecord, Fingerprint, Verdict},
};

/// Payloads: any text, JSON in one line, and JSON that is not.
fn payload() -> impl Strategy<Value = String> {
    let number = any::<f64>().prop_map(|number| format!("{{ \"a\":[{number}, null]}}"));
    let special = prop::sample::select(vec![
        "null",
        "{}",
        " {}",
        "{}\n",
        "{\n\"a\": 1}",
        r#""\ud800""#,
        "1e400",
        "{\"a\":1,\"a\":2}",
        "\u{2028}\0",
        "",
    ]);
    prop_oneof![any::<String>(), number, special.prop_map(str::to_owned)]
}

fn id() -> impl Strategy<Value = Uuid> {
    any::<u128>().prop_map(Uuid::from_u128)
}

fn instant() -> impl Strategy<Value = DateTime<Utc>> {
    let micros = 0..4_000_000_000_000_000_i64;
    micros.prop_map(|micros| DateTime::from_timestamp_micros(micros).unwrap_or_default())
}

prop_compose! {
    fn event()(
        ids in [id(), id(), id(), id()], texts in [any::<String>(), any::<String>(), any::<String>()],
        data in payload(), actor in any::<String>(), traceparent in option::of(any::<String>()),
        numbers in (any::<u64>(), any::<u16>()), times in [instant(), instant()],
    ) -> RecordedEvent {
        let [event_id, command_id, correlation_id, causation_id] = ids;
        let [stream, event_type, partition_key] = texts;
        let ([occurred_at, recorded_at], (version, schema_version)) = (times, numbers);
        RecordedEvent {
            position: 0, event_id, stream, version, event_type, schema_version, data, partition_key,
            command_id, correlation_id, causation_id, actor, traceparent, occurred_at, recorded_at,
        }
    }
}

prop_compose! {
    fn command()(
        ids in [id(), id(), id()], texts in [any::<String>(), any::<String>(), any::<String>()],
        fingerprint in any::<[u8; 16]>(), partition_key in any::<String>(),
        traceparent in option::of(any::<String>()),
        refused in option::of((any::<String>(), payload())),
        numbers in (any::<u64>(), any::<u64>(), any::<u32>()), recorded_at in instant(),
    ) -> CommandRecord {
        let [command_id, correlation_id, causation_id] = ids;
        let [command_type, stream, actor] = texts;
        let verdict = match refused {
            Some((code, refusal)) => Verdict::Refused { code, refusal },
            None => Verdict::Accepted,
        };
        let (version, position, events) = numbers;
        let fingerprint = Fingerprint(fingerprint);
        CommandRecord {
            command: CommandEnvelope {
                command_id, fingerprint, command_type, stream, actor, correlation_id, causation_id,
                traceparent,
            },
            verdict, version, position, partition_key, events, recorded_at,
        }
    }
}

fn blocks() -> impl Strategy<Value = (Position, Vec<Stretch>)> {
    let block = (
        collection::vec(event(), 0..4),
        collection::vec(command(), 0..3),
    );
    (1..1_000_u64, collection::vec(block, 0..5)).prop_map(|(from, blocks)| {
        let mut position = from;
        let mut numbered = |mut event: RecordedEvent| {
            event.position = position;
            position += 1;
            event
        };
        let blocks = blocks.into_iter().map(|(events, commands)| Stretch {
            events: events.into_iter().map(&mut numbered).collect(),
            commands,
        });
        (from, blocks.collect())
    })
}

fn archive(from: Position, blocks: &[Stretch]) -> Vec<u8> {
    let events = blocks.iter().map(|block| block.events.len() as u64);
    let header = Header {
        format: FORMAT,
        build: "1.2.3".to_owned(),
        log_id: Uuid::from_u128(7),
        from,
        until: from - 1 + events.sum::<u64>(),
        after: Uuid::from_u128(8),
    };
    let mut writer = ArchiveWriter::begin(Vec::new(), header).unwrap();
    for block in blocks {
        writer.write(block).unwrap();
    }
    writer.finish().unwrap().0
}

/// The blocks in these bytes, or what is wrong.
fn read(bytes: &[u8]) -> Result<Vec<Stretch>, ArchiveError> {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), bytes).unwrap();
    let mut reader = ArchiveReader::open(file.path())?;
    let mut blocks = Vec::new();
    while let Some(block) = reader.next_block()? {
        blocks.push(block);
    }
    Ok(blocks)
}

/// Five blocks, their archive, and where each frame of it ends.
fn five_blocks() -> (Vec<Stretch>, Vec<u8>, Vec<usize>) {
    let block = |number: u64| {
        let mut runner = TestRunner::deterministic();
        let mut event = event().new_tree(&mut runner).unwrap().current();
        event.position = number;
        event.data = format!("{{\"number\":{number}}}");
        Stretch {
            events: vec![event],
            commands: Vec::new(),
        }
    };
    let blocks: Vec<_> = (1..6).map(block).collect();
    let bytes = archive(1, &blocks);
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), &bytes).unwrap();
    let mut reader = ArchiveReader::open(file.path()).unwrap();
    let byte = |reader: &ArchiveReader| usize::try_from(reader.byte()).unwrap();
    let mut ends = vec![byte(&reader)];
    while reader.next_block().unwrap().is_some() {
        ends.push(byte(&reader));
    }
    (blocks, bytes, ends)
}

proptest! {
    #[test]
    fn events_and_commands_come_back_as_they_were((from, blocks) in blocks()) {
        let bytes = archive(from, &blocks);
        prop_assert_eq!(read(&bytes).unwrap(), blocks);
        // Any zstd unpacks it, and every line is one of JSON.
        let text = zstd::stream::decode_all(&*bytes).unwrap();
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            let line: Result<&serde_json::value::RawValue, _> = serde_json::from_slice(line);
            prop_assert!(line.is_ok(), "{:?}", line);
        }
    }
}

#[test]
fn a_bit_that_is_another_one_changes_nothing_or_is_noticed_where_it_is() {
    let (blocks, bytes, ends) = five_blocks();
    let mut noticed = 0;
    for place in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[place] ^= 0x10;
        match read(&changed) {
            Ok(read) => assert_eq!(read, blocks, "byte {place}"),
            Err(error) => {
                noticed += 1;
                let frame = ends.iter().filter(|end| **end <= place).count();
                let behind = format!("behind position {} ", frame.saturating_sub(1));
                let said = error.to_string();
                let header = frame == 0 && said.contains("no export");
                assert!(header || said.contains(&behind), "byte {place}: {said}");
            }
        }
    }
    assert!(
        noticed * 10 > bytes.len() * 9,
        "{noticed} of {}",
        bytes.len()
    );
}

#[test]
fn a_file_that_is_cut_off_says_how_far_it_is_whole() {
    let (_, bytes, ends) = five_blocks();
    for length in 0..bytes.len() {
        let said = read(&bytes[..length]).unwrap_err().to_string();
        let whole = ends.iter().filter(|end| **end <= length).count();
        match whole.checked_sub(1) {
            Some(position) => assert!(
                said.contains(&format!("cut off behind position {position} of 5")),
                "{length}: {said}"
            ),
            None => assert!(said.contains("no export"), "{length}: {said}"),
        }
    }
}

#[test]
fn frames_that_were_dropped_doubled_or_exchanged_are_noticed() {
    let (_, bytes, ends) = five_blocks();
    // The header, five blocks, and the end.
    let frame = |number: usize| {
        let from = number.checked_sub(1).map_or(0, |before| ends[before]);
        let until = ends.get(number).map_or(bytes.len(), |end| *end);
        &bytes[from..until]
    };
    for order in [
        &[0, 1, 2, 4, 5, 6][..],
        &[0, 1, 2, 4, 3, 5, 6],
        &[0, 1, 2, 2, 3, 4, 5, 6],
        &[0, 1, 2, 6],
    ] {
        let joined: Vec<u8> = order
            .iter()
            .flat_map(|number| frame(*number))
            .copied()
            .collect();
        let said = read(&joined).unwrap_err().to_string();
        assert!(
            said.contains("damaged behind position 2 "),
            "{order:?}: {said}"
        );
    }
    let mut longer = bytes.clone();
    longer.extend_from_slice(frame(1));
    let said = read(&longer).unwrap_err().to_string();
    assert!(said.contains("something follows its end"), "{said}");
}
