//! The replica between the people and the network. It lies when it is told to, and signs its lies as the network's node.

use client::api::Page;
use local_network::Keys;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use test_support::liar::with_page;
use test_support::proxy::Between;

/// A lie about the pages of inboxes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lie {
    /// Leaves the newest message out.
    HidesTheNewest,
    /// Leaves the first message out.
    CutsThePage,
    /// Changes the last message and its hash.
    AltersBytes,
    /// Answers with the first page of the inbox that was ever shown.
    ShowsAnOldPage,
}

impl Lie {
    pub const ALL: [Self; 4] = [Self::HidesTheNewest, Self::CutsThePage, Self::AltersBytes, Self::ShowsAnOldPage];
}

/// The replica.
pub struct Replica {
    keys: Arc<Keys>,
    state: Mutex<Told>,
}

#[derive(Default)]
struct Told {
    lie: Option<Lie>,
    /// How often each lie was told.
    lies: BTreeMap<Lie, u64>,
    /// The first page with messages of each inbox.
    first: BTreeMap<Vec<u8>, Page>,
}

impl Replica {
    pub fn new(keys: Arc<Keys>) -> Self {
        Self { keys, state: Mutex::default() }
    }

    /// Tells this lie from now on. `None`: tells the truth.
    pub fn tell(&self, lie: Option<Lie>) {
        self.state.lock().unwrap().lie = lie;
    }

    /// How often it told a lie.
    pub fn told(&self, lie: Lie) -> u64 {
        self.state.lock().unwrap().lies.get(&lie).copied().unwrap_or(0)
    }

    /// The page that is shown, if it is another one.
    fn changed(&self, inbox: &[u8], mut page: Page) -> Option<Page> {
        let mut state = self.state.lock().unwrap();
        let last = page.messages.last()?.id;
        let first = state.first.entry(inbox.to_vec()).or_insert_with(|| page.clone()).clone();
        let lie = state.lie?;
        match lie {
            Lie::HidesTheNewest => drop(page.messages.pop()),
            Lie::CutsThePage => drop(page.messages.remove(0)),
            Lie::AltersBytes => {
                let message = page.messages.last_mut().unwrap();
                *message.ciphertext.last_mut().unwrap() ^= 1;
                message.hash = Sha256::digest(&message.ciphertext).to_vec().into();
            }
            Lie::ShowsAnOldPage if first.messages.last().is_some_and(|message| message.id < last) => page = first,
            Lie::ShowsAnOldPage => return None,
        }
        *state.lies.entry(lie).or_default() += 1;
        Some(page)
    }
}

impl Between for Replica {
    fn response(&self, path: &str, asked: &[u8], body: Vec<u8>) -> Vec<u8> {
        with_page(&self.keys, path, asked, body, |inbox, page| self.changed(inbox, page))
    }
}
