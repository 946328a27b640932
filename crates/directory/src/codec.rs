//! Hand-written candid for frequent calls: updates, ratification, bundles, look-ups. The candid library reads all other
//! encodings of the same arguments, and writes rare replies.
//!
//! A variant with fewer cases is a subtype. So a reply's type has only the case that occurs in it.

use crate::api::{Accepted, Certified, Changes, Found, Lookup, Opened, Ratified, Submission, View};
use candid::CandidType;
use canister_base::general::{self, Malformed};
use canister_base::header::{BOOL, Header, NAT8, NAT32, NAT64, NULL};
use canister_base::values::{Values, push_length};
use serde_bytes::ByteBuf;

const fn submission(blob: i8, opened: i8, address: i8) -> [(&'static str, i8); 4] {
    [("label", blob), ("update", blob), ("opened", opened), ("address", address)]
}
const fn opened(blob: i8) -> [(&'static str, i8); 2] {
    [("opening", blob), ("profile", blob)]
}
const fn lookup(blob: i8, view: i8, history: i8) -> [(&'static str, i8); 4] {
    [("label", blob), ("view", view), ("known", NAT64), ("history", history)]
}
const VIEW: [(&str, i8); 2] = [("newest", NULL), ("ratified", NULL)];
const HISTORY: [(&str, i8); 2] = [("newest", NULL), ("version", NAT32)];
// Agents in Rust number a type before its parts, agents in JavaScript after them.
const SUBMISSION: [Header; 2] = [
    Header::new(5).record(submission(3, 1, 4)).opt(2).record(opened(3)).vec(NAT8).opt(3).values([0]),
    Header::new(5).vec(NAT8).record(opened(0)).opt(1).opt(0).record(submission(0, 2, 3)).values([4]),
];
const LOOKUP: [Header; 2] = [
    Header::new(4).record(lookup(3, 1, 2)).variant(VIEW).variant(HISTORY).vec(NAT8).values([0]),
    Header::new(4).variant(VIEW).variant(HISTORY).vec(NAT8).record(lookup(2, 0, 1)).values([3]),
];
const SIZE_AND_BLOB: [Header; 1] = [Header::new(1).vec(NAT8).values([NAT64, 0])];
const TWO_BLOBS: [Header; 1] = [Header::new(1).vec(NAT8).values([0, 0])];

const ACCEPTED: Header =
    Header::new(2).record([("position", NAT64), ("epoch", NAT64), ("closed", BOOL)]).variant([("Ok", 0)]).values([1]);
const RATIFIED: Header =
    Header::new(2).record([("cosignatures", NAT32), ("ratified", NAT64)]).variant([("Ok", 0)]).values([1]);
const FOUND: Header = Header::new(5)
    .vec(NAT8)
    .opt(0)
    .record([("log", 0), ("certificate", 1)])
    .record([("proof", 0), ("certified", 2)])
    .variant([("Ok", 3)])
    .values([4]);
const DONE: Header = Header::new(1).variant([("Ok", NULL)]).values([0]);
/// The index of a variant's only case.
const ONLY: u8 = 0;

/// The argument of `update`.
pub fn submission_of(bytes: &[u8]) -> Result<Submission, Malformed> {
    match Values::behind(bytes, &SUBMISSION) {
        Some(values) => values.read(|values| {
            // In the order of their labels, as everywhere in this file.
            let opened =
                values.optional_if(true, |values| Some(Opened { opening: blob(values)?, profile: blob(values)? }))?;
            let (label, update) = (blob(values)?, blob(values)?);
            Some(Submission { label, update, opened, address: values.optional_if(true, blob)? })
        }),
        None => general::decode(bytes).map(|(submission,)| submission),
    }
}

/// The argument of `lookup`.
pub fn lookup_of(bytes: &[u8]) -> Result<Lookup, Malformed> {
    match Values::behind(bytes, &LOOKUP) {
        Some(values) => values.read(|values| {
            let view = [View::ratified, View::newest].get(values.length()?).copied()?;
            let history = match values.length()? {
                0 => Changes::newest,
                1 => Changes::version(values.nat32()?),
                _ => return None,
            };
            Some(Lookup { view, history, label: blob(values)?, known: values.nat64()? })
        }),
        None => general::decode(bytes).map(|(lookup,)| lookup),
    }
}

/// The arguments of `ratify`: a size and a cosignature.
pub fn size_and_blob_of(bytes: &[u8]) -> Result<(u64, ByteBuf), Malformed> {
    match Values::behind(bytes, &SIZE_AND_BLOB) {
        Some(values) => values.read(|values| Some((values.nat64()?, blob(values)?))),
        None => general::decode(bytes),
    }
}

/// The arguments of `put_bundle`: a label and a bundle.
pub fn two_blobs_of(bytes: &[u8]) -> Result<(ByteBuf, ByteBuf), Malformed> {
    match Values::behind(bytes, &TWO_BLOBS) {
        Some(values) => values.read(|values| Some((blob(values)?, blob(values)?))),
        None => general::decode(bytes),
    }
}

fn blob(values: &mut Values<'_>) -> Option<ByteBuf> {
    values.bytes().map(|bytes| ByteBuf::from(bytes.to_vec()))
}

/// The reply of `update`.
pub fn accepted<E: CandidType>(result: Result<Accepted, E>) -> Vec<u8> {
    reply(result, &ACCEPTED, 17, |Accepted { position, epoch, closed }, out| {
        out.push(u8::from(*closed));
        out.extend(epoch.to_le_bytes());
        out.extend(position.to_le_bytes());
    })
}

/// The reply of `ratify`.
pub fn ratified<E: CandidType>(result: Result<Ratified, E>) -> Vec<u8> {
    reply(result, &RATIFIED, 12, |Ratified { cosignatures, ratified }, out| {
        out.extend(ratified.to_le_bytes());
        out.extend(cosignatures.to_le_bytes());
    })
}

/// The reply of `put_bundle`.
pub fn done<E: CandidType>(result: Result<(), E>) -> Vec<u8> {
    reply(result, &DONE, 0, |(), _| ())
}

/// The reply of `lookup`.
pub fn found<E: CandidType>(result: Result<Found, E>) -> Vec<u8> {
    let size = |found: &Found| found.proof.len() + found.certified.certificate.as_ref().map_or(0, |bytes| bytes.len());
    let room = result.as_ref().map_or(0, size) + 128;
    reply(result, &FOUND, room, |Found { proof, certified: Certified { log, certificate } }, out| {
        push(out, log);
        out.push(u8::from(certificate.is_some()));
        if let Some(certificate) = certificate {
            push(out, certificate);
        }
        push(out, proof);
    })
}

fn reply<T, E>(result: Result<T, E>, header: &Header, room: usize, write: impl FnOnce(&T, &mut Vec<u8>)) -> Vec<u8>
where
    T: CandidType,
    E: CandidType,
{
    let Ok(value) = &result else { return general::encode(result) };
    let mut out = Vec::with_capacity(header.as_bytes().len() + 1 + room);
    out.extend_from_slice(header.as_bytes());
    out.push(ONLY);
    write(value, &mut out);
    out
}

fn push(out: &mut Vec<u8>, bytes: &[u8]) {
    push_length(out, bytes.len());
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{BundleError, LookupError, RatifyError, UpdateError};
    use candid::utils::ArgumentDecoder;
    use candid::{decode_one, encode_args, encode_one};
    use std::fmt::Debug;

    fn bytes(number: usize, length: usize) -> ByteBuf {
        ByteBuf::from(vec![number as u8; length])
    }

    fn submissions() -> Vec<Submission> {
        let opened = Opened { opening: bytes(1, 16), profile: bytes(2, 300) };
        let whole = Submission {
            label: bytes(3, 30),
            update: bytes(4, 1_000),
            opened: Some(opened),
            address: Some(bytes(5, 97)),
        };
        vec![
            Submission { opened: None, address: None, ..whole.clone() },
            Submission { address: None, ..whole.clone() },
            whole,
        ]
    }

    /// Each prefix of an argument, and the argument with an extra byte, must be refused, as by the library.
    fn reads_as_the_library<T>(argument: &[u8], headers: &[Header], by_hand: impl Fn(&[u8]) -> Result<T, Malformed>)
    where
        T: PartialEq + Debug,
        (T,): for<'a> ArgumentDecoder<'a>,
    {
        assert!(headers.iter().any(|header| argument.starts_with(header.as_bytes())), "it is read by hand");
        let (expected,) = general::decode::<(T,)>(argument).expect("a good argument");
        assert_eq!(by_hand(argument).expect("a good argument"), expected);
        for end in 0..argument.len() {
            assert!(by_hand(&argument[..end]).is_err(), "its first {end} bytes");
        }
        assert!(by_hand(&[argument, &[0]].concat()).is_err(), "a byte follows");
    }

    #[test]
    fn arguments_are_read_as_the_library_reads_them() {
        for submission in submissions() {
            let argument = encode_one(&submission).expect("encoded");
            reads_as_the_library(&argument, &SUBMISSION, submission_of);
            // Agents in JavaScript write the same values with the other header.
            let values = argument.strip_prefix(SUBMISSION[0].as_bytes()).expect("the first header");
            reads_as_the_library(&[SUBMISSION[1].as_bytes(), values].concat(), &SUBMISSION, submission_of);
        }
        for (view, history) in [
            (View::newest, Changes::newest),
            (View::ratified, Changes::version(7)),
            (View::newest, Changes::version(0)),
        ] {
            let lookup = Lookup { label: bytes(1, 5), view, known: 9, history };
            let argument = encode_one(&lookup).expect("encoded");
            reads_as_the_library(&argument, &LOOKUP, lookup_of);
            let values = argument.strip_prefix(LOOKUP[0].as_bytes()).expect("the first header");
            reads_as_the_library(&[LOOKUP[1].as_bytes(), values].concat(), &LOOKUP, lookup_of);
        }
        let argument = encode_args((7_u64, bytes(1, 76))).expect("encoded");
        assert!(argument.starts_with(SIZE_AND_BLOB[0].as_bytes()));
        assert_eq!(size_and_blob_of(&argument).expect("good"), (7, bytes(1, 76)));
        let argument = encode_args((bytes(2, 3), bytes(1, 300))).expect("encoded");
        assert!(argument.starts_with(TWO_BLOBS[0].as_bytes()));
        assert_eq!(two_blobs_of(&argument).expect("good"), (bytes(2, 3), bytes(1, 300)));
    }

    #[test]
    fn other_encodings_of_an_argument_are_read_by_the_library() {
        #[derive(CandidType)]
        struct Later {
            label: ByteBuf,
            update: ByteBuf,
            opened: Option<Opened>,
            address: Option<ByteBuf>,
            later: Option<u8>,
        }
        for Submission { label, update, opened, address } in submissions() {
            let expected = Submission { label, update, opened, address };
            let Submission { label, update, opened, address } = expected.clone();
            let argument = encode_one(Later { label, update, opened, address, later: Some(1) }).expect("encoded");
            assert_eq!(submission_of(&argument).expect("a good argument"), expected);
        }
    }

    #[test]
    fn replies_are_what_the_interface_says() {
        let accepted = Accepted { position: 5, epoch: 1 << 40, closed: true };
        let reply = super::accepted::<UpdateError>(Ok(accepted));
        assert_eq!(decode_one::<Result<Accepted, UpdateError>>(&reply).expect("decoded"), Ok(accepted));
        let refused = super::accepted(Err(UpdateError::StorageFull));
        assert_eq!(
            decode_one::<Result<Accepted, UpdateError>>(&refused).expect("decoded"),
            Err(UpdateError::StorageFull)
        );
        let ratified = Ratified { cosignatures: 3, ratified: 9 };
        let reply = super::ratified::<RatifyError>(Ok(ratified));
        assert_eq!(decode_one::<Result<Ratified, RatifyError>>(&reply).expect("decoded"), Ok(ratified));
        assert_eq!(decode_one::<Result<(), BundleError>>(&done::<BundleError>(Ok(()))).expect("decoded"), Ok(()));
        for certificate in [None, Some(bytes(1, 700))] {
            let found = Found { proof: bytes(2, 2_000), certified: Certified { log: bytes(3, 80), certificate } };
            let reply = super::found::<LookupError>(Ok(found.clone()));
            assert_eq!(decode_one::<Result<Found, LookupError>>(&reply).expect("decoded"), Ok(found));
        }
    }
}
