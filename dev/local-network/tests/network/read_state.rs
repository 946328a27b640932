//! `read_state`: a permitted path is proved, present or absent. Any other path is refused.

use std::time::{Duration, Instant};

use crate::common::Network;
use crate::common::certificate::{decoded, delegation_of, found, hidden, response, status_path, verified};
use crate::common::envelope::*;
use crate::common::keys::Key;
use candid::Principal;
use ic_certification::HashTree;
use ic_transport_types::{Delegation, Envelope, ReadStateResponse, to_request_id};
use serde::Serialize;
use serde_bytes::ByteBuf;

const ANONYMOUS: Principal = Principal::anonymous();

fn read(paths: &[Path]) -> Envelope<'static> {
    bare(read_state(ANONYMOUS, paths))
}

async fn refused(network: &Network, envelope: &Envelope<'_>, status: u16, reason: &str) {
    for version in ["v2", "v3"] {
        let answer = network.send(version, network.canister, "read_state", envelope).await;
        assert_eq!(answer.status, status, "{}", answer.text());
        assert!(answer.text().contains(reason), "{}", answer.text());
    }
}

fn of_canister<const N: usize>(canister: Principal, labels: [&[u8]; N]) -> Path {
    [path([b"canister", canister.as_slice()]), path(labels)].concat()
}

#[tokio::test]
async fn the_time_is_shown_and_nothing_that_was_not_asked_for() {
    let network = Network::probe().await;
    for paths in [vec![], vec![path([b"time"])], vec![path([b"time"]); 2]] {
        for version in ["v2", "v3"] {
            let answer = network.send(version, network.canister, "read_state", &read(&paths)).await;
            let tree = network.tree(&answer);
            for name in ["canister", "subnet", "request_status", "canister_ranges"] {
                assert!(hidden(&tree, &path([name.as_bytes()])), "{name}");
            }
        }
    }
}

/// Without this refusal, the other tests would prove nothing.
#[tokio::test]
async fn a_certificate_with_a_byte_changed_does_not_verify() {
    let (network, other) = (Network::probe().await, Network::probe().await);
    let ReadStateResponse { certificate } = network.ask(&read(&[])).await.cbor();
    let refuses = |root_key: Vec<u8>, certificate: Vec<u8>| {
        std::panic::catch_unwind(|| verified(&root_key, &certificate)).is_err()
    };
    assert!(!refuses(network.root_key.clone(), certificate.clone()));
    assert!(refuses(other.root_key.clone(), certificate.clone()), "another root key");
    // Three bytes say that this is CBOR, here and in the delegation. They are not certified.
    // (The tags before ranges, which are arrays and no maps, are certified.)
    let is_tag = |place: &usize| {
        let rest = &certificate[*place..];
        rest.starts_with(b"\xd9\xd9\xf7") && rest.get(3).is_some_and(|next| next & 0xe0 == 0xa0)
    };
    let tags = (0..certificate.len()).filter(is_tag);
    let tags: Vec<_> = tags.flat_map(|place| place..place + 3).collect();
    assert_eq!(tags.len(), 6);
    for place in (0..certificate.len()).filter(|place| !tags.contains(place)) {
        let mut changed = certificate.clone();
        changed[place] ^= 1;
        assert!(refuses(network.root_key.clone(), changed), "byte {place} of {certificate:02x?}");
    }
}

#[tokio::test]
async fn the_facts_about_a_canister_are_shown() {
    let (network, canisters) = Network::start_with(&[crate::common::probe::PROBE, ""]).await;
    let (canister, empty) = (network.canister, canisters[1]);
    let controllers = of_canister(canister, [b"controllers"]);
    let module_hash = of_canister(canister, [b"module_hash"]);
    let about = of_canister(canister, [b"metadata", b"about"]);
    let missing = of_canister(canister, [b"metadata", b"missing"]);
    let all = [controllers.clone(), module_hash.clone(), about.clone(), missing.clone()];
    let tree = network.state(canister, &read(&all)).await;
    let list: Vec<Principal> =
        serde_cbor::from_slice(&found(&tree, &controllers).expect("it is there")).expect("it is a list");
    assert_eq!(list, [ANONYMOUS]);
    assert_eq!(found(&tree, &module_hash), Some(network.module_hash.clone()));
    assert_eq!(found(&tree, &about).as_deref(), Some(&b"for tests"[..]));
    assert_eq!(found(&tree, &missing), None);
    let alone = network.state(canister, &read(&all[1..2])).await;
    assert_eq!(found(&alone, &module_hash), Some(network.module_hash.clone()));
    assert!(hidden(&alone, &controllers) && hidden(&alone, &about));

    let module_hash = of_canister(empty, [b"module_hash"]);
    let controllers = of_canister(empty, [b"controllers"]);
    let tree = network.state(empty, &read(&[module_hash.clone(), controllers.clone()])).await;
    assert_eq!(found(&tree, &module_hash), None, "it has no module");
    assert!(found(&tree, &controllers).is_some());
}

#[tokio::test]
async fn of_a_canister_that_is_missing_everything_is_proved_absent() {
    let network = Network::probe().await;
    let mut id = network.canister.as_slice().to_vec();
    id[7] = 0xff;
    let missing = Principal::from_slice(&id);
    let paths = [
        of_canister(missing, [b"controllers"]),
        of_canister(missing, [b"module_hash"]),
        of_canister(missing, [b"metadata", b"about"]),
    ];
    let tree = network.state(missing, &read(&paths)).await;
    assert!(paths.iter().all(|path| found(&tree, path).is_none()));
}

#[tokio::test]
async fn a_path_of_a_canister_must_be_of_the_one_that_the_request_names() {
    let (network, canisters) = Network::start_with(&[crate::common::probe::PROBE, crate::common::probe::PROBE]).await;
    let foreign = Principal::from_text("ryjl3-tyaaa-aaaaa-aaaba-cai").expect("it is an id");
    for other in [canisters[1], foreign, ANONYMOUS] {
        for path in [
            of_canister(other, [b"controllers"]),
            of_canister(other, [b"module_hash"]),
            of_canister(other, [b"metadata", b"about"]),
        ] {
            refused(&network, &read(&[path]), 400, &format!("a path is of canister {other}")).await;
        }
    }
    let too_long = path([b"canister", &[1; 30], b"module_hash"]);
    refused(&network, &read(&[too_long]), 400, "a path is of canister [01, 01").await;
    let path = of_canister(foreign, [b"module_hash"]);
    let answer = network.send("v3", foreign, "read_state", &read(&[path])).await;
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains(&format!("canister_not_found: canister {foreign}")), "{}", answer.text());
}

#[tokio::test]
async fn the_name_of_metadata_is_a_text() {
    let network = Network::probe().await;
    let path = of_canister(network.canister, [b"metadata", b"\xff"]);
    refused(&network, &read(&[path]), 400, "is no UTF-8").await;
}

#[tokio::test]
async fn private_metadata_is_for_controllers() {
    let network = Network::probe().await;
    let secret = of_canister(network.canister, [b"metadata", b"secret"]);
    let tree = network.state(network.canister, &read(std::slice::from_ref(&secret))).await;
    assert_eq!(found(&tree, &secret).as_deref(), Some(&b"for controllers"[..]));
    let key = Key::ed25519(1);
    let by_other = |paths: &[Path]| signed(read_state(key.principal(), paths), &key);
    // That it were absent would be a lie, proved.
    refused(&network, &by_other(&[secret]), 403, "only controllers").await;
    let about = of_canister(network.canister, [b"metadata", b"about"]);
    let missing = of_canister(network.canister, [b"metadata", b"missing"]);
    let tree = network.state(network.canister, &by_other(&[about.clone(), missing.clone()])).await;
    assert!(found(&tree, &about).is_some() && found(&tree, &missing).is_none());
}

/// The paths of the subnet, and what is there.
fn check_subnet(network: &Network, tree: &HashTree) {
    let subnet = network.subnet.as_slice();
    let of_subnet = |label: &[u8]| found(tree, &path([b"subnet", subnet, label]));
    assert_eq!(of_subnet(b"public_key"), Some(network.subnet_key.clone()));
    assert_eq!(of_subnet(b"type").as_deref(), Some(&b"application"[..]));
    let ranges = of_subnet(b"canister_ranges").expect("they are there");
    let ranges: Vec<(Principal, Principal)> = serde_cbor::from_slice(&ranges).expect("they are pairs");
    let [(first, last)] = ranges[..] else { panic!("there is one range: {ranges:?}") };
    assert!((first..=last).contains(&network.canister));
    let shard = found(tree, &path([b"canister_ranges", subnet, first.as_slice()])).expect("the ranges have a shard");
    assert_eq!(serde_cbor::from_slice::<Vec<(Principal, Principal)>>(&shard).expect("they are pairs"), ranges);
}

#[tokio::test]
async fn the_subnet_is_shown_through_canisters_and_through_itself() {
    let network = Network::probe().await;
    let subnet = network.subnet.as_slice();
    let paths = [path([b"subnet"]), path([b"canister_ranges", subnet])];
    for version in ["v2", "v3"] {
        check_subnet(
            &network,
            &network.tree(&network.send(version, network.canister, "read_state", &read(&paths)).await),
        );
        let url = format!("/api/{version}/subnet/{}/read_state", network.subnet);
        let answer = network.post(&url, &read(&paths).encode_bytes()).await;
        check_subnet(&network, &network.tree(&answer));
        let other = [path([b"subnet", network.canister.as_slice()]), path([b"subnet", &[0xff; 29], b"public_key"])];
        let tree = network.tree(&network.post(&url, &read(&other).encode_bytes()).await);
        assert!(other.iter().all(|path| found(&tree, path).is_none()), "there is no other subnet");
        for path in [path([b"request_status", &[0; 32]]), of_canister(network.canister, [b"module_hash"])] {
            let answer = network.post(&url, &read(&[path]).encode_bytes()).await;
            assert_eq!(answer.status, 404, "{}", answer.text());
        }
        let url = format!("/api/{version}/subnet/{}/read_state", network.canister);
        let answer = network.post(&url, &read(&paths).encode_bytes()).await;
        assert_eq!(answer.status, 404);
        assert!(answer.text().contains(&format!("there is no subnet {}", network.canister)), "{}", answer.text());
    }
}

/// The root key delegates to the subnet what is asked of its canisters, and answers for other ids itself.
#[tokio::test]
async fn the_subnet_is_delegated_to_for_its_canisters_only() {
    let network = Network::probe().await;
    assert_ne!(network.subnet_key, network.root_key);
    let delegated_through = async |id: Principal| {
        let answer = network.send("v2", id, "read_state", &read(&[path([b"time"])])).await;
        let ReadStateResponse { certificate } = answer.cbor();
        delegation_of(&network.root_key, &decoded(&certificate))
    };
    let (key, ranges) = delegated_through(network.canister).await.expect("the subnet answers");
    assert_eq!(key, network.subnet_key);
    let [(first, last)] = ranges[..] else { panic!("{ranges:?}") };
    assert!((first..=last).contains(&network.canister));
    let ledger = Principal::from_text("ryjl3-tyaaa-aaaaa-aaaba-cai").expect("it is an id");
    assert!(!(first..=last).contains(&ledger));
    assert_eq!(delegated_through(ledger).await, None, "the subnet cannot certify a canister that is not its own");
}

/// Agents ask for it to find other nodes. Here there are none.
#[tokio::test]
async fn boundary_nodes_are_proved_absent() {
    let network = Network::probe().await;
    let nodes = path([b"api_boundary_nodes"]);
    let tree = network.state(network.canister, &read(std::slice::from_ref(&nodes))).await;
    assert_eq!(found(&tree, &nodes), None);
}

#[tokio::test]
async fn metrics_of_the_subnet_are_not_found() {
    let network = Network::probe().await;
    let metrics = path([b"subnet", network.subnet.as_slice(), b"metrics"]);
    let body = read(&[metrics]).encode_bytes();
    for version in ["v2", "v3"] {
        let answer = network.post(&format!("/api/{version}/subnet/{}/read_state", network.subnet), &body).await;
        assert_eq!(answer.status, 404);
        assert!(answer.text().contains("/metrics may not be read here"), "{}", answer.text());
    }
}

#[tokio::test]
async fn other_paths_are_not_found() {
    let network = Network::probe().await;
    let (canister, subnet) = (network.canister.as_slice(), network.subnet.as_slice());
    let id = [7; 32];
    for path in [
        path([]),
        path([b""]),
        path([b"Time"]),
        path([b"time", b"now"]),
        path([b"canister"]),
        path([b"canister", canister]),
        path([b"canister", canister, b"metadata"]),
        path([b"canister", canister, b"certified_data"]),
        path([b"canister", canister, b"controllers", b"0"]),
        path([b"canister", canister, b"metadata", b"about", b"more"]),
        path([b"subnet", subnet, b"secret"]),
        path([b"subnet", subnet, b"node", subnet, b"private_key"]),
        path([b"canister_ranges"]),
        path([b"request_status"]),
        path([b"request_status", &id, b"sender"]),
        path([b"request_status", &id, b"status", b"more"]),
    ] {
        refused(&network, &read(std::slice::from_ref(&path)), 404, "may not be read here").await;
        refused(&network, &read(&[self::path([b"time"]), path]), 404, "may not be read here").await;
    }
}

#[tokio::test]
async fn a_thousand_paths_may_be_asked_for() {
    let network = Network::probe().await;
    let name = |number: usize| of_canister(network.canister, [b"metadata", format!("name{number}").as_bytes()]);
    let paths: Vec<Path> = (0..1_001).map(name).collect();
    let tree = network.state(network.canister, &read(&paths[..1_000])).await;
    assert!(paths[..1_000].iter().all(|path| found(&tree, path).is_none()));
    refused(&network, &read(&paths), 400, "1001 paths are more than 1000").await;
    let labels = |count| vec![b"time".to_vec(); count];
    refused(&network, &read(&[labels(127)]), 404, "may not be read here").await;
    refused(&network, &read(&[labels(128)]), 400, "a path of 128 labels is longer than 127").await;
}

/// A megabyte of it is looked at once for a request, and not for each path.
#[tokio::test]
async fn a_thousand_paths_of_large_metadata_cost_no_more_than_one() {
    let large = format!(r#"(module (@custom "icp:public large" "{}"))"#, "x".repeat((1 << 20) - 100));
    let network = Network::start_with(&[&large]).await.0;
    let name = |number: usize| of_canister(network.canister, [b"metadata", format!("name{number}").as_bytes()]);
    let paths: Vec<Path> = (0..1_000).map(name).collect();
    let time = async |paths: &[Path]| {
        let start = Instant::now();
        assert_eq!(network.ask(&read(paths)).await.status, 200);
        start.elapsed()
    };
    // The shortest of many: other tests interrupt the rest. On a busy machine more are needed.
    let (mut one, mut all) = (Duration::MAX, Duration::MAX);
    for round in 0..400 {
        one = one.min(time(&paths[..1]).await);
        all = all.min(time(&paths).await);
        if round >= 20 && all < 10 * one {
            break;
        }
    }
    assert!(all < 10 * one, "{all:?} are much more than {one:?}");
}

/// A call that was answered, and its id.
async fn answered(network: &Network, key: &Key) -> [u8; 32] {
    let envelope = signed(call(network.canister, key.principal(), "echo", b"secret"), key);
    assert_eq!(network.call(network.canister, &envelope).await, Ok(b"secret".to_vec()));
    *envelope.content.to_request_id()
}

#[tokio::test]
async fn the_status_of_a_request_is_for_its_sender() {
    let network = Network::probe().await;
    let (key, other) = (Key::ed25519(1), Key::p256(2));
    let id = answered(&network, &key).await;
    let each = ["status", "reply", "reject_code", "reject_message", "error_code"];
    let paths: Vec<Path> = each.map(|name| status_path(&id, name)).to_vec();
    let tree = network.state(network.canister, &signed(read_state(key.principal(), &paths), &key)).await;
    assert_eq!(response(&tree, &id), Some(Ok(b"secret".to_vec())));
    for path in paths.iter().chain([&path([b"request_status", &id])]) {
        let one = std::slice::from_ref(path);
        assert_eq!(network.ask(&signed(read_state(key.principal(), one), &key)).await.status, 200);
        let reason = "only its sender may read";
        refused(&network, &signed(read_state(other.principal(), one), &other), 403, reason).await;
        refused(&network, &read(one), 403, reason).await;
    }
}

#[tokio::test]
async fn a_request_that_is_unknown_is_proved_absent() {
    let network = Network::probe().await;
    let key = Key::ed25519(1);
    answered(&network, &key).await;
    for id in [[0; 32], [7; 32], [0xff; 32]] {
        let tree = network.state(network.canister, &read(&[path([b"request_status", &id])])).await;
        assert_eq!(found(&tree, &status_path(&id, "status")), None);
        assert_eq!(response(&tree, &id), None);
    }
}

/// A request was made to a canister of this subnet, or to the management canister about one.
#[tokio::test]
async fn a_request_is_asked_for_through_a_canister_of_this_subnet() {
    let network = Network::probe().await;
    let envelope = read(&[path([b"request_status", &[7; 32]])]);
    for foreign in [Principal::management_canister(), ANONYMOUS, Principal::from_slice(&[7; 10])] {
        let answer = network.send("v2", foreign, "read_state", &envelope).await;
        assert_eq!(answer.status, 400, "{foreign}: {}", answer.text());
        assert!(answer.text().contains("canister_not_found"), "{foreign}: {}", answer.text());
    }
}

#[tokio::test]
async fn the_paths_name_one_request_by_32_bytes() {
    let network = Network::probe().await;
    let status = |id: &[u8]| status_path(id, "status");
    for length in [0, 1, 31, 33] {
        let envelope = read(&[status(&vec![7; length])]);
        refused(&network, &envelope, 400, &format!("a request id has 32 bytes, not {length}")).await;
    }
    let envelope = read(&[status(&[7; 32]), path([b"time"]), status(&[8; 32])]);
    refused(&network, &envelope, 400, "more than one request").await;
    let envelope = read(&[status(&[7; 32]), status_path(&[7; 32], "reply"), status(&[7; 32])]);
    assert_eq!(network.ask(&envelope).await.status, 200);
}

#[tokio::test]
async fn a_delegation_shows_the_requests_to_its_targets() {
    let network = Network::probe().await;
    let keys = [Key::ed25519(1), Key::secp256k1(2)];
    let id = answered(&network, &keys[0]).await;
    let read = |targets: &[Principal], paths: &[Path]| {
        let delegated = Delegation { targets: Some(targets.to_vec()), ..to(&keys[1]) };
        let content = read_state(keys[0].principal(), paths);
        delegated_with(content, &keys, vec![delegation(&keys[0], delegated)])
    };
    let status = [path([b"request_status", &id])];
    let (own, other) = (network.canister, keys[1].principal());
    assert_eq!(network.ask(&read(&[other, own], &status)).await.status, 200);
    let reason = format!("canister {own} is not a target");
    refused(&network, &read(&[other], &status), 403, &reason).await;
    refused(&network, &read(&[], &status), 403, &reason).await;
    refused(&network, &read(&[Principal::management_canister()], &status), 403, &reason).await;
    // Public paths are readable whatever its targets are.
    let public = [path([b"time"]), of_canister(own, [b"module_hash"]), path([b"request_status", &[7; 32]])];
    assert_eq!(network.ask(&read(&[other], &public)).await.status, 200);
}

/// The library that writes envelopes for these tests knows of no nonce here, but the specification does.
#[tokio::test]
async fn a_nonce_is_part_of_what_is_signed() {
    #[derive(Serialize, Clone)]
    struct Content {
        request_type: &'static str,
        sender: Principal,
        nonce: ByteBuf,
        ingress_expiry: u64,
        paths: Vec<Vec<ByteBuf>>,
    }
    #[derive(Serialize)]
    struct Signed {
        content: Content,
        sender_pubkey: ByteBuf,
        sender_sig: ByteBuf,
    }
    let network = Network::probe().await;
    let key = Key::ed25519(1);
    let url = format!("/api/v3/canister/{}/read_state", network.canister);
    let ask = async |nonce: usize, sent: usize| {
        let content = Content {
            request_type: "read_state",
            sender: key.principal(),
            nonce: vec![7; nonce].into(),
            ingress_expiry: after(MINUTE),
            paths: vec![vec![ByteBuf::from(*b"time")]],
        };
        let id = to_request_id(&content).expect("it has a hash");
        let sender_sig = key.sign(&id.signable()).into();
        let content = Content { nonce: vec![7; sent].into(), ..content };
        let envelope = Signed { content, sender_pubkey: key.der().into(), sender_sig };
        network.post(&url, &serde_cbor::to_vec(&envelope).expect("it encodes")).await
    };
    for length in [0, 1, 32] {
        assert_eq!(ask(length, length).await.status, 200, "{length}");
    }
    let changed = ask(8, 9).await;
    assert_eq!(changed.status, 400);
    assert!(changed.text().contains("sender_sig is not the signature"), "{}", changed.text());
    let long = ask(33, 33).await;
    assert_eq!(long.status, 400);
    assert!(long.text().contains("a nonce of 33 bytes is longer than 32"), "{}", long.text());
}
