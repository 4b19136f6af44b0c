//! Grants: each transition one caller at a time, and never back.

use super::records::{
    ALICE, BOB, active, add_grants, assert_exists, assert_orphan, client_id, grant, grant_id,
    people_and_apps, revoked, session_id, state_of, time,
};
use crate::{AccessStatus, Redeemed, Rotated, Store};
use std::collections::BTreeMap;
use std::sync::Arc;
use valetkey_model::grant::{Active, CodeIssued, GrantState, RevokedWhy};
use valetkey_model::{Grant, Sid};
use valetkey_protocol::acr::Acr;
use valetkey_protocol::claims_request::{Asked, ClaimsRequest};
use valetkey_protocol::scope::Scope;

/// Nothing is found, redeemed, rotated or revoked where there is no grant.
pub async fn an_absent_grant_is_none(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    add_grants(&store, &[grant(1)]).await;
    let absent = grant_id(2);
    assert_eq!(store.find_grant(absent).await.unwrap(), None);
    assert_eq!(
        store.redeem_code(absent, active(1)).await.unwrap(),
        Redeemed::Absent
    );
    assert_eq!(
        store.rotate_refresh(absent, 1, active(2)).await.unwrap(),
        Rotated::Absent
    );
    assert!(
        !store
            .revoke_grant(absent, RevokedWhy::ByAdmin, time(1))
            .await
            .unwrap()
    );
    assert_eq!(
        store.list_active_grants(ALICE, time(0)).await.unwrap(),
        Vec::new()
    );
    assert_eq!(store.find_grant(grant_id(1)).await.unwrap(), Some(grant(1)));
}

/// Every field survives, and so does the lack of each.
pub async fn a_grant_comes_back_as_it_went_in(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    let essential = Asked {
        essential: true,
        ..Asked::default()
    };
    let asked = ClaimsRequest {
        userinfo: BTreeMap::from([
            ("nickname".to_owned(), None),
            ("name".to_owned(), Some(essential)),
        ]),
        id_token: BTreeMap::from([("it's \"one\"".to_owned(), Some(Asked::default()))]),
    };
    let full = Grant {
        session: Some(session_id(9)),
        amr: vec!["pwd".to_owned(), "otp".to_owned()],
        acr: Acr::TwoFactors,
        sid: Some(Sid(session_id(8).0)),
        claims: asked.clone(),
        offline: false,
        nonce: Some("a 'nonce' with \u{1F511}".to_owned()),
        ..grant(1)
    };
    let bare = Grant {
        scope: Scope::default(),
        resources: std::collections::BTreeSet::new(),
        amr: Vec::new(),
        acr: Acr::OneFactor,
        sid: None,
        claims: ClaimsRequest::default(),
        nonce: None,
        state: GrantState::CodeIssued(CodeIssued {
            redirect_uri: "http://127.0.0.1:51004/callback?x=%20".to_owned(),
            redirect_uri_was_given: false,
            code_challenge: None,
            code_expires_at: time(1),
        }),
        ..grant(2)
    };
    for grant in [full, bare] {
        store.insert_grant(grant.clone(), None).await.unwrap();
        assert_eq!(store.find_grant(grant.id).await.unwrap(), Some(grant));
    }
}

/// An id names one grant for ever; a second insert cannot bring a revoked one back.
pub async fn a_grant_id_is_taken_only_once(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    add_grants(&store, &[grant(1)]).await;
    assert_exists(
        store
            .insert_grant(
                Grant {
                    user: BOB,
                    ..grant(1)
                },
                None,
            )
            .await,
        "grant",
    );
    assert_eq!(store.find_grant(grant_id(1)).await.unwrap(), Some(grant(1)));
    store
        .revoke_grant(grant_id(1), RevokedWhy::ByAdmin, time(5))
        .await
        .unwrap();
    assert_exists(store.insert_grant(grant(1), None).await, "grant");
    assert_eq!(state_of(&store, 1).await, revoked(RevokedWhy::ByAdmin, 5));
}

/// No grant is given to a client, or by a person, that was just removed.
pub async fn a_grant_of_nobody_or_to_nobody_is_refused(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    store.remove_user(BOB, time(5)).await.unwrap();
    store.remove_client(&client_id("other")).await.unwrap();
    assert_orphan(
        store
            .insert_grant(
                Grant {
                    user: BOB,
                    ..grant(1)
                },
                None,
            )
            .await,
        "grant",
    );
    let to_nobody = Grant {
        client: client_id("other"),
        ..grant(1)
    };
    assert_orphan(store.insert_grant(to_nobody, None).await, "grant");
    assert_eq!(store.find_grant(grant_id(1)).await.unwrap(), None);
}

/// Code replay: the second redemption loses and sees what the first made of the grant.
pub async fn a_code_is_redeemed_once(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    add_grants(&store, &[grant(1), grant(2)]).await;
    assert_eq!(
        store.redeem_code(grant_id(1), active(1)).await.unwrap(),
        Redeemed::Won
    );
    let now = grant(1).redeemed(active(1));
    assert_eq!(store.find_grant(grant_id(1)).await.unwrap(), Some(now.clone()));
    let again = store.redeem_code(grant_id(1), active(7)).await.unwrap();
    assert_eq!(again, Redeemed::Lost(Box::new(now.clone())));
    assert_eq!(store.find_grant(grant_id(1)).await.unwrap(), Some(now));
    assert_eq!(state_of(&store, 2).await, grant(2).state);
}

/// A refresh token cannot be rotated before the code was redeemed.
pub async fn a_grant_whose_code_is_out_does_not_rotate(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    add_grants(&store, &[grant(1)]).await;
    for from in [0, 1] {
        let lost = store.rotate_refresh(grant_id(1), from, active(2)).await.unwrap();
        assert_eq!(lost, Rotated::Lost(Box::new(grant(1))));
    }
}

/// Refresh token reuse: only the current generation moves on; older and newer ones lose.
pub async fn only_the_current_generation_rotates(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    add_grants(&store, &[grant(1)]).await;
    store.redeem_code(grant_id(1), active(1)).await.unwrap();
    assert_eq!(
        store.rotate_refresh(grant_id(1), 1, active(2)).await.unwrap(),
        Rotated::Won
    );
    let now = grant(1).redeemed(active(2));
    for from in [0, 1, 3, u32::MAX] {
        let lost = store.rotate_refresh(grant_id(1), from, active(9)).await.unwrap();
        assert_eq!(lost, Rotated::Lost(Box::new(now.clone())), "from {from}");
    }
    assert_eq!(store.find_grant(grant_id(1)).await.unwrap(), Some(now));
    assert_eq!(
        store.rotate_refresh(grant_id(1), 2, active(3)).await.unwrap(),
        Rotated::Won
    );
    assert_eq!(state_of(&store, 1).await, GrantState::Active(active(3)));
}

/// Revoked is the last state, whether a code was out or tokens were.
pub async fn a_revoked_grant_never_comes_back(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    add_grants(&store, &[grant(1), grant(2)]).await;
    store.redeem_code(grant_id(2), active(1)).await.unwrap();
    for number in [1, 2] {
        let id = grant_id(number);
        assert!(
            store
                .revoke_grant(id, RevokedWhy::CodeReplayed, time(60))
                .await
                .unwrap()
        );
        let over = grant(number).revoked(RevokedWhy::CodeReplayed, time(60));
        let redeemed = store.redeem_code(id, active(1)).await.unwrap();
        assert_eq!(redeemed, Redeemed::Lost(Box::new(over.clone())));
        let rotated = store.rotate_refresh(id, 1, active(2)).await.unwrap();
        assert_eq!(rotated, Rotated::Lost(Box::new(over.clone())));
        assert_eq!(store.find_grant(id).await.unwrap(), Some(over));
    }
    assert_eq!(
        store.list_active_grants(ALICE, time(0)).await.unwrap(),
        Vec::new()
    );
}

/// The first reason and time stay, whichever reason it was.
pub async fn revoking_again_changes_nothing(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    let whys = [
        RevokedWhy::CodeReplayed,
        RevokedWhy::RefreshTokenReused,
        RevokedWhy::ByClient,
        RevokedWhy::ByResourceOwner,
        RevokedWhy::SignedOut,
        RevokedWhy::ByAdmin,
    ];
    for (number, why) in (1..).zip(whys) {
        add_grants(&store, &[grant(number)]).await;
        assert!(store.revoke_grant(grant_id(number), why, time(60)).await.unwrap());
        let again = store
            .revoke_grant(grant_id(number), RevokedWhy::ByClient, time(99))
            .await;
        assert!(!again.unwrap());
        assert_eq!(state_of(&store, number).await, revoked(why, 60));
    }
}

/// The account page shows what works now: active, not expired, not idle for too long, this person's, newest first.
pub async fn only_active_grants_that_are_not_over_are_listed(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    let newest = Grant {
        created_at: time(30),
        client: client_id("other"),
        ..grant(1)
    };
    let expired = Grant {
        expires_at: time(100),
        ..grant(3)
    };
    let of_bob = Grant {
        user: BOB,
        ..grant(5)
    };
    let code_is_out = grant(6);
    let idle = grant(7).redeemed(Active {
        idle_expires_at: time(100),
        ..active(1)
    });
    let all = [
        newest.clone(),
        grant(2),
        expired,
        grant(4),
        of_bob,
        code_is_out,
        idle,
    ];
    add_grants(&store, &all).await;
    for number in 1..=5 {
        store.redeem_code(grant_id(number), active(1)).await.unwrap();
    }
    store
        .revoke_grant(grant_id(4), RevokedWhy::ByClient, time(50))
        .await
        .unwrap();
    let listed = store.list_active_grants(ALICE, time(100)).await.unwrap();
    assert_eq!(
        listed,
        vec![newest.redeemed(active(1)), grant(2).redeemed(active(1))]
    );
    assert_eq!(store.list_active_grants(ALICE, time(99)).await.unwrap().len(), 4);
}

/// What a resource server learns about a token: both facts, each alone and together.
pub async fn the_status_of_an_access_token_tells_both_facts(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    add_grants(&store, &[grant(1)]).await;
    store.redeem_code(grant_id(1), active(1)).await.unwrap();
    store.revoke_token("jti-1", time(500)).await.unwrap();
    let now = grant(1).redeemed(active(1));
    let status = |token_revoked, grant| AccessStatus { token_revoked, grant };

    let neither = store.access_status("jti-2", None).await.unwrap();
    assert_eq!(neither, status(false, None));
    let absent = store.access_status("jti-2", Some(grant_id(2))).await.unwrap();
    assert_eq!(absent, status(false, None));
    let token = store.access_status("jti-1", None).await.unwrap();
    assert_eq!(token, status(true, None));
    let alive = store.access_status("jti-2", Some(grant_id(1))).await.unwrap();
    assert_eq!(alive, status(false, Some(now.clone())));
    let both = store.access_status("jti-1", Some(grant_id(1))).await.unwrap();
    assert_eq!(both, status(true, Some(now)));

    store
        .revoke_grant(grant_id(1), RevokedWhy::ByClient, time(60))
        .await
        .unwrap();
    let over = store.access_status("jti-2", Some(grant_id(1))).await.unwrap();
    let revoked = grant(1).revoked(RevokedWhy::ByClient, time(60));
    assert_eq!(over, status(false, Some(revoked)));
}

/// RFC 7009 §2.2: revoking a token again is no error, and never shortens the first revocation.
pub async fn revoking_a_token_again_keeps_the_later_end(store: Arc<dyn Store>) {
    store.revoke_token("jti", time(500)).await.unwrap();
    store.revoke_token("jti", time(100)).await.unwrap();
    assert_eq!(store.forget_expired(time(499), 0, 10).await.unwrap(), 0);
    assert!(store.access_status("jti", None).await.unwrap().token_revoked);
    assert_eq!(store.forget_expired(time(500), 0, 10).await.unwrap(), 1);
    assert!(!store.access_status("jti", None).await.unwrap().token_revoked);
}
