//! A naive model of budgets: buckets of tokens that fill up with time. The tests of the Wasm use it too.

use super::{Bound, Budget, Limited, Rate, Reserves};
use std::collections::BTreeMap;

pub const SECOND: u64 = 1_000_000_000;
pub const DAY: u64 = 86_400 * SECOND;
/// Refused calls alone let nobody wait for more than so many seconds.
const MAX_REFUSED_SECONDS: i128 = 60;

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

    /// Nanoseconds until a call is admitted.
    fn wait(&mut self, now: u64) -> u64 {
        let shut = self.shut;
        let each = self.buckets().map(|bucket| bucket.wait(if shut { bucket.rate.burst.div_ceil(2) } else { 1 })).max();
        let used = self.cycles.get(&(now / DAY)).copied().unwrap_or(0);
        let spent = self.budget.cycles_a_day.limit().is_some_and(|most| used >= most);
        each.unwrap_or(0).max(if spent { DAY - now % DAY } else { 0 })
    }
}

/// A caller, by its number, and the group that pays: 0 strangers, 1 members, 2 owners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paying {
    pub by: u8,
    pub group: u8,
}

/// The model.
pub struct Buckets {
    pub now: u64,
    groups: [Group; 3],
    /// By group and caller.
    each: BTreeMap<(u8, u8), Bucket>,
    reserves: Reserves,
}

impl Buckets {
    /// The budgets of strangers, members and owners, at a time in nanoseconds.
    pub fn new(budgets: [Budget; 3], reserves: Reserves, now: u64) -> Self {
        Self { now, groups: budgets.map(Group::new), each: BTreeMap::new(), reserves }
    }

    pub fn pass(&mut self, nanoseconds: u64) {
        self.now += nanoseconds;
        self.groups.iter_mut().flat_map(Group::buckets).chain(self.each.values_mut()).for_each(|b| b.pass(nanoseconds));
    }

    pub fn upgrade(&mut self) {
        for group in &mut self.groups {
            *group = Group { cycles: std::mem::take(&mut group.cycles), ..Group::new(group.budget) };
        }
        self.each.clear();
    }

    /// Whether a call is admitted that leaves the canister with so many `cycles`.
    pub fn admits(&mut self, paying: Paying, adds: bool, cycles: u128) -> Result<(), Limited> {
        let Self { now, groups, each, reserves } = self;
        let group = &mut groups[usize::from(paying.group)];
        let reserve = if paying.group == 0 { reserves.strangers } else { reserves.all };
        let own = group.budget.each.limit().map(Bucket::full);
        let own = own.map(|full| each.get(&(paying.group, paying.by)).copied().unwrap_or(full));
        let seconds = |wait: u64| wait.div_ceil(SECOND) as u32;
        match (group.wait(*now), own.map_or(0, |own| own.wait(1))) {
            _ if adds && cycles < u128::from(reserve) => Err(Limited::low_cycles),
            (0, 0) => Ok(()),
            (0, wait) => Err(Limited::rate { retry_after: seconds(wait) }),
            (wait, _) => Err(Limited::budget { retry_after: seconds(wait) }),
        }
    }

    /// Charges a call that was admitted or refused: its items, at least one, its bytes and its cycles.
    pub fn charge(&mut self, paying: Paying, admitted: bool, (items, bytes, cycles): (u64, u64, u64)) {
        let group = &mut self.groups[usize::from(paying.group)];
        let own = group.budget.each.limit();
        let own = own.map(|rate| self.each.entry((paying.group, paying.by)).or_insert(Bucket::full(rate)));
        let left = if admitted {
            own.into_iter().chain(&mut group.items).for_each(|bucket| bucket.take(items.max(1)));
            group.bytes.iter_mut().for_each(|bucket| bucket.take(bytes));
            group.shut = false;
            group.buckets().map(|bucket| bucket.wait(1)).max()
        } else {
            own.into_iter().for_each(Bucket::refuse);
            group.items.iter_mut().for_each(Bucket::refuse);
            group.items.map(|bucket| bucket.wait(1))
        };
        group.shut |= left.is_some_and(|wait| wait > 0);
        *group.cycles.entry(self.now / DAY).or_default() += cycles;
    }
}
