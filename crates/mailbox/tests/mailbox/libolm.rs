//! Another implementation as the other party: libolm and @hpke/core, in the folder `tests/libolm`.

use crate::network::Network;
use crate::people::Person;
use client::api::{Order, Start};
use directory_core::bundle::{Bundle, Content};
use directory_core::policy::Key;
use directory_core::profile::Device;
use ed25519_dalek::{Signer, SigningKey};
use mailbox::Address;
use mailbox::wire::card::{self, Card};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const TEXT: u64 = 1;
const CONTROL: u64 = 3;

/// A device that runs libolm, with a card that this test signs.
struct Libolm {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    card: Vec<u8>,
    inbox: Vec<u8>,
    canister: Vec<u8>,
}

impl Libolm {
    fn start(network: &Network) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/libolm");
        assert!(folder.join("node_modules").is_dir(), "libolm is not there: npm ci in {}", folder.display());
        let node = std::env::var("MESSAGE_CANISTER_NODE").unwrap_or_else(|_| "node".into());
        let mut child = Command::new(node)
            .arg(folder.join("peer.mjs"))
            .env_remove("NODE_OPTIONS")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (requests, answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let canister = network.canister.as_slice().to_vec();
        let mut peer = Self { child, requests, answers, card: Vec::new(), inbox: vec![7; 29], canister };
        let keys = peer.ask(json!({ "do": "keys" }));
        peer.card = peer.sign_card(&keys);
        peer
    }

    fn sign_card(&self, keys: &Value) -> Vec<u8> {
        let (address, device) = (SigningKey::from_bytes(&[5; 32]), SigningKey::from_bytes(&[6; 32]));
        let key = |signing: &SigningKey| Key::of(signing);
        let (realm, index) = card::place_of(&Address::of(&key(&address)));
        let now = seconds();
        let content = Content {
            realm,
            index,
            device: key(&device),
            hpke: array(&keys["hpke"]),
            fallback: array(&keys["fallback"]),
            issued: now,
            expiry: now + 3_600,
            inbox: self.inbox.clone(),
        };
        let signature = device.sign(&content.signed_bytes()).to_bytes();
        let listed = Device { signing: key(&device), identity: array(&keys["identity"]) };
        card::sign(&address, now, &self.canister, &[(listed, Bundle { content, signature })]).unwrap()
    }

    fn ask(&mut self, request: Value) -> Value {
        writeln!(self.requests, "{request}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).expect("it answers each request")
    }

    /// Sets the recipient of its messages, from the person's card.
    fn meet(&mut self, person: &Person) -> Card {
        let card = person.run(&["id"]).code(0).stdout;
        let card = card::verify(&card::from_text(&card).unwrap(), seconds()).unwrap();
        let [device] = &card.devices[..] else { panic!("a person has one device") };
        let content = &device.bundle.content;
        let recipient = json!({
            "canister": hex::encode(&card.canister),
            "inbox": hex::encode(&content.inbox),
            "hpke": hex::encode(content.hpke),
            "identity": hex::encode(device.identity),
            "fallback": hex::encode(content.fallback),
        });
        self.ask(json!({ "do": "meet", "recipient": recipient }));
        card
    }

    fn is_met_by(&self, person: &Person) {
        let path = person.path("libolm.card");
        std::fs::write(&path, card::to_text(&self.card)).unwrap();
        person.run(&["contacts", "add", path.to_str().unwrap()]).code(0);
    }

    fn seal(&mut self, kind: u64, number: u64, body: &[u8]) -> Vec<u8> {
        let sealed = self.ask(json!({ "do": "seal", "kind": kind, "number": number, "body": hex::encode(body) }));
        hex::decode(sealed["envelope"].as_str().unwrap()).unwrap()
    }

    /// Opens the envelopes at these places of its inbox. Returns the type of each Olm message, and the kind, number and body of
    /// its content.
    fn open(&mut self, network: &Network, places: &[usize]) -> Vec<(u64, u64, u64, Vec<u8>)> {
        let envelopes = network.read(&self.inbox);
        let place = (hex::encode(&self.canister), hex::encode(&self.inbox));
        let opened = places.iter().map(|at| {
            let envelope = hex::encode(&envelopes[*at]);
            let opened = self.ask(json!({ "do": "open", "envelope": envelope, "canister": place.0, "inbox": place.1 }));
            let number = |name: &str| opened[name].as_u64().unwrap();
            (number("type"), number("kind"), number("number"), hex::decode(opened["body"].as_str().unwrap()).unwrap())
        });
        opened.collect()
    }
}

impl Drop for Libolm {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Network {
    /// The messages of a key.
    fn read(&self, key: &[u8]) -> Vec<Vec<u8>> {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let operator = self.operator().await;
            let mut pages = operator.messages_of_key(key, Order::ascending, Start::after(0));
            let mut envelopes = Vec::new();
            while let Some(page) = pages.next().await.unwrap() {
                envelopes.extend(page.value.messages.into_iter().map(|message| message.ciphertext.to_vec()));
            }
            envelopes
        })
    }

    fn add(&self, key: &[u8], envelopes: &[&Vec<u8>]) {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let operator = self.operator().await;
            for envelope in envelopes {
                operator.add_message(key, envelope).await.unwrap();
            }
        });
    }
}

fn array(value: &Value) -> [u8; 32] {
    hex::decode(value.as_str().unwrap()).unwrap().try_into().unwrap()
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
}

/// libolm begins the session. Its messages come out of order, and one is lost. So do the answers.
#[test]
fn libolm_begins_and_is_answered_out_of_order_and_with_one_lost() {
    let network = Network::start();
    let (bob, mut libolm) = (Person::new("bob", &network), Libolm::start(&network));
    libolm.is_met_by(&bob);
    let card = libolm.meet(&bob);
    let inbox = card.devices[0].bundle.content.inbox.clone();
    libolm.ask(json!({ "do": "begin" }));
    let introduction = [&[1, 0][..], &libolm.card].concat();
    let introduced = libolm.seal(CONTROL, 1, &introduction);
    let texts = ["one", "two", "three"];
    let sent: Vec<_> = (2..).zip(texts).map(|(number, text)| libolm.seal(TEXT, number, text.as_bytes())).collect();
    network.add(&inbox, &[&sent[2], &introduced, &sent[0]]);
    bob.run(&["receive"]).code(0);
    assert_eq!(bob.received(), ["three", "one"]);
    let events: Vec<_> = bob.log().iter().map(|entry| entry["event"].as_str().unwrap().to_owned()).collect();
    assert_eq!(events, ["missing", "received", "received"]);

    bob.pipe(&["send", "libolm", "-", "--lines"], "a\nb\nc\n").code(0);
    let opened = libolm.open(&network, &[3, 1, 0]);
    let text = |number, text: &str| (1, TEXT, number, text.as_bytes().to_vec());
    assert_eq!(opened[..2], [text(4, "c"), text(2, "a")], "in the session that it began, which was answered");
    let (_, kind, number, body) = &opened[2];
    assert_eq!((*kind, *number), (CONTROL, 1));
    let theirs = card::verify(&body[34..], seconds()).unwrap();
    assert_eq!((body[0], body[1], theirs.address), (1, 32, card.address), "an introduction, with a send key");

    let answer = libolm.seal(TEXT, 5, "an answer".as_bytes());
    network.add(&inbox, &[&answer]);
    bob.run(&["receive"]).code(0);
    assert_eq!(bob.received(), ["three", "one", "an answer"]);
}

/// The mailbox begins the session.
#[test]
fn libolm_opens_a_session_of_the_mailbox_by_a_later_message_and_answers() {
    let network = Network::start();
    let (bob, mut libolm) = (Person::new("bob", &network), Libolm::start(&network));
    libolm.is_met_by(&bob);
    let card = libolm.meet(&bob);
    let long = "ü".repeat(5_000);
    bob.pipe(&["send", "libolm", "-", "--lines"], &format!("a\n{long}\n")).code(0);
    let opened = libolm.open(&network, &[2, 1]);
    let text = |number, text: &str| (0, TEXT, number, text.as_bytes().to_vec());
    assert_eq!(opened, [text(3, &long), text(2, "a")], "first messages, of which the introduction is not read");
    let answer = libolm.seal(TEXT, 1, "an answer".as_bytes());
    network.add(&card.devices[0].bundle.content.inbox, &[&answer]);
    bob.run(&["receive"]).code(0);
    assert_eq!(bob.received(), ["an answer"]);
    assert_eq!(bob.log().last().unwrap()["with"], "libolm");
}
