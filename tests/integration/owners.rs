//! Owners of keys, roles, and closed reads. For a caller, a key that it may not read looks absent.

use candid::Principal;
use ic_ed25519::PrivateKey;
use message_canister::access::owner::SALTED_OWNER;
use message_canister::api::*;
use serde_bytes::ByteBuf;
use sha2::{Digest, Sha256};

use crate::support::{Inbox, bytes, first_page, sha256, stranger};

/// A public key of somebody, in DER.
fn public_key(seed: u8) -> Vec<u8> {
    PrivateKey::deserialize_raw_32(&[seed; 32]).public_key().serialize_rfc8410_der()
}

fn person(seed: u8) -> Principal {
    Principal::self_authenticating(public_key(seed))
}

fn p256_key() -> ic_secp256r1::PrivateKey {
    ic_secp256r1::PrivateKey::generate_insecure_key_for_testing(1)
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex")).collect()
}

fn with_key(der: &[u8]) -> OwnerProof {
    OwnerProof::public_key(ByteBuf::from(der))
}

#[test]
fn a_key_id_that_is_a_hash_is_claimed_with_the_key() {
    let inbox = Inbox::new();
    let der = public_key(1);
    let key_id = sha256(&der);
    let (owner, other) = (inbox.called_by(person(1)), inbox.called_by(person(2)));
    inbox.add_message(&key_id, b"text").expect("stored");
    assert_eq!(owner.acknowledge(&key_id, 1), Err(AckError::NotOwner), "not claimed yet");
    let signer = person(1);
    assert_eq!(other.claim(&key_id, &with_key(&der)), Err(ClaimError::NotTheCaller { signer }));
    let theirs = public_key(2);
    let not_that = ClaimError::NotThatKey { key_id: ByteBuf::from(sha256(&theirs)) };
    assert_eq!(other.claim(&key_id, &with_key(&theirs)), Err(not_that));
    let broken = owner.claim(&key_id, &with_key(&[&der[..], &[0]].concat()));
    assert!(matches!(broken, Err(ClaimError::PublicKey(_))), "{broken:?}");
    let label = owner.claim(&key_id, &with_key(&der)).expect("the owner").label;
    assert_eq!(label.len(), 32);
    assert_eq!(owner.claim(&key_id, &with_key(&der)), Ok(Claimed { label }), "again");
    assert_eq!(owner.acknowledge(&key_id, 1), Ok(Acknowledged { messages: 1 }));
    inbox.upgrade(None);
    inbox.add_message(&key_id, b"more").expect("stored");
    assert_eq!(owner.acknowledge(&key_id, 2), Ok(Acknowledged { messages: 1 }), "after an upgrade, too");
    inbox.assert_all_invariants();
}

/// The address is that of go-ethereum's tests; the key signs nothing else here.
#[test]
fn an_ethereum_address_is_claimed_with_its_secp256k1_key() {
    let secret = hex("289c2857d4598e37fb9647507e47a309d6133539bf21a8b9cb6df88fd5232032");
    let address = hex("970e8128ab834e8eac17ab8e3812f010678cf791");
    let key = ic_secp256k1::PrivateKey::deserialize_sec1(&secret).expect("a private key").public_key();
    let der = key.serialize_der();
    let inbox = Inbox::new();
    let owner = inbox.called_by(Principal::self_authenticating(&der));
    inbox.add_message(&address, b"text").expect("stored");
    assert_eq!(owner.acknowledge(&address, 1), Err(AckError::NotOwner), "not claimed yet");
    let theirs = p256_key().public_key().serialize_der();
    let other = inbox.called_by(Principal::self_authenticating(&theirs));
    let not_one = other.claim(&address, &with_key(&theirs));
    assert!(matches!(not_one, Err(ClaimError::PublicKey(_))), "a P-256 key has no address: {not_one:?}");
    let signer = owner.caller;
    assert_eq!(other.claim(&address, &with_key(&der)), Err(ClaimError::NotTheCaller { signer }));
    assert!(owner.claim(&address, &with_key(&der)).is_ok());
    assert_eq!(owner.acknowledge(&address, 1), Ok(Acknowledged { messages: 1 }));
    inbox.assert_all_invariants();
}

#[test]
fn the_hash_of_a_p256_key_is_claimed_with_it() {
    let der = p256_key().public_key().serialize_der();
    let key_id = sha256(&der);
    let inbox = Inbox::new();
    let owner = inbox.called_by(Principal::self_authenticating(&der));
    inbox.add_message(&key_id, b"text").expect("stored");
    assert_eq!(inbox.claim(&key_id, &with_key(&der)), Err(ClaimError::NotTheCaller { signer: owner.caller }));
    assert!(owner.claim(&key_id, &with_key(&der)).is_ok());
    assert_eq!(owner.acknowledge(&key_id, 1), Ok(Acknowledged { messages: 1 }));
    inbox.assert_all_invariants();
}

#[test]
fn a_key_id_that_is_a_principal_needs_no_claim() {
    let inbox = Inbox::new();
    let owner = inbox.called_by(person(1));
    let key_id = person(1);
    inbox.add_message(key_id.as_slice(), b"text").expect("stored");
    assert_eq!(owner.acknowledge(key_id.as_slice(), 1), Ok(Acknowledged { messages: 1 }));
    assert!(owner.claim(key_id.as_slice(), &OwnerProof::own).is_ok(), "a claim tells the label");
    let not_that = ClaimError::NotThatKey { key_id: ByteBuf::from(person(2).as_slice()) };
    assert_eq!(inbox.called_by(person(2)).claim(key_id.as_slice(), &OwnerProof::own), Err(not_that));
}

#[test]
fn a_salted_key_id_is_claimed_with_the_salt() {
    let inbox = Inbox::new();
    let salted = |owner: Principal| {
        Sha256::new().chain_update(SALTED_OWNER).chain_update(owner).chain_update([3; 16]).finalize().to_vec()
    };
    let proof = OwnerProof::salt(ByteBuf::from([3; 16]));
    let key_id = salted(person(1));
    let not_that = ClaimError::NotThatKey { key_id: ByteBuf::from(salted(person(2))) };
    assert_eq!(inbox.called_by(person(2)).claim(&key_id, &proof), Err(not_that), "somebody else with the salt");
    let owner = inbox.called_by(person(1));
    let short = owner.claim(&key_id, &OwnerProof::salt(ByteBuf::from([3; 15])));
    assert_eq!(short, Err(ClaimError::SaltLength { length: 15, expected: 16 }));
    assert!(owner.claim(&key_id, &proof).is_ok());
    let anonymous = inbox.called_by(Principal::anonymous());
    assert_eq!(anonymous.claim(&key_id, &proof), Err(ClaimError::Anonymous));
    assert_eq!(owner.claim(b"a name", &proof), Err(ClaimError::NotClaimable { length: 6 }));
}

#[test]
fn keys_that_an_admin_gave_away_cannot_be_claimed() {
    let inbox = Inbox::new();
    let der = public_key(1);
    let key_id = sha256(&der);
    let give = |owner| inbox.set_key(&key_id, &[KeySetting::owner(owner)]);
    assert_eq!(give(NewOwner::principal(person(2))), Ok(()));
    let owner = inbox.called_by(person(1));
    assert_eq!(owner.claim(&key_id, &with_key(&der)), Err(ClaimError::Owned));
    let theirs = owner.set_key(&key_id, &[KeySetting::owner(NewOwner::principal(person(1)))]);
    assert_eq!(theirs, Err(KeyError::NotAllowed), "only admins give keys");
    let anonymous = Principal::anonymous();
    assert_eq!(give(NewOwner::principal(anonymous)), Err(KeyError::Owner { owner: anonymous }));
    assert_eq!(give(NewOwner::claimant), Ok(()));
    assert!(owner.claim(&key_id, &with_key(&der)).is_ok(), "the caller can claim it");
}

/// The answers of each method to a caller. `id` and `text` are of a message under `key_id`.
fn told(inbox: &Inbox, key_id: &[u8], id: Id, text: &[u8]) -> Vec<String> {
    let pair = Stored { key_id: ByteBuf::from(key_id), hash: ByteBuf::from(sha256(text)) };
    let mut told = vec![
        format!("{:?}", inbox.get_message_by_id(id)),
        format!("{:?}", inbox.get_message_by_hash(&sha256(text))),
        format!("{:?}", inbox.get_min_message_id()),
        format!("{:?}", inbox.get_max_message_id()),
        format!("{:?}", inbox.get_min_message_id_by_key(key_id)),
        format!("{:?}", inbox.get_max_message_id_by_key(key_id)),
        format!("{:?}", inbox.get_key_heads(&[key_id.to_vec()])),
        format!("{:?}", inbox.has_messages(&[pair])),
        format!("{:?}", inbox.get_status().store),
        format!("{:?}", inbox.acknowledge(key_id, id)),
        format!("{:?}", inbox.get_roles(None)),
        format!("{:?}", inbox.check(CheckCursor::default())),
    ];
    for order in [Order::ascending, Order::descending] {
        let cursor = first_page(order);
        told.push(format!("{:?}", inbox.get_messages_by_range(1, u32::MAX, cursor)));
        told.push(format!("{:?}", inbox.get_messages_by_time(0, u32::MAX, cursor)));
        for start in [Start::beginning, Start::after(1), Start::time(0), Start::rank(1)] {
            let cursor = KeyCursor { start, order, limit: 9, prove: true };
            told.push(format!("{:?}", inbox.page_of_key(key_id, cursor)));
        }
    }
    told
}

#[test]
fn with_closed_reads_denied_keys_cannot_be_told_from_absent_ones() {
    let closed = [Setting::reads(Reads::owners)];
    let (full, empty) = (Inbox::new(), Inbox::new());
    for inbox in [&full, &empty] {
        inbox.set_settings(&closed).expect("good settings");
    }
    let owner = person(1);
    let key_id = owner.as_slice();
    for n in 1..=3u32 {
        assert_eq!(full.add_message(key_id, &n.to_le_bytes()).map(|added| added.id), Ok(n));
    }
    let text = 1u32.to_le_bytes();
    for caller in [stranger(), person(2), Principal::anonymous()] {
        let [told, absent] = [&full, &empty].map(|inbox| told(&inbox.called_by(caller), key_id, 1, &text));
        assert_eq!(told, absent, "to {caller}");
        let theirs = full.called_by(caller);
        let again = theirs.add_message(key_id, &text);
        assert_eq!(again, Ok(Added { id: 0, duplicate: false }), "not even that it is there, to {caller}");
        assert_eq!(theirs.get_status().store, None, "to {caller}");
        let root = theirs.http_request("GET", "/");
        let json: serde_json::Value = serde_json::from_slice(&root.body).expect("JSON");
        assert_eq!(json["store"], serde_json::Value::Null, "the page, to {caller}");
    }
    let theirs = full.called_by(owner);
    assert_eq!(theirs.get_message_by_id(1).map(|found| found.message.ciphertext.into_vec()), Ok(text.to_vec()));
    let page = theirs.get_messages_by_key(key_id, first_page(Order::ascending)).expect("a page");
    assert_eq!((page.messages.len(), page.first_id), (3, 1), "the owner reads its key");
    assert_eq!(theirs.get_max_message_id_by_key(key_id), Ok(Some(3)));
    assert_eq!(theirs.get_message_by_hash(&sha256(&text)), Err(GetError::NotFound), "by hash readers only");
    assert_eq!(theirs.get_max_message_id(), Ok(0), "an owner does not see the whole store");
    full.assert_all_invariants();
}

#[test]
fn readers_read_everything_and_writers_what_they_own() {
    let inbox = Inbox::new();
    inbox.set_settings(&[Setting::reads(Reads::owners), Setting::writes(Writes::members)]).expect("good settings");
    let (reader, writer, nobody) = (inbox.called_by(person(1)), inbox.called_by(person(2)), inbox.called_by(person(3)));
    assert_eq!(inbox.set_role(person(1), Some(Role::reader)), Ok(()));
    assert_eq!(inbox.set_role(person(2), Some(Role::writer)), Ok(()));
    assert_eq!(inbox.set_role(Principal::anonymous(), Some(Role::reader)), Err(RoleError::Anonymous));
    assert_eq!(writer.set_role(person(3), Some(Role::admin)), Err(RoleError::NotAllowed));
    let mut roles = vec![(person(1), Role::reader), (person(2), Role::writer)];
    roles.sort_by_key(|(principal, _)| *principal);
    assert_eq!(inbox.get_roles(None), Ok(roles.clone()));
    assert_eq!(inbox.get_roles(Some(roles[0].0)), Ok(roles[1..].to_vec()), "those after one");
    assert_eq!(nobody.add_message(b"key", b"text"), Err(AddError::NotAllowed));
    assert_eq!(reader.add_message(b"key", b"text"), Err(AddError::NotAllowed), "a reader is no member");
    assert_eq!(writer.add_message(b"key", b"text"), Ok(Added { id: 0, duplicate: false }), "but may not read it");
    assert_eq!(reader.get_message_by_id(1).map(|found| found.message.id), Ok(1));
    assert_eq!(reader.store_status().messages, 1);
    assert_eq!(writer.get_message_by_id(1), Err(GetError::UnknownId { id: 1, last: 0 }));
    inbox.upgrade(None);
    assert_eq!(inbox.get_roles(None), Ok(roles), "an upgrade keeps roles");
    assert_eq!(inbox.set_role(person(1), None), Ok(()));
    assert_eq!(reader.get_message_by_id(1), Err(GetError::UnknownId { id: 1, last: 0 }), "no longer");
}

#[test]
fn a_send_key_opens_the_share_that_strangers_cannot_fill() {
    let inbox = Inbox::new();
    let quota = Quota { messages: Bound::AtMost(8), bytes: Bound::Unlimited };
    inbox.set_settings(&[Setting::key_quota(quota)]).expect("good settings");
    let key_id = person(1);
    let owner = inbox.called_by(key_id);
    let stranger = inbox.called_by(stranger());
    let secret = bytes(1, 32);
    let send_key = NewSendKey::sha256(ByteBuf::from(sha256(&secret)));
    let refused = inbox.set_key(key_id.as_slice(), &[KeySetting::send_key(send_key.clone())]);
    assert_eq!(refused, Err(KeyError::NotAllowed), "an admin does not own it");
    assert_eq!(owner.set_key(key_id.as_slice(), &[KeySetting::send_key(send_key)]), Ok(()));
    let add = |n: u32, send_key: &[u8]| stranger.add_with_send_key(key_id.as_slice(), &n.to_le_bytes(), send_key);
    let stored = (0..20u32).filter(|n| stranger.add_message(key_id.as_slice(), &n.to_le_bytes()).is_ok()).count();
    assert_eq!(stored, 2, "a quarter of the quota");
    assert!(matches!(add(100, b"guessed"), Err(AddError::KeyFull { .. })));
    assert_eq!((101..120).filter(|n| add(*n, &secret).is_ok()).count(), 6, "the rest");
}
