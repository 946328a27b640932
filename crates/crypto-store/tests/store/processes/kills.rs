//! Up to eight processes on one store, killed and stopped at random moments.

use super::Process;
use super::child::{GROUP, INBOX, JUMPS, PEER, rotate};
use crate::olm::pair;
use crate::rotation::generations;
use crate::support::{Home, read, write};
use crypto_store::fields::{Cursor, Message, Outbox, Pending};
use crypto_store::{Field, MAX_ROWS, Row, Store};
use key_cache::block_on;
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};
use test_support::{Random, scale};
use vodozemac::megolm::{GroupSession, InboundGroupSession, MegolmMessage};

/// Messages that wait to be received.
const INCOMING: u32 = 1_500;

#[test]
fn nothing_acknowledged_is_lost_nothing_is_doubled_and_no_ratchet_step_is_used_twice() {
    // More with `scripts/test --full`.
    let kills = if scale() > 1 { 10_000 } else { 120 };
    let seed = u64::from(std::process::id()) | 1;
    println!("seed {seed}");
    let mut random = Random::of(&[seed]);
    let home = Home::new();
    prepare(&home.open(), INCOMING);

    let mut running: Vec<Process> = Vec::new();
    let mut stopped: Vec<(Instant, Process)> = Vec::new();
    let mut acknowledged = Vec::new();
    let mut started = 0;
    let mut killed = 0;
    while killed < kills {
        let wanted = 1 + (killed / 15) % 8;
        while running.len() + stopped.len() < wanted {
            // Every other one has a wall clock that jumps.
            let jumps = (started % 2 == 1).then_some(JUMPS);
            running.push(Process::start_with("work", home.path(), started, jumps));
            started += 1;
        }
        std::thread::sleep(Duration::from_millis(random.below(320 / wanted as u64)));
        let now = Instant::now();
        while let Some(at) = stopped.iter().position(|(until, _)| *until <= now) {
            let (_, process) = stopped.swap_remove(at);
            process.signal(libc::SIGCONT);
            running.push(process);
        }
        if running.is_empty() {
            continue;
        }
        let process = running.swap_remove(random.below(running.len()));
        if random.below(16) == 0 {
            process.signal(libc::SIGSTOP);
            stopped.push((now + Duration::from_millis(random.below(800)), process));
        } else {
            acknowledged.extend(process.kill());
            killed += 1;
        }
    }
    for process in running.into_iter().chain(stopped.into_iter().map(|(_, process)| process)) {
        acknowledged.extend(process.kill());
    }
    let (sent, sessions, received) = check(&home, &acknowledged, INCOMING);
    let acknowledged = acknowledged.len();
    println!("{sent} sent, {sessions} sessions, {received} received, {acknowledged} acknowledged");
    assert!(acknowledged > 100 && sessions > 1 && received > 0, "the processes did too little to be a test");
    assert!(sent + received as usize >= acknowledged);
    block_on(home.open().finish_rotation()).unwrap();
    let (keys, values) = generations(&home);
    assert!(keys[0] > 1 && keys.len() == 1 && values == BTreeSet::from_iter(keys));
}

/// A session, and messages that wait to be received.
pub fn prepare(store: &Store, messages: u32) {
    let (account, mut sending, receiving) = pair();
    let incoming: Vec<_> = (0..messages).map(|number| sending.encrypt(incoming(number)).unwrap().to_parts()).collect();
    write(store, move |tx| {
        tx.put("self", account)?;
        tx.put(PEER, receiving)?;
        tx.put(INBOX, Cursor { format: 1, bytes: vec![0; 4] })?;
        for (number, (kind, bytes)) in (0u32..).zip(incoming) {
            tx.put(number.to_be_bytes(), Pending { format: kind as u8, bytes })?;
        }
        Ok(())
    })
    .unwrap();
    rotate(store).unwrap();
}

fn incoming(number: u32) -> String {
    format!("incoming {number}")
}

/// Everything that must hold whatever has been killed. Returns how many messages were sent, by how many sessions, and received.
pub fn check(home: &Home, acknowledged: &[String], incoming_messages: u32) -> (usize, usize, u32) {
    let file = Connection::open(home.database()).unwrap();
    let integrity: String = file.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(integrity, "ok");
    drop(file);
    let broken: Vec<_> = acknowledged.iter().filter(|line| line.starts_with("broken")).collect();
    assert!(broken.is_empty(), "{broken:?}");

    let store = home.open();
    // The messages that were sent: each step of each session once, from 0 on without a hole, and each text once.
    let mut sessions: HashMap<Vec<u8>, InboundGroupSession> =
        all::<InboundGroupSession>(&store).into_iter().map(|row| (row.key, row.held.copy())).collect();
    let mut sent = BTreeMap::new();
    let mut steps: HashMap<Vec<u8>, u32> = HashMap::new();
    let mut texts = BTreeSet::new();
    for row in all::<Outbox>(&store) {
        let (session, index) = row.key.split_at(row.key.len() - 9);
        let opened =
            sessions.get_mut(session).unwrap().decrypt(&MegolmMessage::from_bytes(&row.held.bytes).unwrap()).unwrap();
        let next = steps.entry(session.to_vec()).or_default();
        assert_eq!(opened.message_index, *next, "a step was left out or used twice");
        assert_eq!(index, format!("/{next:08}").as_bytes());
        *next += 1;
        let text = String::from_utf8(opened.plaintext).unwrap();
        assert!(texts.insert(text.clone()), "{text} was sent twice");
        sent.insert(String::from_utf8(row.key).unwrap(), text);
    }
    let group = read(&store, |snapshot| Ok(snapshot.get::<GroupSession>(GROUP)?.unwrap().copy())).unwrap();
    assert_eq!(group.message_index(), steps.get(group.session_id().as_bytes()).copied().unwrap_or(0));

    // The messages that were received: the first messages, once, in order; the others wait.
    let cursor = read(&store, |snapshot| Ok(snapshot.get::<Cursor>(INBOX)?.unwrap())).unwrap();
    let received = u32::from_be_bytes(cursor.bytes[..].try_into().unwrap());
    let messages: Vec<_> = all::<Message>(&store).into_iter().map(|row| row.held.bytes.clone()).collect();
    let expected: Vec<_> = (0..received).map(|number| incoming(number).into_bytes()).collect();
    assert_eq!(messages, expected);
    assert_eq!(all::<Pending>(&store).len() as u32, incoming_messages - received);

    // Acknowledged messages are there, and no two processes were told the same.
    let mut told = BTreeSet::new();
    for line in acknowledged {
        assert!(told.insert(line), "{line} was acknowledged twice");
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["sent", step, text] => assert_eq!(sent.get(step).map(String::as_str), Some(text)),
            ["received", number] => assert!(number.parse::<u32>().unwrap() < received),
            _ => panic!("{line}"),
        }
    }
    (sent.len(), sessions.len(), received)
}

fn all<F: Field>(store: &Store) -> Vec<Row<F>> {
    let mut rows: Vec<Row<F>> = Vec::new();
    loop {
        let after = rows.last().map(|row| row.key.clone()).unwrap_or_default();
        let page = read(store, move |snapshot| snapshot.range::<F>("", after, MAX_ROWS)).unwrap();
        let last = page.len() < MAX_ROWS;
        rows.extend(page);
        if last {
            return rows;
        }
    }
}
