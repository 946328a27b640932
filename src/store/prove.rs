//! Proofs of reads: the path from the certified root to an answer (`docs/proofs.md`).

use super::record::Record;
use super::{MessageStore, RecordPage, View};
use crate::api::{Id, KeyCursor, Order, Reads, Start};
use crate::memory::LAYOUT_VERSION;
use ic_stable_structures::Memory;
use proofs::hash::{self, Hash};
use proofs::head::State;
use proofs::heads::HeadsProof;
use proofs::page::{Below, Jump, MAX_BACK, PageProof, Step, Taken};
use proofs::trie::{End, Turn, Witness};

impl<M: Memory + Clone> MessageStore<M> {
    /// The state that the root commits to besides the keys. Where reads are closed, the salt is left out.
    fn certified_state(&self) -> State {
        let settings = self.settings();
        let salt = self.state.salt().filter(|_| settings.reads == Reads::anyone);
        State {
            epoch: self.state.epoch(),
            first_id: self.inbox.first_id(),
            max_age: settings.max_age_seconds.limit().unwrap_or(0),
            layout: LAYOUT_VERSION,
            salt: salt.copied().unwrap_or(hash::EMPTY),
        }
    }

    /// The root that the canister certifies, if it has changed since it was last taken.
    pub fn take_changed_root(&mut self) -> Option<Hash> {
        std::mem::take(&mut self.root_changed).then(|| self.root())
    }

    /// The root that the canister certifies.
    pub fn root(&self) -> Hash {
        self.certified_state().root(&self.trie.root())
    }

    /// The witness of a key, present or absent. `None`: the trie is damaged, or the salt is not drawn yet.
    fn witness(&self, key_id: &[u8]) -> Option<Witness> {
        let label = hash::label(self.state.salt()?, key_id);
        let path = self.trie.walk(&label).ok()?;
        let turns = path.turns().iter().map(|turn| Turn { position: turn.position, sibling: turn.sibling }).collect();
        let end = match path.end() {
            None => End::Nothing,
            Some(place) => {
                let key = self.keys.get(place)?;
                if key.has_id(key_id) {
                    End::Own(key.head)
                } else {
                    End::Other { label: self.label_at(place)?, value: key.head.value() }
                }
            }
        };
        Some(Witness { turns, end })
    }
}

impl<M: Memory + Clone> View<'_, M> {
    /// The proof of a page of a key, if the caller may have one (`may_prove`).
    pub fn prove_page(&self, key_id: &[u8], cursor: &KeyCursor, page: &RecordPage) -> Option<Vec<u8>> {
        if !self.may_prove(page.newest.is_some()) {
            return None;
        }
        let ids: Vec<Id> = match cursor.order {
            Order::ascending => page.records().map(|record| record.id()).collect(),
            Order::descending => page.records().rev().map(|record| record.id()).collect(),
        };
        let head = page.newest.unwrap_or(0);
        let steps = match ids.last() {
            _ if page.above != 0 => self.steps_beyond(head, page.above),
            Some(newest) => self.steps_to(head, *newest),
            None => Vec::new(),
        };
        let first_rank = ids.first().map_or(0, |id| self.links.rank_and_bytes(*id).0);
        let by_time = matches!(cursor.start, Start::time(_));
        let below = match (ids.first(), page.above) {
            (Some(oldest), _) => self.below(*oldest, by_time),
            (None, 0) => Below::Nothing,
            (None, above) => self.below(above, by_time),
        };
        let proof = PageProof {
            state: self.certified_state(),
            witness: self.witness(key_id)?,
            steps,
            first_rank,
            jumps: self.jumps(&ids, first_rank),
            below,
        };
        Some(proof.to_bytes())
    }

    /// Whether the caller may have a proof of this key. Where reads are closed, only its owner may, and only if the key
    /// exists. A proof of absence shows a neighbouring leaf. Somebody could create many identities, ask for the key ids that
    /// they own, list all leaves that way, and watch which of them change.
    fn may_prove(&self, sees_key: bool) -> bool {
        self.sees_all() || sees_key
    }

    /// The proof of one message: that of the page of its key that starts after `id - 1` and holds only this message.
    pub fn prove_message(&self, record: &Record) -> Option<Vec<u8>> {
        let key_id = self.key_id(record)?;
        let start = Start::after(record.id() - 1);
        let cursor = KeyCursor { start, order: Order::ascending, limit: 1, prove: true };
        let page = self.records_by_key(key_id.as_bytes(), cursor).ok()?;
        self.prove_page(key_id.as_bytes(), &cursor, &page)
    }

    /// The proof of the heads of keys, if the caller may have a proof of each key (`may_prove`).
    pub fn prove_heads(&self, key_ids: &[&[u8]]) -> Option<Vec<u8>> {
        if !key_ids.iter().all(|key_id| self.may_prove(matches!(self.find_key(key_id), Ok(Some(_))))) {
            return None;
        }
        let witnesses = key_ids.iter().map(|key_id| self.witness(key_id)).collect::<Option<_>>()?;
        Some(HeadsProof { state: self.certified_state(), witnesses }.to_bytes())
    }

    /// The steps down to a message, and from there to the one before it.
    fn steps_beyond(&self, newest: Id, above: Id) -> Vec<Step> {
        let mut steps = self.steps_to(newest, above);
        let link = self.links.get(above);
        let fields = self.fields(above, link.rank);
        steps.push(Step { taken: Taken::Previous, other: link.chains.jump, fields });
        steps
    }

    /// The part of a proof about the message before `id`: its chain value. If the page begins at a time, or that message is too
    /// old but not dropped yet, its time matters. Then the part has all its fields.
    fn below(&self, id: Id, by_time: bool) -> Below {
        let prev = self.inbox.prev_of(id);
        let stored = prev >= self.inbox.first_id();
        if stored && (by_time || prev < self.first_id()) {
            let link = self.links.get(prev);
            Below::Message { links: link.chains, fields: self.fields(prev, link.rank) }
        } else {
            Below::Chain(self.links.get(id).chains.prev)
        }
    }

    /// The jump links of a page's messages, oldest first.
    fn jumps(&self, ids: &[Id], first_rank: u32) -> Vec<Jump> {
        let mut jumps = Vec::with_capacity(ids.len());
        for (at, id) in ids.iter().enumerate() {
            let link = self.links.get(*id);
            let back = link.rank.saturating_sub(link.jump.rank);
            // Jumps lead back by 2^k - 1 ranks. If a jump is damaged and does not, then the proof does not verify.
            let code = back.saturating_add(1).ilog2() as u8;
            jumps.push(if back <= 1 || link.jump.id == 0 {
                Jump::Previous
            } else if link.jump.rank >= first_rank && back as usize <= at && code <= MAX_BACK {
                Jump::Back(code)
            } else {
                Jump::To(link.chains.jump)
            });
        }
        jumps
    }
}
