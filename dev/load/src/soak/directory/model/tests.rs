//! The model notices each kind of fault.

use client::directory::directory_core::update::{LoggedUpdate, Update};

use super::*;
use crate::soak::directory::draft::{bundle, device, first, next};
use test_support::Random;

const LABEL: Number = 7;
const CONFIGURATION: Hash = [9; 32];

/// A directory with a model. Nothing was read yet.
struct World {
    model: Model,
    random: Random,
}

impl World {
    fn new() -> Self {
        let mut model = Model::default();
        model.looked_up(LABEL, &head(0, 0, 0), None).expect("an empty directory");
        Self { model, random: Random::of(&[1]) }
    }

    /// Sends a version 0 of this owner.
    fn first(&mut self, owner: u8) -> Place {
        let version = first([1; 32], [2; 32], LABEL, owner, &mut self.random).expect("it can be made");
        self.model.begin(LABEL, version)
    }

    /// Sends the version after the one at this place.
    fn next(&mut self, old: Place) -> Place {
        let old = self.model.sent(LABEL, old).version.clone();
        let version = next(&old, LABEL, (true, true), &mut self.random).expect("it can be made");
        self.model.begin(LABEL, version)
    }

    /// A version 0 that was confirmed at position 0 in epoch 1.
    fn registered(&mut self) -> Place {
        let place = self.first(0);
        assert_eq!(self.confirm(place, 0, 1), Ok(Came::Confirmed));
        place
    }

    fn confirm(&mut self, place: Place, position: u64, epoch: u64) -> Verdict<Came> {
        self.answer(place, false, Ok(Accepted { position, epoch, closed: false }))
    }

    fn answer(&mut self, place: Place, was_cut: bool, answer: Result<Accepted, UpdateError>) -> Verdict<Came> {
        let before = self.model.before();
        self.model.answered((LABEL, place), before, was_cut, answer)
    }

    /// A look-up whose answer at this head is this version.
    fn look_up(&mut self, head: &Head, place: Option<Place>) -> Verdict<()> {
        let hash = place.map(|place| self.model.sent(LABEL, place).hash);
        self.model.looked_up(LABEL, head, hash.as_ref().map(|hash| (hash, 5)))
    }

    fn conflict(&self, with: Place) -> Result<Accepted, UpdateError> {
        let Sent { version, hash, .. } = self.model.sent(LABEL, with);
        Err(UpdateError::Conflict { version: version.entry.version, hash: hash.to_vec().into() })
    }

    fn logged(&self, position: u64, place: Place) -> LoggedUpdate {
        let Sent { version, .. } = self.model.sent(LABEL, place);
        let update = Update::decode(&version.submission.update).expect("it was encoded");
        LoggedUpdate { position, time: 5, update }
    }
}

fn head(epoch: u64, first_update: u64, updates: u32) -> Head {
    let (time, labels) = (10 + epoch, u64::from(first_update + u64::from(updates) > 0));
    let (map_root, updates_root) = ([3; 32], [4; 32]);
    Head { epoch, time, map_root, updates_root, first_update, updates, labels, configuration: CONFIGURATION }
}

const PENDING: Result<Accepted, UpdateError> = Err(UpdateError::Pending { retry_after: 5 });

fn violated<T: std::fmt::Debug>(verdict: Verdict<T>, what: &str) {
    let Violation(message) = verdict.expect_err("it must not be accepted");
    assert!(message.contains(what), "{message}");
}

#[test]
fn a_good_directorys_answers_are_accepted() {
    let mut world = World::new();
    let one = world.registered();
    let other = world.next(one);
    assert_eq!(world.answer(other, false, PENDING), Ok(Came::Pending));
    assert_eq!(world.look_up(&head(0, 0, 0), None), Ok(()));
    assert_eq!(world.look_up(&head(1, 0, 1), Some(one)), Ok(()));
    let third = world.next(one);
    assert_eq!(world.confirm(third, 1, 2), Ok(Came::Confirmed));
    assert_eq!(world.look_up(&head(1, 0, 1), Some(one)), Ok(()), "its epoch is open");
    assert_eq!(world.look_up(&head(2, 1, 1), Some(third)), Ok(()));
    let log = [world.logged(0, one), world.logged(1, third)];
    assert_eq!(world.model.note_updates(&log), Ok(0));
    assert_eq!(world.model.note_heads(&[head(0, 0, 0), head(1, 0, 1), head(2, 1, 1)]), Ok(()));
    assert_eq!(world.model.check_log(), Ok(()));
    assert_eq!(world.model.newest_closed(LABEL).map(|sent| sent.hash), Some(world.model.sent(LABEL, third).hash));
    assert_eq!(world.model.size(), (1, 2, 3));
}

#[test]
fn a_confirmed_version_that_a_later_head_hides_is_noticed() {
    let mut world = World::new();
    world.registered();
    violated(world.look_up(&head(1, 0, 1), None), "is in epoch Some(1)");
}

#[test]
fn a_version_that_is_shown_before_its_epoch_is_noticed() {
    let mut world = World::new();
    let place = world.first(0);
    assert_eq!(world.confirm(place, 0, 2), Ok(Came::Confirmed));
    violated(world.look_up(&head(1, 0, 1), Some(place)), "is in epoch Some(2)");
}

#[test]
fn a_version_that_was_shown_and_is_hidden_is_noticed_without_a_confirmation() {
    let mut world = World::new();
    let place = world.first(0);
    assert_eq!(world.look_up(&head(1, 0, 1), Some(place)), Ok(()));
    violated(world.look_up(&head(2, 1, 0), None), "does not");
}

#[test]
fn a_confirmation_for_an_epoch_that_has_closed_is_noticed() {
    let mut world = World::new();
    let place = world.first(0);
    assert_eq!(world.look_up(&head(1, 0, 0), None), Ok(()));
    violated(world.confirm(place, 0, 1), "2 epochs had closed");
}

#[test]
fn a_version_of_nobody_is_noticed() {
    let mut world = World::new();
    world.registered();
    let invented = world.model.looked_up(LABEL, &head(1, 0, 1), Some((&[66; 32], 5)));
    violated(invented, "nobody sent");
}

#[test]
fn another_time_of_a_version_is_noticed() {
    let mut world = World::new();
    let place = world.registered();
    let hash = world.model.sent(LABEL, place).hash;
    assert_eq!(world.model.seen(LABEL, &hash, 5), Ok(()));
    violated(world.model.seen(LABEL, &hash, 6), "at 6 too");
}

#[test]
fn two_versions_of_one_number_and_a_gap_are_noticed() {
    let mut world = World::new();
    let (one, other) = (world.first(0), world.first(1));
    assert_eq!(world.confirm(one, 0, 1), Ok(Came::Confirmed));
    violated(world.confirm(other, 1, 1), "two versions 0");
    let mut world = World::new();
    let one = world.first(0);
    let second = world.next(one);
    violated(world.confirm(second, 0, 1), "but no version 0");
}

#[test]
fn a_refused_update_that_is_there_is_noticed() {
    let mut world = World::new();
    let one = world.registered();
    let other = world.next(one);
    assert_eq!(world.answer(other, false, PENDING), Ok(Came::Pending));
    violated(world.look_up(&head(1, 0, 2), Some(other)), "was refused");
    // If a kill cut the call off, the update may be there.
    let mut world = World::new();
    let one = world.registered();
    let other = world.next(one);
    assert_eq!(world.answer(other, true, PENDING), Ok(Came::Pending));
    assert_eq!(world.model.open(LABEL, 0), Some(other));
    assert_eq!(world.look_up(&head(2, 0, 2), Some(other)), Ok(()));
}

#[test]
fn an_update_that_is_refused_as_pending_without_reason_is_noticed() {
    let mut world = World::new();
    let place = world.first(0);
    violated(world.answer(place, false, PENDING), "as pending");
    let mut world = World::new();
    let one = world.registered();
    let other = world.next(one);
    assert_eq!(world.look_up(&head(1, 0, 1), Some(one)), Ok(()));
    violated(world.answer(other, false, PENDING), "as pending");
}

#[test]
fn an_update_that_is_executed_twice_is_noticed() {
    let mut world = World::new();
    let place = world.first(0);
    let conflict = world.conflict(place);
    violated(world.answer(place, false, conflict.clone()), "sent once");
    assert_eq!(world.answer(place, true, conflict), Ok(Came::Repeated));
    assert_eq!(world.confirm(place, 0, 1), Ok(Came::Confirmed));
    violated(world.confirm(place, 1, 1), "is confirmed at 1");
}

#[test]
fn a_lost_registration_must_be_lost_to_somebody() {
    let mut world = World::new();
    let (one, other) = (world.first(0), world.first(1));
    assert_eq!(world.confirm(one, 0, 1), Ok(Came::Confirmed));
    assert_eq!(world.answer(other, false, world.conflict(one)), Ok(Came::Lost));
    assert_eq!((world.model.owned_by(0), world.model.owned_by(1)), (vec![LABEL], vec![]));
    let third = world.first(2);
    let nobody = Err(UpdateError::Conflict { version: 0, hash: vec![66; 32].into() });
    violated(world.answer(third, false, nobody), "nobody sent");
}

#[test]
fn a_quota_that_nobody_has_used_up_is_noticed() {
    let mut world = World::new();
    let one = world.registered();
    let other = world.next(one);
    violated(world.answer(other, false, Err(UpdateError::DailyUpdates { max: 24, retry_after: 1 })), "the quota");
}

#[test]
fn an_update_that_the_log_has_lost_moved_or_repeated_is_noticed() {
    let mut world = World::new();
    world.registered();
    violated(world.model.check_log(), "1 heads were seen");
    assert_eq!(world.model.note_heads(&[head(0, 0, 0)]), Ok(()));
    violated(world.model.check_log(), "is lost");

    let mut world = World::new();
    let one = world.first(0);
    assert_eq!(world.confirm(one, 1, 1), Ok(Came::Confirmed));
    let moved = [world.logged(0, one)];
    violated(world.model.note_updates(&moved), "at 0 too");

    let mut world = World::new();
    let one = world.registered();
    let twice = [world.logged(0, one), world.logged(1, one)];
    violated(world.model.note_updates(&twice), "at 1 too");
    let hole = [world.logged(4, one)];
    violated(World::new().model.note_updates(&hole), "in place of the update 0");
}

#[test]
fn an_update_of_nobody_in_the_log_is_noticed() {
    let mut world = World::new();
    let one = world.registered();
    let mut of_nobody = world.logged(0, one);
    of_nobody.update.entry.index = [66; 32];
    violated(world.model.note_updates(&[of_nobody]), "of a label of nobody");
    let mut of_nobody = world.logged(0, one);
    of_nobody.update.entry.commitment = [66; 32];
    violated(world.model.note_updates(&[of_nobody]), "nobody sent");
}

#[test]
fn an_open_update_that_landed_is_counted_once() {
    let mut world = World::new();
    let one = world.first(0);
    let log = [world.logged(0, one)];
    assert_eq!(world.model.note_updates(&log), Ok(1));
    assert_eq!(world.model.note_updates(&[]), Ok(0));
    assert_eq!(world.model.owned_by(0), [LABEL]);
}

#[test]
fn a_head_that_takes_an_update_up_in_another_epoch_is_noticed() {
    let mut world = World::new();
    let one = world.registered();
    let log = [world.logged(0, one)];
    assert_eq!(world.model.note_updates(&log), Ok(0));
    violated(world.model.note_heads(&[head(0, 0, 0), head(1, 0, 0), head(2, 0, 1)]), "in 2 too");
}

#[test]
fn a_fork_and_heads_of_no_log_are_noticed() {
    let mut world = World::new();
    assert_eq!(world.look_up(&head(2, 0, 0), None), Ok(()));
    let forked = Head { map_root: [66; 32], ..head(2, 0, 0) };
    violated(world.look_up(&forked, None), "forked");
    for wrong in [head(3, 1, 0), Head { time: 0, ..head(3, 0, 0) }, Head { configuration: [0; 32], ..head(4, 0, 0) }] {
        violated(world.look_up(&wrong, None), "of no log");
    }
    violated(world.look_up(&head(1, 0, 1), None), "of no log");
    violated(world.model.note_heads(&[head(1, 0, 0)]), "in place of the head 0");
}

#[test]
fn bundles_of_nobody_and_lost_ones_are_noticed() {
    let mut world = World::new();
    let place = world.registered();
    let version = world.model.sent(LABEL, place).version.clone();
    let of = device(LABEL, 0);
    let [old, new] = [100, 200].map(|issued| bundle(&version, LABEL, issued, &mut world.random));
    let before = world.model.stored(LABEL);
    violated(world.model.bundles_shown(LABEL, &of, &before, std::slice::from_ref(&old)), "nobody sent");
    world.model.begin_bundle(LABEL, &old);
    assert_eq!(world.model.bundles_shown(LABEL, &of, &before, &[]), Ok(()), "it has no outcome");
    assert_eq!(world.model.bundles_shown(LABEL, &of, &before, std::slice::from_ref(&old)), Ok(()));
    world.model.begin_bundle(LABEL, &new);
    world.model.bundle_stored(LABEL, &new);
    let before = world.model.stored(LABEL);
    assert_eq!(world.model.bundles_shown(LABEL, &of, &before, &[new]), Ok(()));
    violated(world.model.bundles_shown(LABEL, &of, &before, &[old]), "200 was stored");
    violated(world.model.bundles_shown(LABEL, &of, &before, &[]), "200 was stored");
    // Another device may have taken the slot.
    world.next(place);
    assert_eq!(world.model.bundles_shown(LABEL, &of, &before, &[]), Ok(()));
}
