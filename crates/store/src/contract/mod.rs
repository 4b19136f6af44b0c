//! What every backend must pass: one async case for each edge of each verb, and a macro that makes a
//! test of each.
//!
//! A case gets a fresh, empty store and fails by panicking. The backend's test crate needs `tokio`.
//!
//! ```text
//! fn make_store() -> (std::sync::Arc<dyn valetkey_store::Store>, impl Sized) {
//!     // the second value lives until the case is over: a temporary folder, a schema to drop
//! }
//! valetkey_store::contract_tests!(make_store);
//! ```

pub mod clients;
pub mod consents;
pub mod devices;
pub mod factors;
pub mod forgetting;
pub mod grants;
pub mod keys;
pub mod kinds;
pub mod links;
pub mod logouts;
pub mod nonces;
pub mod outbox;
pub mod passkeys;
pub mod pulse;
pub mod races;
pub mod races_openid;
mod records;
pub mod sessions;
pub mod throttle;
pub mod transfer;
mod transfer_rows;
pub mod users;

/// What a case gets: a store, and what is dropped after the case.
pub trait Made {
    /// What the store is for the case.
    type Store: ?Sized;
    /// The second of the two.
    type Guard;
    /// Nothing, when there is no server to make it on: then the case is skipped.
    fn made(self) -> Option<(std::sync::Arc<Self::Store>, Self::Guard)>;
}

impl<S: ?Sized, G> Made for (std::sync::Arc<S>, G) {
    type Store = S;
    type Guard = G;
    fn made(self) -> Option<Self> {
        Some(self)
    }
}

impl<S: ?Sized, G> Made for Option<(std::sync::Arc<S>, G)> {
    type Store = S;
    type Guard = G;
    fn made(self) -> Self {
        self
    }
}

/// Makes a `#[tokio::test]` of every case, on several threads. The argument is the name of a function
/// that answers `(Arc<dyn Store>, impl Sized)`, or an `Option` of that; the second value is dropped after the case.
#[macro_export]
macro_rules! contract_tests {
    ($make_store:ident) => {
        $crate::contract_tests! { @in $make_store
            clients {
                an_absent_client_is_none
                a_client_id_is_taken_only_once
                a_client_comes_back_as_it_went_in
                every_signing_algorithm_of_a_client_comes_back
                the_keys_of_a_client_come_back_as_they_went_in
                a_relying_party_comes_back_as_it_went_in
                only_clients_that_registered_themselves_and_are_unused_are_forgotten
                a_client_that_was_used_lately_is_not_forgotten
                of_two_hundred_parallel_uses_of_a_client_one_is_written_down
                unused_clients_are_forgotten_a_few_at_a_time
                clients_that_registered_themselves_are_counted
                the_oauth1_side_of_a_client_comes_back_as_it_went_in
                what_a_client_may_exchange_comes_back_as_it_went_in
                an_update_replaces_the_whole_client
                clients_are_listed_by_id
                removing_a_client_takes_its_grants_consents_and_devices_along
            }
            users {
                an_absent_person_is_none
                a_username_is_taken_only_once_whatever_its_case
                a_user_id_is_taken_only_once
                a_person_is_found_by_username_without_regard_to_case
                a_person_comes_back_as_they_went_in
                an_address_that_was_not_verified_finds_nobody
                an_address_is_compared_without_regard_to_ascii_case_alone
                people_of_one_address_are_listed_oldest_first_and_ten_at_most
                new_claims_replace_the_old_ones
                claims_that_changed_meanwhile_are_not_overwritten
                people_are_listed_by_username
                a_new_password_ends_sessions_and_all_but_offline_grants
                a_new_password_leaves_the_session_it_was_set_in
                removing_a_person_takes_everything_of_theirs_along
            }
            factors {
                absent_one_time_codes_are_none
                one_time_codes_of_nobody_are_refused
                a_one_time_code_counts_once
                a_new_app_takes_the_place_of_the_old_one
                a_recovery_code_counts_once
                recovery_codes_are_replaced_all_at_once
                removing_one_time_codes_takes_the_recovery_codes_along
            }
            passkeys {
                an_absent_passkey_is_none
                a_passkey_id_is_taken_only_once
                a_passkey_of_nobody_is_refused
                a_passkey_comes_back_as_it_went_in
                passkeys_are_listed_oldest_first
                a_use_of_a_passkey_starts_from_its_count
                a_passkey_that_does_not_count_is_used_again_and_again
                only_its_person_removes_a_passkey
            }
            links {
                an_absent_link_is_none
                an_account_is_linked_to_one_person_only
                a_link_of_nobody_is_refused
                accounts_elsewhere_are_told_apart_by_every_character
                links_are_listed_oldest_first
                only_its_person_removes_a_link
                the_last_way_to_sign_in_stays
                of_two_last_ways_that_are_removed_at_once_one_stays
                a_new_person_with_a_taken_name_leaves_no_link
                a_new_person_with_a_taken_account_is_not_added
                a_new_person_comes_with_a_link_of_their_own
            }
            sessions {
                an_absent_session_is_none
                a_session_comes_back_as_it_went_in_even_when_expired
                only_sessions_that_are_not_over_are_listed
                a_session_of_nobody_is_refused
                a_refused_session_replaces_nothing
                a_new_sign_in_of_the_same_person_ends_the_old_id_and_keeps_the_grants
                a_sign_in_of_another_person_revokes_the_grants_of_the_first
                a_session_may_replace_one_that_is_gone
                ending_a_session_that_is_gone_revokes_its_grants
                ending_a_session_revokes_only_its_grants_that_are_not_offline
                the_sessions_of_others_are_left_alone
                ending_all_sessions_but_one_leaves_that_and_its_grants
                grants_follow_the_sid_of_the_session
            }
            logouts {
                nobody_takes_part_who_did_not_join
                joining_twice_is_joining_once
                ending_a_session_tells_its_participants
                a_logout_that_waits_already_is_left_alone
                a_new_sign_in_of_the_same_person_tells_nobody
                a_session_that_bears_the_same_sid_is_replaced
                a_sign_in_of_another_person_tells_the_participants_of_the_first
                a_new_sid_ends_the_old_one
                a_refused_sign_in_tells_nobody
                ending_the_sessions_of_a_person_tells_the_participants_of_each
                a_new_password_tells_the_participants_of_the_sessions_it_ends
                removing_a_person_tells_the_participants_of_their_sessions
                a_session_that_ends_by_itself_tells_nobody
                a_client_that_is_removed_takes_part_no_more
            }
            consents {
                an_absent_consent_is_none
                consent_grows_to_the_union_and_keeps_its_first_date
                consent_is_remembered_for_the_pair_alone
                consents_are_listed_newest_first
                a_refused_grant_adds_no_consent
                withdrawing_consent_revokes_grants_that_left_none_to_remember
                withdrawing_consent_revokes_every_grant_of_the_pair
            }
            grants {
                an_absent_grant_is_none
                a_grant_comes_back_as_it_went_in
                a_grant_id_is_taken_only_once
                a_grant_of_nobody_or_to_nobody_is_refused
                a_code_is_redeemed_once
                a_grant_whose_code_is_out_does_not_rotate
                only_the_current_generation_rotates
                a_revoked_grant_never_comes_back
                revoking_again_changes_nothing
                only_active_grants_that_are_not_over_are_listed
                the_status_of_an_access_token_tells_both_facts
                revoking_a_token_again_keeps_the_later_end
            }
            kinds {
                temporary_credentials_are_authorized_once
                a_grant_that_starts_active_has_no_code_to_redeem
                a_grant_of_every_kind_comes_back_as_it_went_in
                every_kind_of_grant_is_listed
                a_client_without_grants_has_none_to_revoke
                grants_of_a_client_that_are_over_are_left_alone
                only_grants_of_that_kind_are_revoked
                only_grants_since_that_moment_are_revoked
                nobody_has_moved_where_nobody_is
                a_grant_that_is_over_counts_for_no_migration
                people_are_counted_and_not_their_grants
            }
            devices {
                an_absent_device_is_none
                a_device_id_is_taken_only_once
                a_taken_user_code_is_refused_until_it_is_forgotten
                a_device_of_no_client_is_refused
                a_device_comes_back_as_it_went_in
                a_poll_tells_of_the_one_before
                a_denied_device_is_not_approved
                an_approved_device_is_neither_denied_nor_approved_again
                an_approval_by_nobody_leaves_the_device_pending
                an_approval_with_a_taken_grant_leaves_the_device_pending
                an_approval_adds_the_grant_and_the_consent
            }
            nonces {
                a_nonce_is_taken_once
                a_nonce_that_has_expired_is_refused_until_it_is_forgotten
                nonces_are_told_apart_by_every_character
            }
            outbox {
                an_empty_outbox_has_nothing_to_deliver
                a_delivery_of_that_name_waits_once
                a_logout_for_no_client_is_refused
                a_delivery_comes_back_as_it_went_in
                what_is_not_due_or_given_up_is_not_taken
                the_longest_due_is_taken_first
                letters_and_the_logouts_of_each_client_have_turns_of_their_own
                what_was_taken_is_due_again_until_it_is_removed
                postponing_moves_one_delivery
                removing_takes_one_delivery
                deliveries_are_counted_until_they_are_given_up
                what_waits_for_a_client_goes_with_it
            }
            races {
                of_two_hundred_parallel_redemptions_of_a_code_one_wins
                of_two_hundred_parallel_rotations_of_a_generation_one_wins
                a_revocation_wins_against_redemptions_and_rotations
                parallel_redemptions_of_different_codes_all_win
                of_two_hundred_parallel_authorizations_of_temporary_credentials_one_counts
                of_two_hundred_parallel_answers_to_a_device_one_counts
                of_two_hundred_parallel_polls_of_a_device_one_is_the_first
                of_two_hundred_parallel_devices_of_one_user_code_one_is_added
                of_two_hundred_parallel_showings_of_a_nonce_one_is_the_first
                of_two_hundred_parallel_people_of_one_name_one_is_added
                of_two_hundred_parallel_first_keys_one_is_added
                two_hundred_parallel_failures_are_all_counted
                no_grant_survives_the_removal_of_its_client
            }
            races_openid {
                of_two_hundred_parallel_showings_of_a_one_time_code_one_counts
                of_two_hundred_parallel_showings_of_a_recovery_code_one_counts
                of_two_hundred_parallel_uses_of_a_passkey_from_one_count_one_wins
                of_two_hundred_parallel_registrations_of_a_passkey_one_is_added
                of_two_hundred_parallel_rotations_of_a_key_one_happens
                of_two_hundred_parallel_people_of_one_account_elsewhere_one_is_added
                no_delivery_is_taken_twice_by_two_hundred_parallel_takers
                no_participant_is_left_untold_by_a_session_that_ends
                of_two_hundred_parallel_sign_ins_of_one_browser_one_session_is_left
                no_grant_survives_a_client_that_was_forgotten
            }
            forgetting {
                nothing_is_forgotten_where_nothing_is
                what_is_alive_is_never_forgotten
                a_grant_is_forgotten_some_time_after_it_is_over
                sessions_token_revocations_and_attempts_are_forgotten_when_they_end
                nonces_are_forgotten_when_they_end_and_device_requests_a_while_later
                deliveries_are_forgotten_when_they_are_given_up
                a_grant_without_an_end_is_kept_until_it_is_revoked
                forgetting_keeps_to_its_limit
            }
            throttle {
                no_attempts_are_none
                failures_count_in_a_window_that_later_ones_do_not_prolong
                a_window_that_has_ended_counts_no_more
                clearing_forgets_the_failures_of_one_key
            }
            keys {
                no_keys_are_an_empty_list
                a_second_first_key_of_an_algorithm_is_not_added
                a_retired_key_does_not_count_as_the_first
                a_rotation_retires_the_key_that_signs
                a_rotation_without_a_key_adds_one
                a_rotation_of_a_key_that_does_not_sign_changes_nothing
                a_refused_rotation_retires_nothing
                only_keys_whose_time_is_up_are_forgotten
            }
            pulse {
                a_store_that_works_is_ready
                the_stamp_grows_with_every_change_of_clients_and_keys
                the_stamp_does_not_move_otherwise
            }
        }
    };
    (@in $make_store:ident $($file:ident { $($case:ident)* })*) => {
        $(mod $file {$(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $case() {
                let Some((store, guard)) = $crate::contract::Made::made(super::$make_store()) else {
                    return;
                };
                $crate::contract::$file::$case(store).await;
                drop(guard);
            }
        )*})*
    };
}

/// The same for [`Transfer`](crate::transfer::Transfer): the function answers `(Arc<dyn Transfer>, impl Sized)`, or an
/// `Option` of that.
#[macro_export]
macro_rules! transfer_contract_tests {
    ($make_store:ident) => {
        $crate::contract_tests! { @in $make_store
            transfer {
                rows_come_out_as_they_went_in
                a_row_that_is_there_is_left_alone
                rows_are_read_in_the_order_of_their_keys_a_few_at_a_time
                a_key_of_two_columns_is_gone_through_whole
                a_snapshot_does_not_see_what_is_written_after_it
                removing_a_row_takes_along_what_refers_to_it
                rows_go_in_all_or_none
                a_copy_is_begun_gone_on_with_and_finished
                no_copy_begins_in_a_store_with_rows
            }
        }
    };
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_case_is_in_the_macro() {
        let listed = include_str!("mod.rs");
        for file in [
            include_str!("clients.rs"),
            include_str!("users.rs"),
            include_str!("factors.rs"),
            include_str!("passkeys.rs"),
            include_str!("links.rs"),
            include_str!("sessions.rs"),
            include_str!("logouts.rs"),
            include_str!("consents.rs"),
            include_str!("grants.rs"),
            include_str!("kinds.rs"),
            include_str!("devices.rs"),
            include_str!("nonces.rs"),
            include_str!("outbox.rs"),
            include_str!("races.rs"),
            include_str!("races_openid.rs"),
            include_str!("forgetting.rs"),
            include_str!("throttle.rs"),
            include_str!("keys.rs"),
            include_str!("pulse.rs"),
            include_str!("transfer.rs"),
        ] {
            let cases = file.split("pub async fn ").skip(1);
            let names: Vec<&str> = cases.filter_map(|text| text.split('(').next()).collect();
            assert!(!names.is_empty());
            for name in names {
                assert!(listed.contains(&format!(" {name}\n")), "{name} is in no list");
            }
        }
    }
}
