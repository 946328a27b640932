//! The times at which epochs close.

use crate::site::*;
use directory::api::*;

#[test]
fn the_vrf_key_is_drawn_after_the_installation_and_epoch_0_is_empty() {
    let site = Site::installed(&open());
    assert!(!site.status().ready);
    let unavailable = site.query::<(Result<Published, StatusError>,)>("get_configuration", ()).0;
    assert_eq!(unavailable, Err(StatusError::Unavailable));
    assert_eq!(site.ask(&name("alice"), View::newest, 0, Changes::newest), Err(LookupError::Unavailable));
    for _ in 0..3 {
        site.engine.tick();
    }
    let status = site.status();
    assert_eq!((status.ready, status.epochs, status.labels), (true, 1, 0));
    assert_eq!(site.ask(&name("alice"), View::ratified, 0, Changes::newest), Err(LookupError::NoEpoch));
    let unknown = site.ask(&name("alice"), View::newest, 2, Changes::newest);
    assert_eq!(unknown, Err(LookupError::UnknownLog { known: 2, size: 1 }));
}

#[test]
fn updates_of_five_seconds_share_an_epoch_which_closes_without_a_call() {
    let site = Site::new(&open());
    site.pass(5);
    assert_eq!(site.register(&name("a"), 1), Ok(Accepted { position: 0, epoch: 1, closed: true }));
    assert_eq!(site.register(&name("b"), 2), Ok(Accepted { position: 1, epoch: 2, closed: false }));
    assert_eq!(site.register(&name("c"), 3), Ok(Accepted { position: 2, epoch: 2, closed: false }));
    assert_eq!(site.look_up(&name("b"), View::newest, None, None).expect("proved").state, None, "not yet");
    let old = site.first(site.index(&name("b")), &name("b"), 2);
    let second = submission(&name("b"), &signed(next(&old, &name("b"), 2), &[2]));
    assert_eq!(site.update(&second), Err(UpdateError::Pending { retry_after: 5 }));
    site.pass(5);
    let status = site.status();
    assert_eq!((status.epochs, status.pending, status.updates), (3, 0, 3), "the timer has closed it");
    assert!(site.look_up(&name("c"), View::newest, None, None).expect("proved").state.is_some());
    assert!(site.update(&second).is_ok());
}

#[test]
fn a_day_without_updates_closes_an_epoch() {
    let site = Site::new(&open());
    site.pass(86_399);
    assert_eq!(site.status().epochs, 1);
    site.pass(1);
    assert_eq!(site.status().epochs, 2);
}
