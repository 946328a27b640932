//! The key cache: the rate of hits compared with moka's, the number of unwraps in a storm, and the callers' wait beyond an
//! unwrap.

use crate::record::{Limit, Row};
use key_cache::{
    KeyCache, KeyId, KeyManager, KeyName, Limits, Runtime, Secret, Unwrapped, WrappedKey, Wrapping, block_on,
};
use std::convert::Infallible;
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::time::{Duration, Instant};

/// Number of keys that are looked up.
const KEYS: u32 = 1_000;
/// Look-ups of a thread in one round. Each round measures both caches; the row is the median of the ratios.
const LOOK_UPS: usize = 400_000;
const ROUNDS: usize = 25;
const STORMS: usize = 9;
const CALLERS: usize = 10_000;
const UNWRAP: Duration = Duration::from_millis(200);

/// All rows.
pub fn measure() -> Vec<Row> {
    let mut rows = Vec::new();
    for threads in [1, 2] {
        for (keys, of) in [(KEYS, "of 1,000 keys"), (1, "of one key")] {
            let name = format!("hits {of}, {threads} threads: rate to moka's").replace("1 threads", "1 thread");
            rows.push(Row { name, value: hits(threads, keys), limit: Limit::AtLeast(1.0) });
        }
    }
    for keys in [1, 100] {
        let mut storms: Vec<(usize, f64)> = (0..STORMS).map(|_| storm(keys)).collect();
        // The most unwraps in any storm, and the median of the waits.
        let unwraps = storms.iter().map(|(unwraps, _)| *unwraps).max().unwrap_or(0);
        storms.sort_by(|one, other| one.1.total_cmp(&other.1));
        let extra = storms[STORMS / 2].1;
        let name = format!("unwraps for 10,000 callers of {keys} cold keys").replace("1 cold keys", "1 cold key");
        rows.push(Row { name, value: unwraps as f64, limit: Limit::Exactly(f64::from(keys)) });
        if keys == 1 {
            let name = "their wait beyond an unwrap of 200 ms, 99th percentile: share of it".into();
            rows.push(Row { name, value: extra, limit: Limit::AtMost(0.025) });
        }
    }
    rows
}

/// A key manager that answers after a delay or at once. It counts the calls and notes the end of the last one.
struct Manager {
    takes: Duration,
    calls: Arc<AtomicUsize>,
    ended: Arc<Mutex<Option<Instant>>>,
}

impl KeyManager for Manager {
    type Error = Infallible;

    async fn generate(&self, _: &KeyName) -> Result<(Secret, Wrapping), Infallible> {
        Ok((secret(), wrapping()))
    }

    async fn unwrap_key(&self, _: &WrappedKey) -> Result<Unwrapped, Infallible> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        if !self.takes.is_zero() {
            tokio::time::sleep(self.takes).await;
        }
        *self.ended.lock().expect("nobody panics") = Some(Instant::now());
        Ok(Unwrapped { secret: secret(), rewrapped: None })
    }
}

fn secret() -> Secret {
    Secret::random().expect("the system has random numbers")
}

fn wrapping() -> Wrapping {
    Wrapping::new(b"wrapped").expect("seven bytes are not too many")
}

fn key(id: u32) -> WrappedKey {
    let id = KeyId::new(&id.to_be_bytes()).expect("four bytes are not too many");
    WrappedKey { name: KeyName { id, generation: 1 }, wrapping: wrapping() }
}

/// The rate of look-ups divided by that of moka's `get` with a time to live and clones of `Arc`.
fn hits(threads: usize, keys: u32) -> f64 {
    let manager = Manager { takes: Duration::ZERO, calls: Arc::default(), ended: Arc::default() };
    let ours = KeyCache::new(manager, Limits::default(), Runtime::threads()).expect("a thread can be started");
    let moka = moka::sync::Cache::builder().max_capacity(10_000).time_to_live(Duration::from_secs(1_800)).build();
    let names: Vec<KeyName> = (0..keys).map(|id| key(id).name).collect();
    for id in 0..keys {
        block_on(ours.get(&key(id))).expect("the manager never fails");
        moka.insert(key(id).name, Arc::new([0u8; 32]));
    }
    let mut ratios: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let moka = time(threads, &names, &|name| drop(black_box(moka.get(name).expect("it was inserted"))));
            let ours = time(threads, &names, &|name| drop(black_box(ours.cached(name).expect("it was inserted"))));
            moka.as_secs_f64() / ours.as_secs_f64()
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    ratios[ROUNDS / 2]
}

/// The time in which the threads make their look-ups.
fn time(threads: usize, names: &[KeyName], look_up: &(dyn Fn(&KeyName) + Sync)) -> Duration {
    let start = Barrier::new(threads + 1);
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|thread| {
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    // The walk's order cannot be predicted by a processor.
                    let mut at = 88_172_645_463_325_252u64 + thread as u64;
                    for _ in 0..LOOK_UPS {
                        at ^= at << 13;
                        at ^= at >> 7;
                        at ^= at << 17;
                        look_up(&names[(at % names.len() as u64) as usize]);
                    }
                })
            })
            .collect();
        start.wait();
        let began = Instant::now();
        running.into_iter().for_each(|thread| thread.join().expect("no look-up panics"));
        began.elapsed()
    })
}

/// Callers and manager on tokio; all callers ask before the first unwrap ends. Returns the number of calls to the manager, and
/// the 99th percentile of the time from the end of the last call until a caller has its key, as a share of one unwrap.
fn storm(keys: u32) -> (usize, f64) {
    let (calls, ended) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(None)));
    let manager = Manager { takes: UNWRAP, calls: calls.clone(), ended: ended.clone() };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .expect("threads can be started");
    let handle = runtime.handle().clone();
    let on_tokio = Runtime::new(move |task| drop(handle.spawn(task)));
    let cache = Arc::new(KeyCache::new(manager, Limits::default(), on_tokio).expect("a thread can be started"));
    let mut had: Vec<Instant> = runtime.block_on(async {
        let callers = (0..CALLERS as u32).map(|caller| {
            let cache = cache.clone();
            tokio::spawn(async move {
                cache.get(&key(caller % keys)).await.expect("the manager never fails");
                Instant::now()
            })
        });
        let callers: Vec<_> = callers.collect();
        let mut had = Vec::new();
        for caller in callers {
            had.push(caller.await.expect("no caller panics"));
        }
        had
    });
    had.sort();
    let ended = ended.lock().expect("nobody panics").expect("there was a call");
    let extra = had[CALLERS * 99 / 100].saturating_duration_since(ended);
    (calls.load(Ordering::Relaxed), extra.as_secs_f64() / UNWRAP.as_secs_f64())
}
