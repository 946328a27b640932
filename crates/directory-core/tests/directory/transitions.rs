//! Random changes against a model of who may do what, written as one table of required signers.

use crate::support::*;
use directory_core::change::{Context, Registrar, State, apply};
use directory_core::entry::{Entry, Kind};
use proptest::prelude::*;
use std::collections::BTreeSet;

#[derive(Debug, Clone)]
struct Attempt {
    kind: Kind,
    policy: u8,
    recovery: Option<u8>,
    signers: BTreeSet<u8>,
    wait: u64,
    honest: bool,
}

#[derive(Debug, Clone)]
struct Model {
    policy: u8,
    recovery: Option<u8>,
    closed: bool,
    pending: Option<(u64, u8)>,
}

/// The keys of which exactly all must sign, or `None` where no signature helps.
fn required(model: Option<&Model>, attempt: &Attempt) -> Option<BTreeSet<u8>> {
    let Attempt { kind, policy, recovery, .. } = attempt;
    let Some(old) = model else {
        return (*kind == Kind::Set).then(|| BTreeSet::from([*policy]));
    };
    let keeps = (*policy, *recovery) == (old.policy, old.recovery);
    match (old.pending, old.closed, kind) {
        (Some(_), true, Kind::Close) => keeps.then(|| BTreeSet::from([old.recovery.unwrap()])),
        (Some(_), false, Kind::Set) => keeps.then(|| BTreeSet::from([old.recovery.unwrap(), *policy])),
        (Some(_), _, _) => None,
        (None, _, Kind::Recover) => {
            old.recovery.filter(|_| *recovery == old.recovery).map(|by| BTreeSet::from([by, *policy]))
        }
        (None, true, _) => None,
        (None, false, Kind::Close) => keeps.then(|| BTreeSet::from([old.policy])),
        (None, false, Kind::Set) => {
            let by = old.recovery.filter(|_| *recovery != old.recovery);
            Some([old.policy, *policy].into_iter().chain(by).collect())
        }
    }
}

fn follow(model: Option<Model>, attempt: &Attempt, now: u64) -> Model {
    let Attempt { kind, policy, recovery, .. } = *attempt;
    match (kind, model) {
        (Kind::Recover, Some(old)) => Model { pending: Some((now + u64::from(DAY) * SECOND, policy)), ..old },
        _ => Model { policy, recovery, closed: kind == Kind::Close, pending: None },
    }
}

fn pass(model: &mut Option<Model>, now: u64) {
    if let Some(model) = model
        && let Some((_, policy)) = model.pending.filter(|(effective, _)| *effective <= now)
    {
        *model = Model { policy, recovery: model.recovery, closed: false, pending: None };
    }
}

fn entry(state: Option<&State>, attempt: &Attempt) -> Entry {
    let recovery = attempt.recovery.and_then(|number| recovery(&[number], 1));
    let fields = Entry { kind: attempt.kind, recovery, ..first(policy(&[attempt.policy], 1)) };
    let commitment = if attempt.kind == Kind::Close { [0; 32] } else { [1; 32] };
    match state.map(State::newest) {
        Some(old) => Entry { version: old.version + 1, previous: old.hash(), commitment, ..fields },
        None => Entry { commitment, ..fields },
    }
}

fn attempts() -> impl Strategy<Value = Vec<Attempt>> {
    let kind = prop_oneof![3 => Just(Kind::Set), 1 => Just(Kind::Close), 2 => Just(Kind::Recover)];
    let recovery = prop_oneof![1 => Just(None), 4 => (3_u8..5).prop_map(Some)];
    let signers = prop::collection::btree_set(1_u8..5, 0..3);
    let wait = prop_oneof![3 => Just(1), 1 => Just(u64::from(DAY) * SECOND)];
    let attempt = (kind, 1_u8..3, recovery, signers, wait, any::<bool>()).prop_map(
        |(kind, policy, recovery, signers, wait, honest)| Attempt { kind, policy, recovery, signers, wait, honest },
    );
    prop::collection::vec(attempt, 1..16)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn the_rules_are_the_model(attempts in attempts()) {
        let (mut state, mut model, mut now) = (None::<State>, None::<Model>, START);
        for mut attempt in attempts {
            now += attempt.wait;
            pass(&mut model, now);
            if let (true, Some(old)) = (attempt.honest, &model) {
                attempt.recovery = old.recovery;
                if attempt.kind == Kind::Close || old.pending.is_some() {
                    attempt.policy = old.policy;
                }
            }
            let required = required(model.as_ref(), &attempt);
            if attempt.honest && let Some(required) = &required {
                attempt.signers.clone_from(required);
            }
            let signers: Vec<u8> = attempt.signers.iter().copied().collect();
            let update = signed(entry(state.as_ref(), &attempt), &signers);
            let context = Context { realm: &REALM, index: &INDEX, now, registrar: Registrar::Open, pending: None };
            let result = apply(state.as_ref(), &update, &context);
            prop_assert_eq!(result.is_ok(), required == Some(attempt.signers.clone()), "{:?} on {:?}", attempt, model);
            if let Ok(next) = result {
                model = Some(follow(model, &attempt, now));
                let (next_model, in_force) = (model.as_ref().unwrap(), next.in_force(now).unwrap());
                prop_assert_eq!(&in_force.policy, &policy(&[next_model.policy], 1));
                prop_assert_eq!(in_force.kind == Kind::Close, next_model.closed);
                prop_assert_eq!(next.pending_until(now), next_model.pending.map(|(effective, _)| effective));
                state = Some(next);
            }
        }
    }
}
