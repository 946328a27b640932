//! Lists that are cut while they are decoded. Elements beyond the limit are counted, and take no memory.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

/// At most `MAX` items, and how many were sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounded<T, const MAX: usize> {
    items: Vec<T>,
    sent: usize,
}

impl<T, const MAX: usize> Bounded<T, MAX> {
    /// The items, or how many were sent if these are too many.
    pub fn get(&self) -> Result<&[T], usize> {
        if self.sent > MAX { Err(self.sent) } else { Ok(&self.items) }
    }
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for Bounded<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Items<T, const MAX: usize>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for Items<T, MAX> {
            type Value = Bounded<T, MAX>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "an array")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while items.len() < MAX {
                    let Some(item) = sequence.next_element()? else {
                        return Ok(Bounded { sent: items.len(), items });
                    };
                    items.push(item);
                }
                let mut sent = MAX;
                while sequence.next_element::<IgnoredAny>()?.is_some() {
                    sent += 1;
                }
                Ok(Bounded { items, sent })
            }
        }
        deserializer.deserialize_seq(Items(PhantomData))
    }
}

/// As an array, which it is for the hash that is signed. One that is too long is refused before it is hashed.
impl<T: Serialize, const MAX: usize> Serialize for Bounded<T, MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cbor;

    #[test]
    fn bytes_beyond_the_limit_are_counted() {
        let decode = |items: &[u8]| -> Bounded<u8, 3> { cbor::decode(&cbor::encode(&items)).expect("it is an array") };
        assert_eq!(decode(&[]).get(), Ok(&[][..]));
        assert_eq!(decode(&[1, 2, 3]).get(), Ok(&[1, 2, 3][..]));
        assert_eq!(decode(&[1, 2, 3, 4]).get(), Err(4));
        assert_eq!(decode(&[0; 100]).get(), Err(100));
    }

    #[test]
    fn a_length_that_is_only_claimed_takes_no_memory() {
        // An array of 2^64 - 1 items, of which none follows.
        let claimed = [0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
        assert!(cbor::decode::<Bounded<u8, 3>>(&claimed).is_err());
    }
}
