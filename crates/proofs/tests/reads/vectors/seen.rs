//! A reader's memory, and true pages that continue or contradict it.

use super::format::{PageVector, SeenVector, broken, continued};
use super::told::{self, KEY, Told, one_key};
use crate::store::{Store, head};
use proofs::head::Head;
use proofs::page::Below;
use proofs::seen::Broken;
use proofs::seen::Continued::{Extends, Restarted, Restored, Unlinked};
use proofs::verify::Entry::{After, Rank, Start};
use proofs::verify::{Entry, Order};
use serde_json::Value;

/// The newest message of `seen` is remembered; then a page of `now` is read.
fn vector(name: &str, seen: &Store, now: &Store, entry: Entry, expected: Value) -> SeenVector {
    let Head { last_id: id, rank, chain, .. } = head(&seen.lists[KEY]);
    let page: PageVector = told::honest(name, now, KEY, Order::Ascending, entry, 3);
    SeenVector { epoch: seen.state.epoch.to_string(), id, rank, chain: hex::encode(chain), page, expected }
}

/// The same with a page that says no more of the message before it than it must: the chain value.
fn brief(name: &str, seen: &Store, now: &Store, entry: Entry, expected: Value) -> SeenVector {
    let mut told = Told::truth(now, Order::Ascending, entry, 3);
    told.proof.below = Below::Chain(told.proof.below.chain().expect("there is a message before"));
    let SeenVector { page, .. } = vector(name, seen, now, entry, Value::Null);
    let page = told.vector(name, page.expected);
    SeenVector { page, ..vector(name, seen, now, entry, expected) }
}

pub fn vectors() -> Vec<SeenVector> {
    let (seen, more) = (one_key(20), one_key(26));
    let with_first_id = |store: &Store, first_id| {
        let mut store = store.clone();
        store.state.first_id = first_id;
        store
    };
    let with_epoch = |store: &Store, epoch| {
        let mut store = store.clone();
        store.state.epoch = epoch;
        store
    };
    let mut other = one_key(19);
    other.add(KEY, 99);
    let mut longer = other.clone();
    longer.add(KEY, 100);
    let mut again = Store::new(4);
    (again.next_id, again.state.first_id) = (30, 30);
    let nothing = again.clone();
    again.add(KEY, 5);
    let mut many_again = again.clone();
    (6..40).for_each(|content| many_again.add(KEY, content));
    // Set back to the id 60.
    let before = told::with_ids(&[20, 40, 60, 80, 100]);
    let set_back = told::with_ids(&[20, 40, 60, 71, 85, 90, 95, 110]);
    let forked_at_5 = || broken(Broken::Forked { rank: 5 });
    let rolled_back = |found| broken(Broken::RolledBack { seen: 20, found });
    let forked = || broken(Broken::Forked { rank: 20 });
    let epochs = |seen, found| broken(Broken::Epoch { seen, found });
    vec![
        vector("nothing new", &seen, &seen, After(20), continued(Extends, 0)),
        vector("new messages", &seen, &more, After(20), continued(Extends, 0)),
        vector("the page that has what was seen", &seen, &more, After(18), continued(Extends, 0)),
        vector("a page above what was seen", &seen, &more, Rank(24), continued(Unlinked, 3)),
        vector("messages missed", &seen, &with_first_id(&more, 24), After(20), continued(Unlinked, 3)),
        vector("rolled back", &seen, &one_key(19), Start, rolled_back(19)),
        vector("rolled back to nothing", &seen, &Store::new(4), Start, rolled_back(0)),
        vector("forked at the newest", &seen, &other, Start, forked()),
        vector("forked below the newest", &seen, &longer, After(20), forked()),
        brief("new messages behind a chain value", &seen, &more, After(20), continued(Extends, 0)),
        brief("forked, and behind a chain value", &seen, &longer, After(20), forked()),
        vector("forked below a page that goes on", &before, &set_back, After(100), forked_at_5()),
        vector(
            "forked to a higher rank with a lower id",
            &before,
            &told::with_ids(&[20, 40, 60, 71, 85, 90, 95]),
            Rank(7),
            forked_at_5(),
        ),
        vector(
            "set back under a later epoch, and longer",
            &before,
            &with_epoch(&set_back, 2),
            After(100),
            continued(Restored, 2),
        ),
        vector("dropped, and gone", &seen, &nothing, Start, continued(Restarted, 0)),
        vector("dropped, and back", &seen, &again, Start, continued(Restarted, 0)),
        vector("dropped, and back with more messages", &seen, &many_again, After(20), continued(Restarted, 0)),
        vector("more messages again, but not dropped", &seen, &with_first_id(&many_again, 20), After(20), forked()),
        vector("back, but not dropped", &seen, &with_first_id(&again, 20), Start, rolled_back(1)),
        vector(
            "a restored snapshot without what was seen",
            &seen,
            &with_epoch(&one_key(15), 2),
            Start,
            continued(Restored, 0),
        ),
        vector("a restored snapshot, then others", &seen, &with_epoch(&longer, 2), After(20), continued(Restored, 0)),
        vector(
            "a restored snapshot with what was seen",
            &seen,
            &with_epoch(&more, 2),
            After(20),
            continued(Extends, 0),
        ),
        vector("an earlier epoch", &with_epoch(&seen, 2), &more, After(20), epochs(2, 1)),
        vector(
            "an epoch earlier by one, of the latest",
            &with_epoch(&seen, u64::MAX),
            &with_epoch(&more, u64::MAX - 1),
            After(20),
            epochs(u64::MAX, u64::MAX - 1),
        ),
    ]
}
