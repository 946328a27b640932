//! vodozemac's types. Format 1 is the JSON of vodozemac's own pickle, which its later releases read.

use super::{Field, Table};
use vodozemac::megolm::{GroupSession, GroupSessionPickle, InboundGroupSession, InboundGroupSessionPickle};
use vodozemac::olm::{Account, AccountPickle, Session, SessionPickle};
use zeroize::Zeroizing;

const JSON_PICKLE: u8 = 1;
/// More bytes than a pickle takes, so that the buffer never grows and leaves no piece of a pickle
/// behind.
const CAPACITY: usize = 32 << 10;

macro_rules! field {
    ($type:ident, $pickle:ident, $table:ident) => {
        impl Field for $type {
            const TABLE: Table = Table::$table;

            fn format(&self) -> u8 {
                JSON_PICKLE
            }

            fn encode(&self) -> Zeroizing<Vec<u8>> {
                let mut bytes = Zeroizing::new(Vec::with_capacity(CAPACITY));
                serde_json::to_writer(&mut *bytes, &self.pickle()).expect("a pickle has no map that JSON has not");
                bytes
            }

            fn decode(format: u8, bytes: &[u8]) -> Option<Self> {
                let pickle: $pickle = serde_json::from_slice(bytes).ok().filter(|_| format == JSON_PICKLE)?;
                Some(Self::from_pickle(pickle))
            }

            fn copy(&self) -> Self {
                Self::from_pickle(self.pickle())
            }
        }
    };
}

field!(Account, AccountPickle, Account);
field!(Session, SessionPickle, Session);
field!(InboundGroupSession, InboundGroupSessionPickle, InboundGroup);
field!(GroupSession, GroupSessionPickle, OutboundGroup);
