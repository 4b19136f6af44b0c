//! Every kind of grant: those that start active, those of OAuth 1.0a, and what is asked of all of a client's.

use super::records::{
    ALICE, BOB, NEVER, active, active_grant, add_grants, assert_exists, client_id, consent_of, grant,
    grant_id, oauth1_grant, people_and_apps, revoked, scope, session_id, state_of, time,
};
use crate::{Migration, Redeemed, Rotated, Store};
use std::sync::Arc;
use valetkey_model::Grant;
use valetkey_model::grant::{Active, CodeIssued, GrantState, GrantedBy, RevokedWhy};

/// RFC 5849 §2.2: whoever authorizes the same temporary credentials again is refused, and allows nothing by it.
pub async fn temporary_credentials_are_authorized_once(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    let first = oauth1_grant(1);
    store
        .insert_grant(first.clone(), Some(consent_of(&first)))
        .await
        .unwrap();
    let more = Grant {
        scope: scope("photos.write"),
        ..oauth1_grant(1)
    };
    let of_bob = Grant {
        user: BOB,
        ..oauth1_grant(1)
    };
    for again in [more, of_bob] {
        let consent = consent_of(&again);
        assert_exists(store.insert_grant(again, Some(consent)).await, "grant");
    }
    let app = client_id("app");
    assert_eq!(store.find_grant(first.id).await.unwrap(), Some(first.clone()));
    assert_eq!(
        store.find_consent(ALICE, &app).await.unwrap(),
        Some(consent_of(&first))
    );
    assert_eq!(store.find_consent(BOB, &app).await.unwrap(), None);
}

/// A code forged for a grant that never had one redeems nothing; its refresh token rotates as any other.
pub async fn a_grant_that_starts_active_has_no_code_to_redeem(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    let password = active_grant(1, GrantedBy::Password);
    add_grants(&store, std::slice::from_ref(&password)).await;
    let lost = Redeemed::Lost(Box::new(password.clone()));
    assert_eq!(store.redeem_code(password.id, active(7)).await.unwrap(), lost);
    assert_eq!(
        store.find_grant(password.id).await.unwrap(),
        Some(password.clone())
    );
    let rotated = store.rotate_refresh(password.id, 1, active(2)).await.unwrap();
    assert_eq!(rotated, Rotated::Won);
    assert_eq!(state_of(&store, 1).await, GrantState::Active(active(2)));
}

/// However it was given, in whatever state, and with what it continues.
pub async fn a_grant_of_every_kind_comes_back_as_it_went_in(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    for (number, by) in (1..).zip(GrantedBy::ALL) {
        let code_is_out = Grant {
            by,
            session: Some(session_id(1)),
            ..grant(number)
        };
        let continues = Grant {
            migrated_from: Some(grant_id(number)),
            ..active_grant(100 + number, by)
        };
        let over = Grant {
            expires_at: NEVER,
            ..active_grant(200 + number, by).revoked(RevokedWhy::ByAdmin, time(60))
        };
        for grant in [code_is_out, continues, over] {
            store.insert_grant(grant.clone(), None).await.unwrap();
            assert_eq!(store.find_grant(grant.id).await.unwrap(), Some(grant));
        }
    }
}

/// The account page shows grants of both protocols side by side.
pub async fn every_kind_of_grant_is_listed(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    let mut expected = Vec::new();
    for (number, by) in (0_u32..).zip(GrantedBy::ALL) {
        let given = Grant {
            created_at: time(10 + i64::from(number)),
            ..active_grant(u128::from(number), by)
        };
        expected.insert(0, given.clone());
        add_grants(&store, &[given]).await;
    }
    assert_eq!(
        store.list_active_grants(ALICE, time(100)).await.unwrap(),
        expected
    );
}

/// Revoking what was never given is no error, and touches no other client's grants.
pub async fn a_client_without_grants_has_none_to_revoke(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    add_grants(&store, &[grant(1)]).await;
    for client in ["other", "absent"] {
        let count = store
            .revoke_grants_of_client(&client_id(client), None, time(0), RevokedWhy::ByAdmin, time(60))
            .await;
        assert_eq!(count.unwrap(), 0);
    }
    assert_eq!(state_of(&store, 1).await, grant(1).state);
}

fn whose_code_is_out_until(number: u128, end: i64) -> Grant {
    let GrantState::CodeIssued(code) = grant(number).state else {
        panic!("its code is out");
    };
    let state = GrantState::CodeIssued(CodeIssued {
        code_expires_at: time(end),
        ..code
    });
    Grant {
        state,
        ..grant(number)
    }
}

/// Grants of `app` that are over at 100, each for another reason; none is counted or changed afterwards.
async fn add_grants_that_are_over(store: &Arc<dyn Store>) -> [Grant; 5] {
    let over = [
        active_grant(91, GrantedBy::OAuth1).revoked(RevokedWhy::ByClient, time(50)),
        Grant {
            expires_at: time(100),
            ..active_grant(92, GrantedBy::DeviceCode)
        },
        active_grant(93, GrantedBy::AuthorizationCode).redeemed(Active {
            idle_expires_at: time(100),
            ..active(3)
        }),
        whose_code_is_out_until(94, 100),
        // By a node whose clock is ahead.
        active_grant(95, GrantedBy::OAuth1).revoked(RevokedWhy::ByResourceOwner, time(150)),
    ];
    add_grants(store, &over).await;
    over
}

/// Who looks at a grant later still learns why it really ended.
pub async fn grants_of_a_client_that_are_over_are_left_alone(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    let over = add_grants_that_are_over(&store).await;
    let app = client_id("app");
    let revoke = |at| store.revoke_grants_of_client(&app, None, time(0), RevokedWhy::ByAdmin, at);
    assert_eq!(revoke(time(100)).await.unwrap(), 0);
    for grant in over {
        assert_eq!(store.find_grant(grant.id).await.unwrap(), Some(grant));
    }
    // A moment earlier only the revoked ones were over.
    assert_eq!(revoke(time(99)).await.unwrap(), 3);
    assert_eq!(state_of(&store, 91).await, revoked(RevokedWhy::ByClient, 50));
    assert_eq!(
        state_of(&store, 95).await,
        revoked(RevokedWhy::ByResourceOwner, 150)
    );
    for number in [92, 93, 94] {
        assert_eq!(state_of(&store, number).await, revoked(RevokedWhy::ByAdmin, 99));
    }
}

/// RFC 10027: people were tricked on devices; what they gave otherwise stays. No kind named means every kind.
pub async fn only_grants_of_that_kind_are_revoked(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    for (number, by) in (1..).zip(GrantedBy::ALL) {
        add_grants(&store, &[active_grant(number, by)]).await;
    }
    let of_bob = Grant {
        user: BOB,
        ..active_grant(10, GrantedBy::DeviceCode)
    };
    let code_is_out = Grant {
        by: GrantedBy::DeviceCode,
        ..grant(11)
    };
    let of_other = Grant {
        client: client_id("other"),
        ..active_grant(12, GrantedBy::DeviceCode)
    };
    add_grants(&store, &[of_bob, code_is_out, of_other.clone()]).await;
    let app = client_id("app");
    let revoke = |by, at| store.revoke_grants_of_client(&app, by, time(0), RevokedWhy::ByAdmin, at);

    assert_eq!(revoke(Some(GrantedBy::DeviceCode), time(60)).await.unwrap(), 3);
    let now = revoked(RevokedWhy::ByAdmin, 60);
    for (number, by) in (1..).zip(GrantedBy::ALL) {
        let is_revoked = state_of(&store, number).await == now;
        assert_eq!(is_revoked, by == GrantedBy::DeviceCode, "{by:?}");
    }
    for number in [10, 11] {
        assert_eq!(state_of(&store, number).await, now);
    }
    assert_eq!(revoke(Some(GrantedBy::DeviceCode), time(61)).await.unwrap(), 0);

    let all_others = GrantedBy::ALL.len() as u64 - 1;
    assert_eq!(revoke(None, time(62)).await.unwrap(), all_others);
    assert_eq!(state_of(&store, 10).await, now);
    assert_eq!(state_of(&store, 12).await, of_other.state);
}

/// What was given before the trouble began stays.
pub async fn only_grants_since_that_moment_are_revoked(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    for (number, at) in [(1, 29), (2, 30), (3, 31)] {
        let given = Grant {
            created_at: time(at),
            ..active_grant(number, GrantedBy::DeviceCode)
        };
        add_grants(&store, &[given]).await;
    }
    let by = Some(GrantedBy::DeviceCode);
    let count = store
        .revoke_grants_of_client(&client_id("app"), by, time(30), RevokedWhy::ByAdmin, time(60))
        .await;
    assert_eq!(count.unwrap(), 2);
    assert_eq!(state_of(&store, 1).await, GrantState::Active(active(1)));
    for number in [2, 3] {
        assert_eq!(state_of(&store, number).await, revoked(RevokedWhy::ByAdmin, 60));
    }
}

/// An unknown client, and one whose grants are another's.
pub async fn nobody_has_moved_where_nobody_is(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    let of_other = Grant {
        client: client_id("other"),
        ..oauth1_grant(1)
    };
    add_grants(&store, &[of_other]).await;
    for client in ["app", "absent"] {
        let counted = store.migration(&client_id(client), time(100)).await.unwrap();
        assert_eq!(counted, Migration { people: 0, moved: 0 });
    }
}

/// Whoever has nothing that works any more is no user to move; a code that is out is not yet one.
pub async fn a_grant_that_is_over_counts_for_no_migration(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    add_grants_that_are_over(&store).await;
    add_grants(&store, &[whose_code_is_out_until(1, 170)]).await;
    let app = client_id("app");
    let at = |moment| store.migration(&app, time(moment));
    assert_eq!(at(100).await.unwrap(), Migration { people: 0, moved: 0 });
    assert_eq!(at(99).await.unwrap(), Migration { people: 1, moved: 1 });
    // Alice goes on with 1.0a, and what she had by 2.0 is over.
    add_grants(&store, &[oauth1_grant(2)]).await;
    assert_eq!(at(100).await.unwrap(), Migration { people: 1, moved: 0 });
}

/// Two grants of one person are one person; who has both protocols has moved.
pub async fn people_are_counted_and_not_their_grants(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    let of_bob = |grant| Grant { user: BOB, ..grant };
    let app = client_id("app");
    let now = || store.migration(&app, time(100));
    add_grants(
        &store,
        &[oauth1_grant(1), oauth1_grant(2), of_bob(oauth1_grant(3))],
    )
    .await;
    assert_eq!(now().await.unwrap(), Migration { people: 2, moved: 0 });

    let migrated = Grant {
        migrated_from: Some(grant_id(1)),
        ..active_grant(4, GrantedBy::Migration)
    };
    add_grants(&store, &[migrated, active_grant(5, GrantedBy::AuthorizationCode)]).await;
    assert_eq!(now().await.unwrap(), Migration { people: 2, moved: 1 });

    let withdrawn = store.withdraw_consent(ALICE, &app, time(90)).await.unwrap();
    assert_eq!(withdrawn, 4);
    assert_eq!(now().await.unwrap(), Migration { people: 1, moved: 0 });

    add_grants(&store, &[of_bob(active_grant(6, GrantedBy::Implicit))]).await;
    assert_eq!(now().await.unwrap(), Migration { people: 1, moved: 1 });
}
