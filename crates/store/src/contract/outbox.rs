//! What waits to be delivered: nothing is lost, and nothing is handed out twice.

use super::records::{
    assert_orphan, client_id, letter, logout, logouts, participant, people_and_apps, taken, time,
};
use crate::{Due, Store};
use std::sync::Arc;
use valetkey_model::{Delivery, Errand};

/// Nothing is taken, postponed or removed where nothing waits.
pub async fn an_empty_outbox_has_nothing_to_deliver(store: Arc<dyn Store>) {
    let taken = store
        .take_deliveries(Due::Letters, time(100), time(200), 10)
        .await;
    assert_eq!(taken.unwrap(), Vec::new());
    assert!(!store.remove_delivery("a").await.unwrap());
    assert!(!store.postpone_delivery("a", time(1)).await.unwrap());
    assert_eq!(store.count_deliveries(time(0)).await.unwrap(), 0);
}

/// The same name waits once: a second one changes nothing of the first.
pub async fn a_delivery_of_that_name_waits_once(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    store.enqueue(letter("a", 0)).await.unwrap();
    let logout = Delivery {
        id: "a".to_owned(),
        ..logout(&participant(1, "app"), 50)
    };
    store.enqueue(logout).await.unwrap();
    store.enqueue(letter("a", 50)).await.unwrap();
    assert_eq!(store.count_deliveries(time(0)).await.unwrap(), 1);
    // Due when the first was, too.
    let found = store
        .take_deliveries(Due::Letters, time(0), time(200), 10)
        .await
        .unwrap();
    assert_eq!(found, vec![taken(&letter("a", 0), 200)]);
}

/// Nobody is left to tell.
pub async fn a_logout_for_no_client_is_refused(store: Arc<dyn Store>) {
    let refused = store.enqueue(logout(&participant(1, "app"), 0)).await;
    assert_orphan(refused, "delivery");
    assert_eq!(store.count_deliveries(time(0)).await.unwrap(), 0);
}

/// Every field of every errand survives.
pub async fn a_delivery_comes_back_as_it_went_in(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    let mail = Delivery {
        id: "it's \"mail\" \u{1F511}".to_owned(),
        errand: Errand::Mail { sealed: Vec::new() },
        attempts: 7,
        next_at: time(2),
        ..letter("", 1)
    };
    let logout = logout(&participant(1, "app"), 3);
    for delivery in [&mail, &logout] {
        store.enqueue(delivery.clone()).await.unwrap();
    }
    for (which, delivery) in [(Due::Letters, mail), (logouts(9), logout)] {
        let found = store.take_deliveries(which, time(3), time(99), 10).await.unwrap();
        assert_eq!(found, [taken(&delivery, 99)]);
    }
}

/// Neither what is tried later nor what it is too late for.
pub async fn what_is_not_due_or_given_up_is_not_taken(store: Arc<dyn Store>) {
    let later = Delivery {
        next_at: time(101),
        ..letter("later", 0)
    };
    let given_up = Delivery {
        expires_at: time(100),
        ..letter("given up", 0)
    };
    for delivery in [&later, &given_up] {
        store.enqueue(delivery.clone()).await.unwrap();
    }
    let found = store
        .take_deliveries(Due::Letters, time(100), time(200), 10)
        .await;
    assert_eq!(found.unwrap(), Vec::new());
    let found = store
        .take_deliveries(Due::Letters, time(101), time(200), 10)
        .await;
    assert_eq!(found.unwrap(), vec![taken(&later, 200)]);
    // It came to nothing while it was not taken.
    assert!(store.postpone_delivery("given up", time(0)).await.unwrap());
    let found = store
        .take_deliveries(Due::Letters, time(99), time(200), 10)
        .await
        .unwrap();
    assert_eq!(
        found,
        vec![taken(
            &Delivery {
                next_at: time(0),
                ..given_up
            },
            200
        )]
    );
}

/// One call takes no more than it may; the longest due goes first.
pub async fn the_longest_due_is_taken_first(store: Arc<dyn Store>) {
    for (name, at) in [("c", 30), ("a", 10), ("d", 40), ("b", 20)] {
        store.enqueue(letter(name, at)).await.unwrap();
    }
    // It has waited the longest, and was tried again just now.
    let tried = Delivery {
        attempts: 9,
        next_at: time(35),
        ..letter("tried", 0)
    };
    store.enqueue(tried.clone()).await.unwrap();
    let take = |limit| store.take_deliveries(Due::Letters, time(50), time(500), limit);
    assert_eq!(take(0).await.unwrap(), Vec::new());
    let first = [letter("a", 10), letter("b", 20)].map(|letter| taken(&letter, 500));
    assert_eq!(take(2).await.unwrap(), first);
    let rest = [letter("c", 30), tried, letter("d", 40)].map(|letter| taken(&letter, 500));
    assert_eq!(take(10).await.unwrap(), rest);
    assert_eq!(take(10).await.unwrap(), Vec::new());
}

/// A slow receiver holds up neither letters nor other receivers.
pub async fn letters_and_the_logouts_of_each_client_have_turns_of_their_own(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    let of_app = |number: u8| logout(&participant(number.into(), "app"), number.into());
    for number in 1..=6 {
        store.enqueue(of_app(number)).await.unwrap();
    }
    let other = logout(&participant(1, "other"), 30);
    store.enqueue(other.clone()).await.unwrap();
    store.enqueue(letter("a", 40)).await.unwrap();
    let app = |number| taken(&of_app(number), 99);
    let take = |which, limit| store.take_deliveries(which, time(50), time(99), limit);
    assert_eq!(take(logouts(2), 0).await.unwrap(), Vec::new());
    assert_eq!(take(logouts(2), 2).await.unwrap(), [app(1), app(2)]);
    let busy = Due::Logouts {
        each: 2,
        except: vec![client_id("app")],
    };
    assert_eq!(take(busy.clone(), 9).await.unwrap(), [taken(&other, 99)]);
    assert_eq!(take(busy, 9).await.unwrap(), Vec::new());
    assert_eq!(
        take(Due::Letters, 9).await.unwrap(),
        [taken(&letter("a", 40), 99)]
    );
    assert_eq!(take(logouts(3), 9).await.unwrap(), [app(3), app(4), app(5)]);
    assert_eq!(take(logouts(3), 9).await.unwrap(), [app(6)]);
}

/// A node that stops after it took something loses nothing: it is due again, and every try counts.
pub async fn what_was_taken_is_due_again_until_it_is_removed(store: Arc<dyn Store>) {
    store.enqueue(letter("a", 0)).await.unwrap();
    let mut expected = letter("a", 0);
    for (now, again_at) in [(0, 60), (60, 200), (200, 400)] {
        let early = store
            .take_deliveries(Due::Letters, time(now - 1), time(again_at), 10)
            .await;
        assert_eq!(early.unwrap(), Vec::new(), "at {now}");
        expected = taken(&expected, again_at);
        let due = store
            .take_deliveries(Due::Letters, time(now), time(again_at), 10)
            .await;
        assert_eq!(due.unwrap(), vec![expected.clone()], "at {now}");
    }
    assert_eq!(expected.attempts, 3);
    assert!(store.remove_delivery("a").await.unwrap());
    let gone = store
        .take_deliveries(Due::Letters, time(500), time(600), 10)
        .await;
    assert_eq!(gone.unwrap(), Vec::new());
}

/// Postponing moves one delivery, and counts no try.
pub async fn postponing_moves_one_delivery(store: Arc<dyn Store>) {
    store.enqueue(letter("a", 0)).await.unwrap();
    store.enqueue(letter("b", 0)).await.unwrap();
    assert!(store.postpone_delivery("a", time(300)).await.unwrap());
    let now = store
        .take_deliveries(Due::Letters, time(299), time(900), 10)
        .await
        .unwrap();
    assert_eq!(now, vec![taken(&letter("b", 0), 900)]);
    let later = store
        .take_deliveries(Due::Letters, time(300), time(900), 10)
        .await
        .unwrap();
    assert_eq!(later, vec![taken(&letter("a", 0), 900)]);
}

/// What has arrived goes, and nothing else; its name is free again.
pub async fn removing_takes_one_delivery(store: Arc<dyn Store>) {
    store.enqueue(letter("a", 0)).await.unwrap();
    store.enqueue(letter("b", 0)).await.unwrap();
    assert!(store.remove_delivery("a").await.unwrap());
    assert!(!store.remove_delivery("a").await.unwrap());
    assert!(!store.remove_delivery("B").await.unwrap());
    assert_eq!(store.count_deliveries(time(0)).await.unwrap(), 1);
    store.enqueue(letter("a", 5)).await.unwrap();
    assert_eq!(store.count_deliveries(time(0)).await.unwrap(), 2);
}

/// Due or not, until it is given up.
pub async fn deliveries_are_counted_until_they_are_given_up(store: Arc<dyn Store>) {
    store.enqueue(letter("a", 0)).await.unwrap();
    store.enqueue(letter("b", 10)).await.unwrap();
    assert!(store.postpone_delivery("b", time(5000)).await.unwrap());
    for (now, waiting) in [(-100, 2), (999, 2), (1000, 1), (1009, 1), (1010, 0)] {
        let counted = store.count_deliveries(time(now)).await.unwrap();
        assert_eq!(counted, waiting, "at {now}");
    }
}

/// A client that is gone is told nothing.
pub async fn what_waits_for_a_client_goes_with_it(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    let to_other = logout(&participant(1, "other"), 0);
    for delivery in [
        logout(&participant(1, "app"), 0),
        to_other.clone(),
        letter("a", 1),
    ] {
        store.enqueue(delivery).await.unwrap();
    }
    assert!(store.remove_client(&client_id("app")).await.unwrap());
    for (which, delivery) in [(logouts(9), to_other), (Due::Letters, letter("a", 1))] {
        let left = store.take_deliveries(which, time(5), time(99), 10).await;
        assert_eq!(left.unwrap(), [taken(&delivery, 99)]);
    }
}
