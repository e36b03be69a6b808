//! What every engine of the stores must do. An engine takes part with one line per port in a test of
//! its own, such as `read_store_contract!(crate::read_store);`, naming an async function that makes
//! an empty store, and whatever must live as long as it:
//!
//! - `read_store(partitions: u32) -> (Arc<dyn ReadStore>, Uuid, Guard)`, the id being the log's,
//! - `process_store() -> (Arc<dyn ProcessStore>, Arc<dyn WorkStore>, Uuid, Guard)`,
//! - `work_store() -> (Arc<dyn WorkStore>, Guard)`,
//! - `dead_letters(partitions: u32) -> (dead_letter::Bench, Guard)`.

pub(crate) mod dead_letter;
pub(crate) mod process_store;
pub(crate) mod read_store;
pub(crate) mod work_store;

macro_rules! read_store_contract {
    ($open:path) => {
        mod read_store_of_one_partition {
            $crate::contract::read_store_contract!($open, 1);
        }
        mod read_store_of_five_partitions {
            $crate::contract::read_store_contract!($open, 5);
        }
    };
    ($open:path, $partitions:literal) => {
        $crate::contract::read_store_contract! { $open, $partitions =>
            committing {
                a_new_projection_stands_at_the_start_of_every_partition,
                rows_and_checkpoint_are_written_together,
                a_stale_checkpoint_writes_nothing,
                a_commit_is_written_whole_or_not_at_all,
                of_many_partitions_at_once_the_stale_alone_write_nothing,
                each_partition_moves_by_itself,
                one_of_many_who_race_is_written,
                rows_are_never_seen_without_their_checkpoint,
                an_offset_stays_until_it_is_replaced,
                a_changed_column_is_found_by_its_new_value_alone,
                a_row_that_is_gone_is_not_found,
                parked_events_are_kept_with_their_keys,
                events_are_unparked_with_the_checkpoint,
                a_pause_is_remembered,
            }
            staging {
                a_staged_generation_is_invisible_until_adopted,
                two_generations_are_compared_row_by_row,
                who_wrote_to_the_old_generation_is_fenced,
                nothing_is_adopted_where_the_live_rows_have_moved,
                nothing_is_adopted_that_is_not_there_any_more,
                adopted_rows_keep_their_own_checkpoints,
                rows_of_another_version_are_not_served,
                who_holds_may_finish_and_adopt,
                a_claim_that_was_dropped_is_free_again,
            }
            filling {
                a_generation_is_filled_slot_by_slot,
                who_goes_on_filling_finds_whole_slots_alone,
                a_key_in_two_slots_is_refused,
                what_was_live_is_kept_until_the_next_is_staged,
            }
            index {
                the_index_of_the_log_answers_positions,
                an_event_is_indexed_once,
            }
            paging {
                pages_joined_are_the_sorted_filtered_rows,
            }
        }
    };
    ($open:path, $partitions:literal => $($module:ident { $($fact:ident,)* })*) => {
        $(mod $module {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $fact() {
                let (store, log_id, _guard) = $open($partitions).await;
                $crate::contract::read_store::$module::$fact(store, log_id).await;
            })*
        })*
    };
}
pub(crate) use read_store_contract;

macro_rules! process_store_contract {
    ($open:path) => {
        mod process_store {
            $crate::contract::process_store_contract! { $open =>
                a_new_process_stands_at_the_start,
                what_was_saved_is_loaded_again,
                a_stale_checkpoint_saves_nothing,
                work_and_parked_events_are_saved_where_the_checkpoint_stays,
                partitions_and_processes_move_by_themselves,
                of_many_who_save_at_once_the_stale_alone_save_nothing,
                one_of_many_who_race_is_saved,
                an_offset_stays_until_it_is_replaced,
                parked_events_are_listed_in_order,
                events_are_unparked_where_the_checkpoint_is_the_one_expected,
            }
        }
    };
    ($open:path => $($fact:ident,)*) => {
        $(#[tokio::test(flavor = "multi_thread")]
        async fn $fact() {
            let (store, work, log_id, _guard) = $open().await;
            let bench = $crate::contract::process_store::Bench { store, work, log_id };
            $crate::contract::process_store::$fact(bench).await;
        })*
    };
}
pub(crate) use process_store_contract;

macro_rules! work_store_contract {
    ($open:path) => {
        mod work_store {
            $crate::contract::work_store_contract! { $open =>
                a_row_is_leased_once_and_not_before_it_is_due,
                a_row_is_known_for_ever_once_inserted,
                an_expired_lease_is_taken_over_and_the_loser_settles_nothing,
                a_rescheduled_row_comes_back_at_its_time,
                a_postponed_row_comes_back_as_if_it_had_not_been_tried,
                rows_of_other_kinds_are_left_alone,
                what_is_due_first_is_leased_first,
                many_who_lease_at_once_have_different_rows,
                who_waits_for_rows_is_woken,
            }
        }
    };
    ($open:path => $($fact:ident,)*) => {
        $(#[tokio::test(flavor = "multi_thread")]
        async fn $fact() {
            let (store, _guard) = $open().await;
            $crate::contract::work_store::$fact(store).await;
        })*
    };
}
pub(crate) use work_store_contract;
