//! Bytes of legal requests changed, removed, repeated and mixed.

use std::collections::BTreeMap;

use crate::common::Network;
use crate::common::endpoints::endpoints;
use crate::common::envelope::*;
use crate::common::http::head;
use crate::common::keys::Key;
use candid::Principal;
use test_support::Random;

const ANONYMOUS: Principal = Principal::anonymous();

/// Each is answered, and none with a failure of ours.
#[tokio::test]
async fn mutated_requests_are_answered() {
    const ROUNDS: usize = 4_000;
    let network = Network::probe().await;
    let anonymous = [
        bare(call(network.canister, ANONYMOUS, "count", b"argument")),
        bare(query(network.canister, ANONYMOUS, "counted", b"argument")),
        bare(read_state(
            ANONYMOUS,
            &[path([b"time"]), path([b"canister", network.canister.as_slice(), b"controllers"])],
        )),
    ];
    let endpoints = endpoints(&network);
    let chain = delegated(
        query(network.canister, Key::nth(0).principal(), "counted", &[]),
        &[Key::nth(0), Key::nth(1), Key::nth(2)],
    );
    // Each with the endpoint that it is for.
    let mut seeds: Vec<(usize, Vec<u8>)> =
        endpoints.iter().enumerate().map(|(number, endpoint)| (number, endpoint.body.clone())).collect();
    seeds.extend(anonymous.iter().enumerate().map(|(number, envelope)| (number, envelope.encode_bytes())));
    seeds.push((1, chain.encode_bytes()));
    let mut random = Random::of(&[1]);
    let mut connection = network.connect().await;
    let mut statuses = BTreeMap::new();
    for round in 0..ROUNDS {
        let (mut endpoint, mut body) = seeds[random.below(seeds.len())].clone();
        if random.below(10) == 0 {
            endpoint = random.below(3);
        }
        for _ in 0..=random.below(3) {
            mutate(&mut body, &seeds, &mut random);
        }
        let head = head("POST", &endpoints[endpoint].url, &[("content-type", "application/cbor")], body.len());
        connection.send(&[&head[..], &body].concat()).await;
        let answer = connection.answer().await.unwrap_or_else(|| panic!("round {round} breaks: {body:02x?}"));
        let status = answer.status;
        assert!([200, 400, 403, 404].contains(&status), "round {round}: {status} {} for {body:02x?}", answer.text());
        *statuses.entry(status).or_insert(0) += 1;
    }
    assert!(statuses[&200] > ROUNDS / 100 && statuses[&400] > ROUNDS / 2, "some were legal, most not: {statuses:?}");
}

fn mutate(body: &mut Vec<u8>, seeds: &[(usize, Vec<u8>)], random: &mut Random) {
    if body.is_empty() {
        return body.push(random.byte());
    }
    let at = random.below(body.len());
    let length = random.below((body.len() - at).min(40)) + 1;
    match random.below(7) {
        0 => body[at] ^= 1 << random.below(8),
        1 => body[at] = random.byte(),
        2 => drop(body.drain(at..at + length)),
        3 => body.insert(at, random.byte()),
        4 => {
            let repeated = body[at..at + length].to_vec();
            body.splice(at..at, repeated);
        }
        5 => {
            let (_, other) = &seeds[random.below(seeds.len())];
            let from = random.below(other.len());
            let until = (from + length).min(other.len());
            body.splice(at..at + length, other[from..until].iter().copied());
        }
        // The first bytes of an item say its type and length.
        _ => body[at] = [0x1b, 0x3b, 0x5b, 0x7b, 0x9b, 0xbb, 0x9f, 0xbf, 0xff, 0xf6, 0xfb][random.below(11)],
    }
}
