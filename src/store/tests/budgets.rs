//! Random calls of strangers, members and owners against budgets, rates and reserves, beside a naive model. Who pays, who
//! is admitted, and how long a refused caller must wait, are the model's.

mod buckets;

use super::*;
use crate::access::budget::{Moment, Payer, Purpose};
use crate::api::{Bound, Budget, Limited, Rate, Reserves, Role, Setting};
use buckets::{Buckets, DAY, Paying, SECOND};
use proptest::prelude::*;

/// Midday.
const START: u64 = 20_775 * DAY + DAY / 2;

/// A step of a sequence.
#[derive(Clone, Debug)]
enum Step {
    /// A call, and the cycles that the canister has left then.
    Call {
        by: u8,
        owns: bool,
        adds: bool,
        items: u64,
        bytes: u64,
        spent: u64,
        cycles: u128,
    },
    /// So many nanoseconds pass.
    Pass(u64),
    Upgrade,
}

/// Persons below 3 have no role, the others are writers.
const STRANGERS: u8 = 3;
const PERSONS: u8 = 5;

fn step() -> impl Strategy<Value = Step> {
    let call = (0..PERSONS, any::<bool>(), any::<bool>(), 0..6_u64, 1..900_u64, 1..9_u64, 0..40_u128);
    prop_oneof![
        24 => call.prop_map(|(by, owns, adds, items, bytes, spent, cycles)| Step::Call { by, owns, adds, items, bytes, spent, cycles }),
        3 => (0..3 * SECOND).prop_map(Step::Pass),
        2 => (0..40_u64).prop_map(|seconds| Step::Pass(seconds * SECOND)),
        1 => (0..DAY).prop_map(Step::Pass),
        1 => Just(Step::Upgrade),
    ]
}

/// Rates whose units recover in whole nanoseconds.
fn rate(bursts: std::ops::Range<u32>) -> impl Strategy<Value = Bound<Rate>> {
    let per_second = prop::sample::select(vec![1_u32, 2, 5, 10]);
    prop::option::weighted(0.7, (per_second, bursts).prop_map(|(per_second, burst)| Rate { per_second, burst }))
        .prop_map(Bound::from)
}

fn budget() -> impl Strategy<Value = Budget> {
    let cycles = prop::option::weighted(0.5, 20..200_u64).prop_map(Bound::from);
    (rate(1..20), rate(100..3_000), cycles, rate(1..8)).prop_map(|(items, bytes, cycles_a_day, each)| Budget {
        items,
        bytes,
        cycles_a_day,
        each,
    })
}

/// Budgets of strangers, members and owners; reserves.
fn limits() -> impl Strategy<Value = ([Budget; 3], Reserves)> {
    let reserves = (0..30_u64, 0..10_u64).prop_map(|(more, all)| Reserves { strangers: all + more, all });
    ([budget(), budget(), budget()], reserves)
}

/// The same call of the store, as `runtime::charge` makes it.
fn call(
    store: &mut Store,
    by: u8,
    owns: bool,
    adds: bool,
    used: (u64, u64, u64),
    moment: Moment,
) -> (u8, Result<(), Limited>) {
    let (items, bytes, spent) = used;
    let caller = store.caller(person(by).principal(), false);
    let payer = if adds { Payer::of_caller(&caller) } else { Payer::of_keys(&caller, owns) };
    let purpose = if adds { Purpose::Add } else { Purpose::Other };
    let result = store.admits(payer, purpose, caller.principal(), moment);
    match result {
        Ok(()) => drop(store.charge(payer, caller.principal(), (items, bytes), moment.time)),
        Err(_) => store.charge_refused(payer, caller.principal(), moment.time),
    }
    store.charge_cycles(payer, || spent, moment.time);
    (payer as u8, result)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn budgets_admit_what_buckets_of_tokens_admit(
        (budgets, reserves) in limits(),
        steps in prop::collection::vec(step(), 1..200),
    ) {
        let memory = SparseMemory::default();
        let mut store = create(&memory);
        let [strangers, members, owners] = budgets;
        let settings = [
            Setting::strangers(strangers),
            Setting::members(members),
            Setting::owners(owners),
            Setting::reserves(reserves),
        ];
        store.set_settings(&settings, EPOCH).unwrap();
        for member in STRANGERS..PERSONS {
            store.set_role(person(member).principal(), Some(Role::writer)).unwrap();
        }
        let mut model = Buckets::new(budgets, reserves, START);
        for (number, step) in steps.iter().enumerate() {
            match *step {
                Step::Pass(nanoseconds) => model.pass(nanoseconds),
                Step::Upgrade => {
                    store = open(&memory);
                    model.upgrade();
                }
                Step::Call { by, owns, adds, items, bytes, spent, cycles } => {
                    let moment = Moment { time: model.now, cycles };
                    let used = (items, bytes, spent);
                    let group = match (adds, owns, by < STRANGERS) {
                        (false, true, _) => 2,
                        (_, _, true) => 0,
                        _ => 1,
                    };
                    let paying = Paying { by, group };
                    let expected = model.admits(paying, adds, cycles);
                    let answered = call(&mut store, by, owns, adds, used, moment);
                    prop_assert_eq!(answered, (group, expected), "step {}", number);
                    model.charge(paying, expected.is_ok(), used);
                }
            }
        }
    }
}
