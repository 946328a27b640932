//! Random operations, on the cache and on a model of twenty lines of state: the same answers, the same calls, the same keys.

use crate::support::{Reply, SECOND, Stage, bytes, key, name, now, wrapping};
use key_cache::{Limits, WrappedKey};
use proptest::prelude::*;
use std::collections::BTreeMap;
use test_support::scale;

const LIMITS: Limits = Limits {
    entries: 3,
    max_age: std::time::Duration::from_secs(30),
    max_uses: Some(4),
    flights: 4,
    deadline: std::time::Duration::from_secs(10),
    back_off: std::time::Duration::from_secs(2),
    retired: 100,
};

#[derive(Clone, Debug)]
enum Op {
    Get {
        id: u32,
        generation: u32,
    },
    /// Answers the n-th of the calls that are not answered.
    Succeed(usize),
    Refuse(usize),
    Panic(usize),
    Use {
        id: u32,
        generation: u32,
    },
    Pass(u32),
    Invalidate(u32),
    Retire(u32, u32),
    Clear,
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let (id, generation) = (0u32..3, 1u32..3);
    prop::collection::vec(
        prop_oneof![
            6 => (id.clone(), generation.clone()).prop_map(|(id, generation)| Op::Get { id, generation }),
            4 => (0usize..4).prop_map(Op::Succeed),
            1 => (0usize..4).prop_map(Op::Refuse),
            1 => (0usize..4).prop_map(Op::Panic),
            3 => (id.clone(), generation.clone()).prop_map(|(id, generation)| Op::Use { id, generation }),
            3 => (1u32..8).prop_map(Op::Pass),
            1 => id.clone().prop_map(Op::Invalidate),
            1 => (id, generation).prop_map(|(id, generation)| Op::Retire(id, generation)),
            1 => Just(Op::Clear),
        ],
        0..120,
    )
}

type Id = (u32, u32);

#[derive(Default)]
struct Model {
    time: u32,
    /// Cached keys: byte, birth, last look-up, order of insertion, uses.
    cached: BTreeMap<Id, (u8, u32, u32, u32, u32)>,
    flights: Vec<Flight>,
    resting: BTreeMap<Id, u32>,
    floors: BTreeMap<u32, u32>,
    calls: usize,
    inserted: u32,
}

struct Flight {
    id: Id,
    /// The manager's call that is under way; none while it rests.
    call: Option<usize>,
    launch: u32,
    deadline: u32,
    attempt: u32,
    joinable: bool,
    waiters: usize,
}

#[derive(Debug, PartialEq)]
enum Asked {
    Key(u8),
    Waits,
    Retired,
    Busy,
}

impl Model {
    fn usable(&self, id: &Id) -> bool {
        self.cached.get(id).is_some_and(|(.., uses)| *uses < 4)
    }

    fn get(&mut self, id: Id) -> Asked {
        if self.usable(&id) {
            let (byte, _, touched, ..) = self.cached.get_mut(&id).unwrap();
            *touched = self.time;
            return Asked::Key(*byte);
        }
        if self.floors.get(&id.0).is_some_and(|floor| id.1 < *floor) {
            return Asked::Retired;
        }
        self.cached.remove(&id);
        if let Some(flight) = self.flights.iter_mut().find(|flight| flight.joinable && flight.id == id) {
            flight.waiters += 1;
            return Asked::Waits;
        }
        if self.flights.len() >= 4 {
            return Asked::Busy;
        }
        let launch = self.resting.get(&id).copied().unwrap_or(0).max(self.time);
        let deadline = self.time + 10;
        self.flights.push(Flight { id, call: None, launch, deadline, attempt: 1, joinable: true, waiters: 1 });
        self.launch();
        Asked::Waits
    }

    fn launch(&mut self) {
        let mut due: Vec<_> =
            self.flights.iter_mut().filter(|flight| flight.call.is_none() && flight.launch <= self.time).collect();
        due.sort_by_key(|flight| flight.launch);
        for flight in due {
            flight.call = Some(self.calls);
            self.calls += 1;
        }
    }

    /// Takes a flight out.
    fn end(&mut self, at: usize, failed: bool) -> Flight {
        let flight = self.flights.remove(at);
        // A cache remembers the back-off of as many jobs as it may have flights.
        if failed && flight.joinable && (self.resting.len() < 4 || self.resting.contains_key(&flight.id)) {
            self.resting.insert(flight.id, self.time + 2);
        }
        flight
    }

    fn succeed(&mut self, at: usize, byte: u8) -> Flight {
        let flight = self.end(at, false);
        // An answer removes the key of its name if that has no uses left.
        if !self.usable(&flight.id) {
            self.cached.remove(&flight.id);
        }
        if flight.joinable {
            if self.cached.len() >= 3 {
                let (&oldest, _) =
                    self.cached.iter().min_by_key(|(_, (_, _, touched, order, _))| (*touched, *order)).unwrap();
                self.cached.remove(&oldest);
            }
            self.inserted += 1;
            self.cached.insert(flight.id, (byte, self.time, self.time, self.inserted, 0));
        }
        flight
    }

    fn pass(&mut self, seconds: u32) -> Vec<Flight> {
        self.time += seconds;
        self.resting.retain(|_, until| *until > self.time);
        self.cached.retain(|_, (_, born, ..)| self.time < *born + 30);
        let mut over = Vec::new();
        while let Some(at) = self.flights.iter().position(|flight| flight.deadline <= self.time) {
            over.push(self.end(at, true));
        }
        self.launch();
        over
    }

    fn invalidate(&mut self, which: impl Fn(&Id) -> bool) {
        self.cached.retain(|id, _| !which(id));
        self.flights.iter_mut().filter(|flight| which(&flight.id)).for_each(|flight| flight.joinable = false);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400 * scale(), ..ProptestConfig::default() })]

    #[test]
    fn the_cache_does_as_its_model(ops in ops()) {
        let (stage, mut model) = (Stage::new(LIMITS), Model::default());
        let mut waiting: Vec<(Id, key_cache::Get<crate::support::Refused>)> = Vec::new();
        for op in ops {
            let open: Vec<usize> = (0..model.flights.len()).filter(|at| model.flights[*at].call.is_some()).collect();
            let answered = |nth: usize| (!open.is_empty()).then(|| open[nth % open.len()]);
            let mut ended: Vec<(Flight, Option<u8>)> = Vec::new();
            match op {
                Op::Get { id, generation } => {
                    let wrapped = WrappedKey { name: name(id, generation), wrapping: wrapping(b"w") };
                    let mut get = stage.ask(&wrapped);
                    let expected = model.get((id, generation));
                    let answer = now(&mut get);
                    let asked = match &answer {
                        None => Asked::Waits,
                        Some(Ok(_)) => Asked::Key(bytes(&answer).unwrap()),
                        Some(Err(key_cache::KeyError::Retired { .. })) => Asked::Retired,
                        Some(Err(key_cache::KeyError::Busy { .. })) => Asked::Busy,
                        Some(Err(error)) => panic!("{error}"),
                    };
                    prop_assert_eq!(&asked, &expected);
                    match asked {
                        Asked::Key(_) => model.cached.get_mut(&(id, generation)).unwrap().4 += 1,
                        Asked::Waits => waiting.push(((id, generation), get)),
                        _ => {}
                    }
                }
                Op::Succeed(nth) => if let Some(at) = answered(nth) {
                    let call = model.flights[at].call.unwrap();
                    let byte = call as u8;
                    stage.answer(call, Reply::Key(byte));
                    ended.push((model.succeed(at, byte), Some(byte)));
                },
                Op::Refuse(nth) => if let Some(at) = answered(nth) {
                    stage.answer(model.flights[at].call.unwrap(), Reply::Refuse(0));
                    ended.push((model.end(at, true), None));
                },
                Op::Panic(nth) => if let Some(at) = answered(nth) {
                    stage.answer(model.flights[at].call.unwrap(), Reply::Panic);
                    if model.flights[at].attempt < 3 {
                        model.flights[at].attempt += 1;
                        model.flights[at].call = None;
                        model.launch();
                    } else {
                        ended.push((model.end(at, true), None));
                    }
                },
                Op::Use { id, generation } => {
                    let found = stage.cache.cached(&name(id, generation));
                    let usable = model.usable(&(id, generation));
                    prop_assert_eq!(found.is_some(), usable);
                    if let Some(cached) = model.cached.get_mut(&(id, generation)).filter(|_| usable) {
                        cached.2 = model.time;
                        cached.4 += 1;
                        prop_assert_eq!(bytes(&found.map(Ok)), Some(cached.0));
                    }
                }
                Op::Pass(seconds) => {
                    stage.pass(seconds * SECOND);
                    ended.extend(model.pass(seconds).into_iter().map(|flight| (flight, None)));
                }
                Op::Invalidate(id) => {
                    stage.cache.invalidate(&key(id).name.id);
                    model.invalidate(|other| other.0 == id);
                }
                Op::Retire(id, below) => {
                    stage.cache.retire(&key(id).name.id, below).unwrap();
                    model.invalidate(|other| other.0 == id && other.1 < below);
                    let floor = model.floors.entry(id).or_default();
                    *floor = below.max(*floor);
                }
                Op::Clear => {
                    stage.cache.clear();
                    model.invalidate(|_| true);
                }
            }
            // Those who have their answer are those who the model says had to wait no longer.
            let mut had = 0;
            waiting.retain_mut(|(id, get)| match now(get) {
                None => true,
                Some(Ok(key)) => {
                    had += 1;
                    let expected = ended.iter().any(|(flight, byte)| flight.id == *id && byte.is_some());
                    assert!(expected && key.name() == name(id.0, id.1));
                    false
                }
                Some(Err(_)) => {
                    had += 1;
                    assert!(ended.iter().any(|(flight, byte)| flight.id == *id && byte.is_none()));
                    false
                }
            });
            prop_assert_eq!(had, ended.iter().map(|(flight, _)| flight.waiters).sum::<usize>());
            prop_assert_eq!(stage.script.calls(), model.calls);
            let stats = stage.stats();
            prop_assert_eq!(stats.in_flight, model.flights.len());
            prop_assert_eq!(stats.live, model.cached.len());
        }
    }
}
