//! Random calls of strangers, members and owners against budgets, rates and reserves, beside a naive model: buckets of
//! tokens that fill up with time. Who pays, who is admitted, and how long a refused caller must wait, are the model's.

use super::*;
use crate::access::budget::{Moment, Payer, Purpose};
use crate::api::{Bound, Budget, Limited, Rate, Reserves, Role, Setting};
use proptest::prelude::*;
use std::collections::BTreeMap;

const SECOND: u64 = 1_000_000_000;
const DAY: u64 = 86_400 * SECOND;
/// Midday.
const START: u64 = 20_775 * DAY + DAY / 2;
/// Refused calls alone let nobody wait for more than so many seconds.
const MAX_REFUSED_SECONDS: i128 = 60;

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
    let call = (0..PERSONS, any::<bool>(), any::<bool>(), 1..6_u64, 1..900_u64, 1..9_u64, 0..40_u128);
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
    (budget(), budget(), budget(), reserves).prop_map(|(strangers, members, owners, reserves)| {
        // A person that is a member and an owner has one rate.
        ([strangers, members, Budget { each: members.each, ..owners }], reserves)
    })
}

/// A bucket of tokens, counted in parts of 1,000,000,000.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    rate: Rate,
    level: i128,
}

impl Bucket {
    fn full(rate: Rate) -> Self {
        Self { rate, level: i128::from(rate.burst) * i128::from(SECOND) }
    }

    fn pass(&mut self, nanoseconds: u64) {
        let more = self.level + i128::from(nanoseconds) * i128::from(self.rate.per_second);
        self.level = more.min(Self::full(self.rate).level);
    }

    /// Nanoseconds until there are so many tokens.
    fn wait(&self, tokens: u32) -> u64 {
        let missing = (i128::from(tokens) * i128::from(SECOND) - self.level).max(0);
        (missing as u128).div_ceil(self.rate.per_second.into()) as u64
    }

    fn take(&mut self, tokens: u64) {
        self.level -= i128::from(tokens) * i128::from(SECOND);
    }

    fn refuse(&mut self) {
        let least = -MAX_REFUSED_SECONDS * i128::from(self.rate.per_second) * i128::from(SECOND);
        self.level = self.level.min((self.level - i128::from(SECOND)).max(least));
    }
}

/// The rest of a group's budget.
#[derive(Clone, Debug)]
struct Group {
    budget: Budget,
    items: Option<Bucket>,
    bytes: Option<Bucket>,
    shut: bool,
    /// Cycles used by day.
    cycles: BTreeMap<u64, u64>,
}

impl Group {
    fn new(budget: Budget) -> Self {
        let full = |rate: Bound<Rate>| rate.limit().map(Bucket::full);
        Self { budget, items: full(budget.items), bytes: full(budget.bytes), shut: false, cycles: BTreeMap::new() }
    }

    fn buckets(&mut self) -> impl Iterator<Item = &mut Bucket> {
        self.items.iter_mut().chain(&mut self.bytes)
    }

    fn used_today(&self, now: u64) -> u64 {
        self.cycles.get(&(now / DAY)).copied().unwrap_or(0)
    }

    /// Nanoseconds until a call is admitted.
    fn wait(&mut self, now: u64) -> u64 {
        let shut = self.shut;
        let each = self.buckets().map(|bucket| bucket.wait(if shut { bucket.rate.burst.div_ceil(2) } else { 1 })).max();
        let spent = self.budget.cycles_a_day.limit().is_some_and(|most| self.used_today(now) >= most);
        each.unwrap_or(0).max(if spent { DAY - now % DAY } else { 0 })
    }
}

/// The model.
struct Model {
    now: u64,
    groups: [Group; 3],
    /// By table (strangers have their own) and person.
    each: BTreeMap<(bool, u8), Bucket>,
    reserves: Reserves,
}

impl Model {
    fn new(budgets: [Budget; 3], reserves: Reserves) -> Self {
        Self { now: START, groups: budgets.map(Group::new), each: BTreeMap::new(), reserves }
    }

    fn pass(&mut self, nanoseconds: u64) {
        self.now += nanoseconds;
        self.groups.iter_mut().flat_map(Group::buckets).chain(self.each.values_mut()).for_each(|b| b.pass(nanoseconds));
    }

    fn upgrade(&mut self) {
        for group in &mut self.groups {
            *group = Group { cycles: std::mem::take(&mut group.cycles), ..Group::new(group.budget) };
        }
        self.each.clear();
    }

    /// The payer, 0 strangers, 1 members, 2 owners, and whether the call is admitted.
    fn call(
        &mut self,
        by: u8,
        owns: bool,
        adds: bool,
        used: (u64, u64, u64),
        cycles: u128,
    ) -> (u8, Result<(), Limited>) {
        let (items, bytes, spent) = used;
        let payer = match (adds, owns, by < STRANGERS) {
            (false, true, _) => 2,
            (_, _, true) => 0,
            _ => 1,
        };
        let reserve = if payer == 0 { self.reserves.strangers } else { self.reserves.all };
        let group = &mut self.groups[usize::from(payer)];
        let own = group.budget.each.limit().map(|rate| self.each.entry((payer == 0, by)).or_insert(Bucket::full(rate)));
        let seconds = |wait: u64| wait.div_ceil(SECOND) as u32;
        let result = match (group.wait(self.now), own.as_ref().map_or(0, |own| own.wait(1))) {
            _ if adds && cycles < u128::from(reserve) => Err(Limited::low_cycles),
            (0, 0) => Ok(()),
            (0, wait) => Err(Limited::rate { retry_after: seconds(wait) }),
            (wait, _) => Err(Limited::budget { retry_after: seconds(wait) }),
        };
        let left = match &result {
            Ok(()) => {
                own.into_iter().for_each(|own| own.take(items));
                group.items.iter_mut().for_each(|bucket| bucket.take(items));
                group.bytes.iter_mut().for_each(|bucket| bucket.take(bytes));
                group.shut = false;
                group.buckets().map(|bucket| bucket.wait(1)).max()
            }
            Err(_) => {
                own.into_iter().for_each(Bucket::refuse);
                group.items.iter_mut().for_each(Bucket::refuse);
                group.items.map(|bucket| bucket.wait(1))
            }
        };
        group.shut |= left.is_some_and(|wait| wait > 0);
        *group.cycles.entry(self.now / DAY).or_default() += spent;
        (payer, result)
    }
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
    let payer = if adds { Payer::of_add(&caller) } else { Payer::of_keys(&caller, owns) };
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
        let mut model = Model::new(budgets, reserves);
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
                    let answered = call(&mut store, by, owns, adds, used, moment);
                    prop_assert_eq!(answered, model.call(by, owns, adds, used, cycles), "step {}", number);
                }
            }
        }
    }
}
