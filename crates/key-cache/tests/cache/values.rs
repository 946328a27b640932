//! Sealed values: the place that they bind, and values that no longer open.

use crate::support::{Stage, key, name, secret, wrapping};
use key_cache::{Gone, Limits, MAX_PLACE_PART, MAX_PLAINTEXT, OVERHEAD, Place, ValueError, WrappedKey, generation_of};
use proptest::prelude::*;

const PLACE: Place<'static> = Place { store: b"store", table: b"table", row: b"row", column: b"column" };

fn cached(stage: &Stage, id: u32, generation: u32, byte: u8) -> key_cache::Key {
    stage.fill(&WrappedKey { name: name(id, generation), wrapping: wrapping(b"w") }, byte);
    stage.cache.cached(&name(id, generation)).unwrap()
}

#[test]
fn a_value_opens_where_it_was_sealed_and_nowhere_else() {
    let stage = Stage::new(Limits::default());
    let key = cached(&stage, 1, 7, 1);
    let sealed = key.seal(&PLACE, b"plaintext").unwrap();
    assert_eq!((sealed.len(), generation_of(&sealed)), (9 + OVERHEAD, Ok(7)));
    assert_eq!(key.open(&PLACE, &sealed).unwrap(), b"plaintext");
    assert_ne!(key.seal(&PLACE, b"plaintext").unwrap(), sealed, "nonces are fresh");

    for place in [
        Place { store: b"stora", ..PLACE },
        Place { table: b"", ..PLACE },
        Place { row: b"row\0", ..PLACE },
        Place { column: b"olumn", row: b"rowc", ..PLACE },
        Place { store: b"table", table: b"store", ..PLACE },
    ] {
        assert_eq!(key.open(&place, &sealed), Err(ValueError::Refused), "{place:?}");
    }
    let other = cached(&stage, 2, 7, 2);
    assert_eq!(other.open(&PLACE, &sealed), Err(ValueError::Refused));
    // The same bytes under another generation, and the generation in the value adapted to it.
    let next = cached(&stage, 1, 8, 1);
    assert_eq!(next.open(&PLACE, &sealed), Err(ValueError::Generation { found: 7, key: 8 }));
    let mut adapted = sealed.clone();
    adapted[1] = 8;
    assert_eq!(next.open(&PLACE, &adapted), Err(ValueError::Refused));
}

#[test]
fn no_byte_can_be_changed_added_or_missing() {
    let stage = Stage::new(Limits::default());
    let key = cached(&stage, 1, 1, 1);
    for plaintext in [&b""[..], b"x", &[5; 70]] {
        let sealed = key.seal(&PLACE, plaintext).unwrap();
        assert_eq!(key.open(&PLACE, &sealed).unwrap(), plaintext);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 0x10;
            assert!(key.open(&PLACE, &changed).is_err(), "byte {at}");
            assert!(key.open(&PLACE, &sealed[..at]).is_err(), "the first {at}");
        }
        assert!(key.open(&PLACE, &[&sealed[..], &[0]].concat()).is_err());
    }
    assert_eq!(key.open(&PLACE, &[0; 4]), Err(ValueError::Short { length: 4 }));
    assert_eq!(key.open(&PLACE, &[2; OVERHEAD]), Err(ValueError::Version { found: 2 }));
}

#[test]
fn everything_has_a_limit_and_an_ended_key_seals_nothing() {
    let stage = Stage::new(Limits::default());
    let held = cached(&stage, 1, 1, 1);
    let long = vec![0; MAX_PLAINTEXT + 1];
    let limit = |of, limit| Err(ValueError::TooLong { of, length: limit + 1, limit });
    assert_eq!(held.seal(&PLACE, &long), limit("plaintext", MAX_PLAINTEXT));
    let row = &long[..MAX_PLACE_PART + 1];
    assert_eq!(held.seal(&Place { row, ..PLACE }, b""), limit("row", MAX_PLACE_PART));
    assert!(held.seal(&Place { row: &row[1..], ..PLACE }, b"").is_ok());
    stage.cache.clear();
    assert_eq!(held.seal(&PLACE, b""), Err(ValueError::Gone(Gone { name: name(1, 1) })));
    assert!(key(1).name != name(1, 2) && format!("{:?}", secret(1)) == "Secret(..)");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// No two places have the same authenticated data, however their parts are cut.
    #[test]
    fn parts_of_places_do_not_run_into_each_other(
        one in prop::array::uniform4(prop::collection::vec(0u8..3, 0..4)),
        other in prop::array::uniform4(prop::collection::vec(0u8..3, 0..4)),
    ) {
        let stage = Stage::new(Limits::default());
        let key = cached(&stage, 1, 1, 1);
        fn of(parts: &[Vec<u8>; 4]) -> Place<'_> {
            Place { store: &parts[0], table: &parts[1], row: &parts[2], column: &parts[3] }
        }
        let sealed = key.seal(&of(&one), b"v").unwrap();
        prop_assert_eq!(key.open(&of(&other), &sealed).is_ok(), one == other);
    }
}
