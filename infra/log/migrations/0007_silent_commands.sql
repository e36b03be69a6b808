-- Commands that no event tells of, for audits: refusals and those with nothing to do. Commands with
-- events, the many, are not in these indexes, and an append of them does not touch them.
CREATE INDEX silent_commands_by_stream ON commands (stream, command_id)
    WHERE stream IS NOT NULL;
CREATE INDEX silent_commands_by_correlation ON commands (correlation_id, command_id)
    WHERE correlation_id IS NOT NULL;
