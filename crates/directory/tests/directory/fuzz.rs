//! Bytes that are not arguments: good ones with bytes changed, cut, doubled and of other methods. They are the same in every run.

use crate::site::*;
use candid::{Principal, encode_args, encode_one};
use candid_parser::utils::CandidSource;
use directory::api::*;
use serde_bytes::ByteBuf;
use std::collections::BTreeSet;
use test_support::Random;

/// Arguments for each method.
const ROUNDS: usize = 40;
/// Maximum instructions of a call, apart from checks of signatures and VRF proofs.
const MAX_INSTRUCTIONS: u64 = 25_000_000;

/// Good bytes, changed in one to three ways.
fn spoiled(random: &mut Random, good: &[u8], others: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = good.to_vec();
    for _ in 0..=random.below(3_u8) {
        let at = random.below(bytes.len().max(1));
        let drawn = random.byte();
        match random.below(5_u8) {
            0 if !bytes.is_empty() => bytes[at] = drawn,
            1 => bytes.truncate(at),
            2 => bytes.insert(at, drawn),
            3 => bytes.extend_from_slice(random.pick::<Vec<u8>>(others)),
            _ => {
                let other: &Vec<u8> = random.pick(others);
                let kept = at.min(bytes.len());
                bytes = [&bytes[..kept], &other[at.min(other.len())..]].concat();
            }
        }
    }
    bytes
}

/// The names of all methods of the interface, and whether they are queries.
fn interface() -> BTreeSet<(String, bool)> {
    let (types, service) = CandidSource::Text(include_str!("../../directory.did")).load().expect("it is candid");
    let service = service.expect("it has a service");
    let methods = types.as_service(&service).expect("it is one");
    let is_query = |method| types.as_func(method).expect("a method is a function").is_query();
    methods.iter().map(|(name, method)| (name.clone(), is_query(method))).collect()
}

#[test]
fn every_method_withstands_any_bytes() {
    let site = Site::new(&open());
    site.pass(5);
    let label = name("alice");
    let new = site.registration(&label, 1, &[]);
    site.update(&new).expect("registered");
    let blob = ByteBuf::from(label.encode());
    let lookup = Lookup { label: blob.clone(), view: View::newest, known: 1, history: Changes::version(0) };
    let request =
        HttpRequest { method: "GET".to_string(), url: "/".to_string(), headers: vec![], body: ByteBuf::new() };
    let history = History { label: blob.clone(), from: 0, limit: 9 };
    let other = site.registration(&name("bob"), 1, &[]);
    let methods: Vec<(&str, bool, Vec<u8>)> = vec![
        ("update", false, encode_one(&other).expect("encoded")),
        ("ratify", false, encode_args((1_u64, ByteBuf::from([7; 76]))).expect("encoded")),
        ("put_bundle", false, encode_args((&blob, ByteBuf::from([7; 250]))).expect("encoded")),
        ("set_settings", false, encode_one(Settings::default()).expect("encoded")),
        ("lookup", true, encode_one(&lookup).expect("encoded")),
        ("get_history", true, encode_one(&history).expect("encoded")),
        ("get_checkpoint", true, encode_one(1_u64).expect("encoded")),
        ("get_heads", true, encode_args((0_u64, 9_u32)).expect("encoded")),
        ("get_updates", true, encode_args((0_u64, 9_u32)).expect("encoded")),
        ("get_proof", true, encode_args((0_u64, 1_u64)).expect("encoded")),
        ("get_bundles", true, encode_one(&blob).expect("encoded")),
        ("check", true, encode_one(CheckCursor::default()).expect("encoded")),
        ("get_configuration", true, encode_args(()).expect("encoded")),
        ("get_status", true, encode_args(()).expect("encoded")),
        ("http_request", true, encode_one(&request).expect("encoded")),
    ];
    let covered: BTreeSet<_> = methods.iter().map(|(name, is_query, _)| (name.to_string(), *is_query)).collect();
    assert_eq!(covered, interface(), "the methods here are those of directory.did");
    let all: Vec<_> = methods.iter().map(|(_, _, argument)| argument.clone()).collect();
    let mut random = Random::of(&[4_711]);
    for (method, is_query, good) in &methods {
        for _ in 0..ROUNDS {
            let argument = spoiled(&mut random, good, &all);
            let anonymous = Principal::anonymous();
            let answer = if *is_query {
                site.engine.query_call(site.id, anonymous, method, argument.clone())
            } else {
                site.engine.update_call(site.id, anonymous, method, argument.clone())
            };
            if let Err(reject) = answer {
                let why = &reject.reject_message;
                assert!(why.contains("malformed argument"), "{method} of {argument:02x?}: {why}");
                let wrote = site.engine.last_execution(site.id).expect("an execution").usage.stable_bytes_written;
                assert_eq!(wrote, 0, "{method} wrote before it rejected {argument:02x?}");
            }
            let used = site.engine.last_execution(site.id).expect("an execution").usage.instructions;
            assert!(used < MAX_INSTRUCTIONS, "{method} of {argument:02x?} costs {used} instructions");
        }
    }
    assert_eq!(site.status().labels, site.status().updates, "registrations at most");
    assert!(site.look_up(&label, View::newest, None, None).expect("proved").state.is_some());
}
