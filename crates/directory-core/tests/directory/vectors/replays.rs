//! Histories: one for each rule of change.

use super::{hex_policy, hex_state, name};
use crate::support::*;
use directory_core::change::State;
use directory_core::entry::{ANY_PREVIOUS, Entry};
use directory_core::label::Label;
use directory_core::policy::Policy;
use directory_core::update::Update;
use directory_core::verify::Trusted;
use directory_core::vrf::SecretKey;
use serde_json::{Value, json};

type Timed = (u64, Update);

struct Cases {
    trusted: Trusted,
    all: Vec<Value>,
}

impl Cases {
    /// Replays a history from version 0 and expects the error's name, or the newest version.
    fn add(&mut self, case: &str, registrars: &[Policy], updates: &[Timed], expected: Result<u32, &str>) {
        let registrars = registrars.to_vec();
        let trusted = Trusted { registrars, ..self.trusted.clone() };
        let label = Label::Name("alice".into());
        let result = trusted.replay(&label, &INDEX, None, updates).map(|state: Option<State>| state.unwrap());
        let found = result.as_ref().map(|state| state.newest().version).map_err(name);
        assert_eq!(found.as_ref().map_err(|error| &error[..]), expected.as_ref().map_err(|error| *error), "{case}");
        let updates: Vec<_> = updates
            .iter()
            .map(|(time, update)| json!({ "time": time.to_string(), "update": hex::encode(update.encode()) }))
            .collect();
        let expected = match &result {
            Ok(state) => json!({ "state": hex_state(state) }),
            Err(error) => json!({ "error": name(error) }),
        };
        self.all.push(json!({
            "name": case,
            "realm": hex::encode(REALM),
            "index": hex::encode(INDEX),
            "label": hex::encode(label.encode()),
            "registrars": trusted.registrars.iter().map(hex_policy).collect::<Vec<_>>(),
            "updates": updates,
            "expected": expected,
        }));
    }
}

pub fn replays() -> Vec<Value> {
    let trusted = Trusted {
        realm: REALM,
        origin: String::new(),
        vrf: SecretKey::new(&[42; 32]).public(),
        configuration: [0; 32],
        registrars: Vec::new(),
        quorum: None,
    };
    let mut cases = Cases { trusted, all: Vec::new() };
    let zero = first(policy(&[1], 1));
    let safe = Entry { recovery: recovery(&[5], 1), ..zero.clone() };
    let one = |entry: &Entry, signers: &[u8]| vec![(START, signed(entry.clone(), signers))];
    let then = |old: &Entry, entry: Entry, signers: &[u8]| {
        vec![(START, signed(old.clone(), &[1])), (START + 1, signed(entry, signers))]
    };
    cases.add("a first entry", &[], &one(&zero, &[1]), Ok(0));
    cases.add("of another directory", &[], &one(&Entry { realm: [8; 32], ..zero.clone() }, &[1]), Err("Change/Realm"));
    cases.add("of another label", &[], &one(&Entry { index: [8; 32], ..zero.clone() }, &[1]), Err("Change/Index"));
    cases.add("not version 0", &[], &one(&Entry { version: 1, ..zero.clone() }, &[1]), Err("Change/NotFirst"));
    cases.add(
        "with a predecessor",
        &[],
        &one(&Entry { previous: [1; 32], ..zero.clone() }, &[1]),
        Err("Change/NotFirst"),
    );
    cases.add("unsigned", &[], &one(&zero, &[]), Err("Change/Signature/TooFew"));
    cases.add("signed by a stranger too", &[], &one(&zero, &[1, 4]), Err("Change/Signature/Foreign"));
    let mut wrong = one(&zero, &[1]);
    wrong[0].1.entry.commitment[0] ^= 1;
    cases.add("signed for another entry", &[], &wrong, Err("Change/Signature/Wrong"));
    let two_of_three = first(policy(&[1, 2, 3], 2));
    cases.add("two of three", &[], &one(&two_of_three, &[2, 3]), Ok(0));
    cases.add("one of three", &[], &one(&two_of_three, &[2]), Err("Change/Signature/TooFew"));

    let registrars = [policy(&[12], 1), policy(&[11], 1)];
    let vouched = |by: &[u8]| {
        let update = signed(zero.clone(), &[1]);
        vec![(START, Update { registration: sign(&update.registration_bytes(), by), ..update })]
    };
    cases.add("vouched for by a former registrar", &registrars, &vouched(&[11]), Ok(0));
    cases.add("vouched for by nobody", &registrars, &one(&zero, &[1]), Err("Change/Signature/TooFew"));
    cases.add("vouched for by another", &registrars, &vouched(&[13]), Err("Change/Signature/TooFew"));
    cases.add("vouched for where registration is open", &[], &vouched(&[11]), Err("Change/Registration"));
    let mut later = then(&zero, next(&zero), &[1]);
    later[1].1.registration = sign(b"", &[11]);
    cases.add("vouched for later", &[], &later, Err("Change/Registration"));

    cases.add("a change", &[], &then(&zero, next(&zero), &[1]), Ok(1));
    let mut past = then(&zero, next(&zero), &[1]);
    past[1].0 = START - 1;
    cases.add("a change before its predecessor", &[], &past, Err("Change/Time"));
    let to_two = Entry { policy: policy(&[2], 1), ..next(&zero) };
    cases.add("a change of keys", &[], &then(&zero, to_two.clone(), &[1, 2]), Ok(1));
    cases.add("a change by the new key alone", &[], &then(&zero, to_two.clone(), &[2]), Err("Change/Signature/TooFew"));
    cases.add("a change by the old key alone", &[], &then(&zero, to_two, &[1]), Err("Change/Signature/TooFew"));
    cases.add(
        "a version left out",
        &[],
        &then(&zero, Entry { version: 2, ..next(&zero) }, &[1]),
        Err("Change/Conflict"),
    );
    cases.add(
        "another predecessor",
        &[],
        &then(&zero, Entry { previous: [1; 32], ..next(&zero) }, &[1]),
        Err("Change/Conflict"),
    );

    let beforehand = |version| Entry { version, previous: ANY_PREVIOUS, ..close(&zero) };
    cases.add("a close", &[], &then(&zero, close(&zero), &[1]), Ok(1));
    cases.add("a close signed beforehand", &[], &then(&zero, beforehand(1 << 31), &[1]), Ok(1 << 31));
    cases.add("a close that skips too far", &[], &then(&zero, beforehand((1 << 31) + 1), &[1]), Err("Change/Skip"));
    cases.add("a close that does not advance", &[], &then(&zero, beforehand(0), &[1]), Err("Change/Skip"));
    let changed = Entry { policy: policy(&[2], 1), ..close(&zero) };
    cases.add("a close that changes the policy", &[], &then(&zero, changed, &[1, 2]), Err("Change/PolicyChanged"));
    let changed = Entry { recovery: recovery(&[5], 1), ..close(&zero) };
    cases.add(
        "a close that changes the recovery policy",
        &[],
        &then(&zero, changed, &[1]),
        Err("Change/RecoveryChanged"),
    );
    let mut closed = then(&safe, close(&safe), &[1]);
    let after = closed[1].1.entry.clone();
    closed.push((START + 2, signed(next(&after), &[1])));
    cases.add("a change of a closed label", &[], &closed, Err("Change/Closed"));
    closed[2].1 = signed(recover(&after, policy(&[6], 1)), &[5, 6]);
    cases.add("a recovery of a closed label", &[], &closed, Ok(2));
    let reopened = closed[2].1.entry.clone();
    let withdrawn = Entry { policy: policy(&[1], 1), ..close(&reopened) };
    closed.push((START + 3, signed(withdrawn, &[5])));
    cases.add("its withdrawal", &[], &closed, Ok(3));

    let recovery_entry = recover(&safe, policy(&[6], 1));
    cases.add("a recovery", &[], &then(&safe, recovery_entry.clone(), &[5, 6]), Ok(1));
    cases.add(
        "a recovery by the main key",
        &[],
        &then(&safe, recovery_entry.clone(), &[1, 6]),
        Err("Change/Signature/TooFew"),
    );
    cases.add(
        "a recovery without policy for it",
        &[],
        &then(&zero, recover(&zero, policy(&[6], 1)), &[6]),
        Err("Change/NoRecovery"),
    );
    let changed = Entry { recovery: recovery(&[6], 1), ..recovery_entry.clone() };
    cases.add("a recovery that changes its policy", &[], &then(&safe, changed, &[5, 6]), Err("Change/RecoveryChanged"));
    let dropped = Entry { recovery: None, ..next(&safe) };
    cases.add(
        "the recovery policy removed by the main key",
        &[],
        &then(&safe, dropped.clone(), &[1]),
        Err("Change/Signature/TooFew"),
    );
    cases.add("the recovery policy removed by both", &[], &then(&safe, dropped, &[1, 5]), Ok(1));
    let pending = then(&safe, recovery_entry.clone(), &[5, 6]);
    let mut continued = |case: &str, time: u64, entry: Entry, signers: &[u8], expected: Result<u32, &str>| {
        let last = (time, signed(entry, signers));
        cases.add(case, &[], &[&pending[..], &[last]].concat(), expected);
    };
    let restored = Entry { policy: policy(&[1], 1), ..next(&recovery_entry) };
    continued("a withdrawal", START + 2, restored.clone(), &[1, 5], Ok(2));
    continued("a withdrawal by the main key", START + 2, restored, &[1], Err("Change/Signature/TooFew"));
    continued(
        "a change while a recovery is pending",
        START + 2,
        next(&recovery_entry),
        &[5, 6],
        Err("Change/RecoveryPending"),
    );
    let effective = START + 1 + u64::from(DAY) * SECOND;
    continued(
        "a change a moment before the delay ends",
        effective - 1,
        next(&recovery_entry),
        &[6],
        Err("Change/RecoveryPending"),
    );
    continued("a change after the delay", effective, next(&recovery_entry), &[6], Ok(2));
    cases.all
}
